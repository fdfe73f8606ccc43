/* What the ways to show anew who it is have in common. */
#ifndef FLOW_PROOF_PRIVATE_H
#define FLOW_PROOF_PRIVATE_H

#include "flow/factor_private.h"
#include "flow/proof.h"

/* A first proof that is right, and what comes of the second factor. */
struct proof_try {
	struct flow *flow;
	const struct actor *actor;
	enum proof_need need;
	struct factor_try factor;
	bool is_done; /* the session has it */
};

/* Takes the code of the second factor where one is due, and notes the proof in the session. The transaction
 * has to be kept also when it is not done. */
enum result proof_finish(struct tx *tx, struct proof_try *t, int64_t proof, struct err *err) must_check;

/* After the transaction: OK, or how it is refused. */
enum result proof_tried(const struct proof_try *t, struct err *err) must_check;

#endif
