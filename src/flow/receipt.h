/* receipt: tells the owner of a message that asks for it, once for each recipient, that its body was shown to
 * them (R13). A worker makes receipts from the evidence: the request that shows a body only notes it. */
#ifndef FLOW_RECEIPT_H
#define FLOW_RECEIPT_H

#include "flow/flow.h"

/* Queues the receipts of readings since the last run. *ret_count gets how many. */
enum result receipt_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

#endif
