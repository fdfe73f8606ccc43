/* The event that says what an administrator changed about the actor's account; `detail` in words. */
#ifndef FLOW_ACCOUNT_NOTE_H
#define FLOW_ACCOUNT_NOTE_H

#include "flow/flow.h"

enum result account_note(
	struct tx *tx, const struct actor *actor, int64_t now, struct str detail, struct err *err) must_check;

#endif
