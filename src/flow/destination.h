/* destination: the administrator asks for verified TLS to a domain of others (R2). Mail that cannot be sent
 * so waits, and comes back with the reason. */
#ifndef FLOW_DESTINATION_H
#define FLOW_DESTINATION_H

#include "flow/flow.h"

/* INVALID for what is no domain name or a domain of the installation, whose next hop has a rule of its own;
 * CONFLICT when it is there already. */
enum result destination_enforce(struct flow *flow, const struct actor *actor, struct str domain, int64_t now,
	struct err *err) must_check;

/* NOT_FOUND when the account has no such destination. */
enum result destination_relax(struct flow *flow, const struct actor *actor, struct str domain, int64_t now,
	struct err *err) must_check;

/* Whether mail to the domain goes by verified TLS only, in whichever form an international one is written. */
enum result destination_needs_tls(struct tx *tx, struct id account_id, struct str domain, struct arena *arena,
	bool *ret, struct err *err) must_check;

#endif
