/* receipt: tells the owner of a message that asks for it, once for each recipient, that its body was shown to
 * them (R13). A worker makes receipts from the evidence: the request that shows a body only notes it. */
#ifndef FLOW_RECEIPT_H
#define FLOW_RECEIPT_H

#include "flow/flow.h"

/* Queues the receipts of readings since the last run. *ret_count gets how many. */
enum result receipt_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

/* What a mail to the owner may say of the message itself: its identifier, and its subject where the account
 * lets ordinary mail show it. Empty when the owner's key is gone. Part of a transaction. */
struct message;
struct notice;
void receipt_describe(struct tx *tx, const struct flow_account *account, const struct message *message,
	struct id owner_copy_id, struct arena *arena, struct notice *notice);

#endif
