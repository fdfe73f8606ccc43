/* signature: what a person puts below new messages, and answers if wanted, and whether texts begin without
 * formatting. It is content, and kept sealed. */
#ifndef FLOW_SIGNATURE_H
#define FLOW_SIGNATURE_H

#include "flow/flow.h"

#define SIGNATURE_BYTES_MAX 2000

struct signature {
	struct str text; /* UTF-8, any newlines; empty: none */
	bool on_replies;
	bool writes_plain;
};

/* In the arena. One that cannot be opened any more is as none. */
enum result signature_find(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct signature *ret, struct err *err) must_check;

/* Blanks around it are left out. TOO_LARGE past SIGNATURE_BYTES_MAX. */
enum result signature_set(struct flow *flow, const struct actor *actor, const struct signature *signature,
	struct err *err) must_check;

#endif
