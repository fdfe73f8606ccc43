/* recall: takes a secure message, or the copies of chosen recipients, away from its recipients for good (R4,
 * R6). Their keys are destroyed, so no verb gives access back; the sender keeps the own copy. */
#ifndef FLOW_RECALL_H
#define FLOW_RECALL_H

#include "flow/flow.h"

struct recall_request {
	struct id copy_id;	/* the sender's own copy; none: an administrator recalls … */
	struct id message_id;	/* … this message */
	const struct str *from; /* addresses of chosen recipients; */
	size_t from_count;	/* 0: the whole message, from everybody */
	bool with_quotes;	/* of the whole message: also blank what answers in the portal quote of it */
	struct str reason;	/* that the recipients are shown; may be empty */
};

struct recall_done {
	size_t people; /* who lost it */
	size_t quotes; /* that were blanked */
};

/* NOT_FOUND: no such message, or a chosen address is not among its recipients in the portal; DENIED: not the
 * sender, or a sender from outside; CONFLICT, code "recalled": nobody is left to take it from; GONE, code
 * "expired"; INVALID: the reason is no text of at most LIMIT_RECALL_REASON_BYTES. */
enum result recall_message(struct flow *flow, const struct actor *actor, const struct recall_request *request,
	int64_t now, struct recall_done *ret, struct err *err) must_check;

#endif
