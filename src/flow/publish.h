/* publish: what administrators say about who may choose which definition, and in which order (R3): groups of
 * people, folders of definitions, which folder is published to whom. Each is one event. NOT_FOUND names what
 * is not there. */
#ifndef FLOW_PUBLISH_H
#define FLOW_PUBLISH_H

#include "flow/flow.h"

/* INVALID for a name that is empty, too long or no text; CONFLICT when there is one of that name. */
enum result account_add_group(struct flow *flow, const struct actor *actor, struct str name, int64_t now,
	struct err *err) must_check;
/* Its members, and what is published to it, stay. */
enum result account_rename_group(struct flow *flow, const struct actor *actor, struct str name,
	struct str new_name, int64_t now, struct err *err) must_check;
/* Its members lose what was published to the group. */
enum result account_remove_group(struct flow *flow, const struct actor *actor, struct str name, int64_t now,
	struct err *err) must_check;

/* INVALID when the address is not in one of the account's domains, NOT_FOUND when the account does not know
 * it. */
enum result account_add_member(struct flow *flow, const struct actor *actor, struct str group,
	struct str address, int64_t now, struct err *err) must_check;
enum result account_remove_member(struct flow *flow, const struct actor *actor, struct str group,
	struct str address, int64_t now, struct err *err) must_check;

/* As groups. A new folder is published to nobody. CONFLICT when one is removed with definitions in it. */
enum result account_add_folder(struct flow *flow, const struct actor *actor, struct str name, int64_t now,
	struct err *err) must_check;
enum result account_rename_folder(struct flow *flow, const struct actor *actor, struct str name,
	struct str new_name, int64_t now, struct err *err) must_check;
enum result account_remove_folder(struct flow *flow, const struct actor *actor, struct str name, int64_t now,
	struct err *err) must_check;

/* Publishes the folder to the group, or with an empty name to everybody of the account; or withdraws it. */
enum result account_publish_folder(struct flow *flow, const struct actor *actor, struct str folder,
	struct str group, bool publish, int64_t now, struct err *err) must_check;

/* Puts the definitions named first, in this order; the others follow in the order that they have. INVALID
 * when one is named twice. */
enum result account_order_definitions(struct flow *flow, const struct actor *actor, const struct str *names,
	size_t count, int64_t now, struct err *err) must_check;

#endif
