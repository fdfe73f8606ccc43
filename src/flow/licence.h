/* licence: what administrators say about who may send secure messages, and who may write to more people a
 * month. Each is one event. INVALID when an address is not in one of the account's domains,
 * NOT_FOUND when the account does not know it. */
#ifndef FLOW_LICENCE_H
#define FLOW_LICENCE_H

#include "flow/flow.h"

/* count -1: everybody may, as an account begins. Otherwise so many people: those to whom administrators gave
 * a licence, and, unless named_only, whoever sends first while one is left. CONFLICT when more have one. */
enum result account_limit_licences(struct flow *flow, const struct actor *actor, int64_t count,
	bool named_only, int64_t now, struct err *err) must_check;

/* DENIED when none is left. */
enum result account_grant_licence(struct flow *flow, const struct actor *actor, struct str address,
	int64_t now, struct err *err) must_check;
/* NOT_FOUND when the person has none. */
enum result account_revoke_licence(struct flow *flow, const struct actor *actor, struct str address,
	int64_t now, struct err *err) must_check;

struct new_pack {
	struct str address;
	int64_t more;		/* 1 to LIMIT_PACK_RECIPIENTS */
	struct str first, last; /* days such as 2026-12-31, both included, in the account's zone */
};

enum result account_add_pack(struct flow *flow, const struct actor *actor, const struct new_pack *pack,
	int64_t now, struct id *ret_id, struct err *err) must_check;
enum result account_remove_pack(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
