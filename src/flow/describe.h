/* describe: what an ordinary mail of ours may say of a message to whoever sent it. */
#ifndef FLOW_DESCRIBE_H
#define FLOW_DESCRIBE_H

#include "flow/flow.h"
#include "store/message.h"

struct description {
	struct str message_id; /* without angle brackets; may be empty */
	struct str subject;    /* may be empty */
};

/* Reads them by the wrap of a holder: a copy, or the message itself for the queue's. The subject of what is
 * not ordinary mail itself is told only where the account lets ordinary mail show it. All empty when that key
 * is gone. Part of a transaction; in the arena. */
struct description describe_message(struct tx *tx, const struct flow_account *account,
	const struct message *message, struct id holder, bool is_ordinary, struct arena *arena);

#endif
