/* administer: what administrators change: accounts, settings, domains, people, sources, definitions,
 * policies. Each is one event. Names and addresses that are refused come with the reason in words. */
#ifndef FLOW_ADMINISTER_H
#define FLOW_ADMINISTER_H

#include "flow/flow.h"
#include "store/definition.h"
#include "store/domain.h"
#include "store/person.h"
#include "store/policy_row.h"
#include "store/source.h"

/* A new account with its key, its default definition, and the display name as its only setting. name: 1 to 40
 * of a-z, 0-9 and "-". *ret_id (may be NULL) gets its identifier. INVALID, CONFLICT. */
enum result account_create(struct flow *flow, const struct actor *actor, struct str name,
	struct str display_name, int64_t now, struct id *ret_id, struct err *err) must_check;

/* INVALID when there is no such setting or the value is not right for it. */
enum result account_set(struct flow *flow, const struct actor *actor, struct str setting, struct str value,
	int64_t now, struct err *err) must_check;

/* next_hop: "host:port" or "[address]:port". INVALID, CONFLICT when an account has the domain already. */
enum result account_add_domain(struct flow *flow, const struct actor *actor, struct str domain,
	struct str next_hop, enum hop_tls hop_tls, int64_t now, struct err *err) must_check;
enum result account_change_domain(struct flow *flow, const struct actor *actor, struct str domain,
	struct str next_hop, enum hop_tls hop_tls, int64_t now, struct err *err) must_check;
/* CONFLICT when users or waiting mail would be left behind, unless forced. */
enum result account_remove_domain(struct flow *flow, const struct actor *actor, struct str domain,
	bool is_forced, int64_t now, struct err *err) must_check;

struct new_user {
	struct str address; /* in one of the account's domains */
	struct str name;
	struct str password; /* empty: signs in by code */
	bool is_administrator;
};

/* An internal user. One who is known from mail gets the name and password; CONFLICT when there is a password.
 */
enum result account_add_user(struct flow *flow, const struct actor *actor, const struct new_user *user,
	int64_t now, struct err *err) must_check;

struct new_source {
	struct str network; /* CIDR; or empty and … */
	struct str user_name, password;
	bool allow_foreign, normalise_newlines;
};

enum result account_add_source(struct flow *flow, const struct actor *actor, const struct new_source *source,
	int64_t now, struct id *ret_id, struct err *err) must_check;
enum result account_remove_source(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

enum definition_rule { RULE_STAYS, RULE_NO, RULE_YES };

/* What is said of a definition; the rest stays as it is, or as new ones are. */
struct definition_change {
	struct str name, description, folder; /* ptr NULL: stays; folder by name */
	enum definition_rule print, reply, reply_all, save, access_code, extend, read_receipt, all_recipients,
		second_factor;
	bool says_expire_days, says_position;
	int64_t expire_days, position;
};

/* A new one permits printing, replies and extension, is the last, and lies in the account's oldest folder; of
 * those that stand, `name` is changed. Reply all goes with reply, and is not given without. INVALID; CONFLICT
 * when there is one of the (new) name; NOT_FOUND names what is not there. */
enum result account_add_definition(struct flow *flow, const struct actor *actor, struct str name,
	const struct definition_change *change, int64_t now, struct err *err) must_check;
enum result account_change_definition(struct flow *flow, const struct actor *actor, struct str name,
	const struct definition_change *change, int64_t now, struct err *err) must_check;
/* CONFLICT while a policy secures with it. */
enum result account_remove_definition(struct flow *flow, const struct actor *actor, struct str name,
	int64_t now, struct err *err) must_check;

#define POLICY_NARRATIVE_MAX 200 /* bytes, one line; one at least */
enum result account_add_policy(struct flow *flow, const struct actor *actor, struct policy_row *policy,
	int64_t now, struct err *err) must_check;
enum result account_enable_policy(struct flow *flow, const struct actor *actor, struct id id, bool enabled,
	int64_t now, struct err *err) must_check;
enum result account_remove_policy(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
