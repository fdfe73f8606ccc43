/* mark: a person marks messages got as read or unread, for their own lists. Nobody else is told: it is no
 * evidence of reading (R13), and no event. */
#ifndef FLOW_MARK_H
#define FLOW_MARK_H

#include "flow/flow.h"

/* *ret_done: how many messages changed. Of one's own message that is in Sent and Inbox (R10) both copies are
 * marked; one that is in Sent only, and those that have ended, stay as they are. NOT_FOUND, and
 * nothing changes: one is not the person's. INVALID: more than LIMIT_CHOSEN_MESSAGES. */
enum result mark_copies(struct flow *flow, const struct actor *actor, bool unread, const struct id *copies,
	size_t count, int64_t now, size_t *ret_done, struct err *err) must_check;

#endif
