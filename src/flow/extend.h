/* extend: moves the moment until which recipients can read a secure message (R1, R5). */
#ifndef FLOW_EXTEND_H
#define FLOW_EXTEND_H

#include "flow/flow.h"

struct extend_request {
	struct id copy_id;    /* the sender's own copy: once, and only to a later time; none: … */
	struct id message_id; /* … an administrator changes this message, as often as needed */
	int64_t until;	      /* ms, to the minute */
};

/* NOT_FOUND; DENIED: not the sender, or a sender from outside; GONE: "expired" or "recalled"; CONFLICT, code
 * "extended": the sender has extended it before, "withheld": its definition lets no sender extend it;
 * INVALID, code "too-late" when it would outlive what the account keeps (*ret_latest tells until when it
 * may), "too-early" when it would not be longer. *ret_latest is set for INVALID too. */
enum result extend_message(struct flow *flow, const struct actor *actor, const struct extend_request *request,
	int64_t now, int64_t *ret_latest, struct err *err) must_check;

#endif
