/* self-delete: somebody from outside ends all that the portal keeps for them. What the account keeps of its
 * own stays: its people's messages, and what is known of who read them when. */
#ifndef FLOW_SELF_DELETE_H
#define FLOW_SELF_DELETE_H

#include "flow/flow.h"

/* At once: the keys of all the person's copies are destroyed for good (flow/delete.h), drafts, password,
 * passkeys, second factor, known browsers, sessions, the own name and signature go; further addresses are
 * their own again, and the person leaves addresses shared with others. Mail that comes later finds somebody
 * new. All addresses are told by mail. DENIED "proof-due" (flow/proof.h); DENIED "person-internal": an
 * administrator keeps the account's own people. */
enum result self_delete(
	struct flow *flow, const struct actor *actor, int64_t now, struct err *err) must_check;

#endif
