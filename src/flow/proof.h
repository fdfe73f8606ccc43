/* proof: whoever changes how a person signs in has shown who it is a short while ago, so that an open session
 * in somebody else's hands does not become that person's account. Signing in counts. */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include "flow/passkeys.h"

enum proof_need {
	PROOF_WHOLE,	      /* the second factor as well, of a person that has one */
	PROOF_WITHOUT_FACTOR, /* for what takes a code of the second factor itself */
};

/* In a verb's transaction, first. DENIED with code "proof-due" when it is more than LIMIT_PROOF_MS ago;
 * "session-ended". A session that waits for its second factor to be set up has just begun. */
enum result proof_check(struct tx *tx, const struct actor *actor, enum proof_need need, int64_t now,
	struct err *err) must_check;

/* In a verb's transaction that holds or shares the person's row: DENIED "session-ended" when the session by
 * which the person acts is no more. Of what acts without one nothing is asked. */
enum result proof_is_signed_in(struct tx *tx, const struct actor *actor, struct err *err) must_check;

/* The same as proof_check as a question, for pages. */
enum result proof_is_due(struct flow *flow, const struct actor *actor, enum proof_need need, int64_t now,
	bool *ret, struct err *err) must_check;

/* How the person can show it. */
struct proof_ways {
	bool by_password;
	bool by_passkey;
	bool asks_factor;   /* besides the password or code */
	struct str address; /* that a code goes to: the one by which the session was begun */
};

enum result proof_ways_of(struct flow *flow, const struct actor *actor, enum proof_need need,
	struct arena *arena, struct proof_ways *ret, struct err *err) must_check;

/* Mails a code. BUSY after too many. */
enum result proof_send_code(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	int64_t now, struct err *err) must_check;

/* What the person typed in; with a passkey nothing. */
struct proof_given {
	enum proof_need need;
	struct str password, code; /* the one that counts */
	struct str factor;	   /* a code of the second factor */
};

/* Tries count as at sign-in. DENIED "password-wrong"; as sign_in_by_code, but the code is used up only when
 * all else is right; DENIED "passkey-wrong"; DENIED "factor-wrong"; BUSY. */
enum result proof_by_password(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct proof_given *given, int64_t now, struct err *err) must_check;
enum result proof_by_code(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct proof_given *given, int64_t now, struct err *err) must_check;
enum result proof_by_passkey(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct passkey_answer *answer, int64_t now, struct err *err) must_check;

#endif
