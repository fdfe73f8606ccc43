/* leave: what is written in the portal waits a moment before it leaves, so that its writer may undo it
 * (account setting undo_seconds). Until then it is a draft that nobody changes: nothing of it is sent, kept
 * as a message, or counted. A row says when it leaves, so that a restart changes nothing, and of undoing and
 * leaving one wins. */
#ifndef FLOW_LEAVE_H
#define FLOW_LEAVE_H

#include "flow/draft.h"

/* Saves what was written and has it leave when the time to undo is over; compose_send, reply_send or
 * inquiry_answer said that it could. OK also when the same waits already (a double click); CONFLICT with code
 * "already-sent" when something else of this form does, or was sent. */
enum result leave_begin(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct err *err) must_check;

enum leave_stage {
	LEAVE_OPEN,    /* a draft: taken back, or it could not be sent */
	LEAVE_WAITING, /* until text.leaves_at */
	LEAVE_SENT
};

struct leave_state {
	enum leave_stage stage;
	struct draft_text text; /* until it is sent */
	struct id copy_id;	/* of what was sent, in Sent; none: deleted since */
};

/* NOT_FOUND when the person wrote no such thing, or threw it away. */
enum result leave_find(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct leave_state *ret, struct err *err) must_check;

/* Gives the draft back; OK also when it is one already. CONFLICT with code "has-left"; NOT_FOUND. */
enum result leave_undo(
	struct flow *flow, const struct actor *actor, struct id id, struct err *err) must_check;

/* Sends before its time what the person has waiting. OK also when it was sent or given back meanwhile, as
 * leave_find tells. */
enum result leave_now(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

/* The same of all that the person has waiting; an error is of one that could be sent later. */
enum result leave_all(struct flow *flow, const struct actor *actor, int64_t now, struct err *err) must_check;

/* Sends everybody's whose time has come; what cannot be sent is a draft again, marked so. *ret_count: how
 * many were sent. An error is of the last that failed, and will be tried again. */
enum result leave_due(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

#endif
