/* passkeys: signing in by what a person's device holds, which no stranger's page can ask for and no mail
 * scanner finds. It counts for both factors, since the device verified its owner. Needs scripts; the other
 * ways do not. */
#ifndef FLOW_PASSKEYS_H
#define FLOW_PASSKEYS_H

#include "flow/sign_in.h"
#include "store/passkey.h"

#define PASSKEYS_PER_PERSON 20

/* The site's name in passkeys, from the portal's URL; empty where it is an IP address, which can have none.
 */
struct str passkeys_rp_id(const struct flow *flow);

/* A challenge for this browser, good once: for a new passkey of the actor, or (actor NULL) for signing in.
 * BUSY after too many from one network. */
enum result passkeys_ask(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	int64_t now, uint8_t ret[static PASSKEY_CHALLENGE_BYTES], struct err *err) must_check;

/* Keeps a new passkey. DENIED with code "passkey-wrong" whatever is wrong with it; CONFLICT when the person
 * has too many, or it is kept already. */
enum result passkeys_add(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str client_data, struct bytes attestation, struct str name, int64_t now,
	struct err *err) must_check;

/* What the browser hands over to sign in. */
struct passkey_answer {
	struct bytes credential_id;
	struct str client_data;
	struct bytes authenticator_data;
	struct bytes signature;
};

/* copy_id: the link's message, shown when it is the person's, or none. DENIED with code "passkey-wrong": the
 * same for what is unknown, wrong, answered before, or asked for by another browser. */
enum result sign_in_by_passkey(struct flow *flow, const struct visitor *visitor,
	const struct passkey_answer *answer, struct id copy_id, int64_t now, struct sign_in *ret,
	struct err *err) must_check;

/* What Settings show. */
struct passkey_facts {
	struct id id;
	struct str name; /* may be empty */
	int64_t created_at, used_at;
};

enum result passkeys_of(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct passkey_facts **ret, size_t *ret_count, struct err *err) must_check;

/* NOT_FOUND when it is none of the person's (R15). */
enum result passkeys_remove(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
