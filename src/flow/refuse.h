/* refuse: what an account's own mail server was refused is an event, so that an administrator sees why (R14).
 */
#ifndef FLOW_REFUSE_H
#define FLOW_REFUSE_H

#include "flow/flow.h"

/* Whether a result is a refusal for good, and not a failure of ours that a repeat may get over. */
bool is_refusal(enum result result);

/* Records it with the refusal's code and reason; a few of a kind an hour, since a broken client repeats. That
 * it cannot be recorded changes nothing about the refusal. */
void refuse_record(
	struct flow *flow, struct id account_id, struct str origin, const struct err *why, int64_t now);

#endif
