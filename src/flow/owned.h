/* Whose message it is that somebody wants to recall or extend. */
#ifndef FLOW_OWNED_H
#define FLOW_OWNED_H

#include "flow/flow.h"
#include "store/message.h"

/* Context of the box that holds why a message was recalled. */
#define RECALL_REASON_FIELD "recall-reason"

/* The message that is commanded: of the person's own copy, or, for an administrator (actor without a person),
 * by its identifier. NOT_FOUND; DENIED when the copy is a recipient's, or its author is from outside. */
enum result owned_message(struct flow *flow, struct tx *tx, const struct actor *actor, struct id copy_id,
	struct id message_id, struct arena *arena, struct flow_account *ret_account, struct message *ret,
	struct err *err) must_check;

#endif
