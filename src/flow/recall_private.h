/* For verbs that recall together with something else. */
#ifndef FLOW_RECALL_PRIVATE_H
#define FLOW_RECALL_PRIVATE_H

#include "flow/recall.h"

/* recall_message inside the caller's transaction. */
enum result recall_in(struct tx *tx, struct flow *flow, const struct actor *actor,
	const struct recall_request *request, int64_t now, struct recall_done *ret,
	struct err *err) must_check;

#endif
