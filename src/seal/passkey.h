/* Passkeys (WebAuthn level 2): what a browser hands over is foreign bytes, read and verified here.
 * Attestation is not asked for; the user must have been verified by the authenticator. */
#ifndef SEAL_PASSKEY_H
#define SEAL_PASSKEY_H

#include "base/arena.h"
#include "base/result.h"

#define PASSKEY_CHALLENGE_BYTES 32

/* For what and where the browser was asked. */
struct passkey_place {
	struct str origin;	  /* "https://portal.example" */
	struct str rp_id;	  /* "portal.example" */
	const uint8_t *challenge; /* PASSKEY_CHALLENGE_BYTES */
};

enum passkey_use { PASSKEY_CREATE, PASSKEY_GET };

struct passkey {
	struct bytes credential_id;
	int64_t algorithm; /* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
	struct bytes public_key;
	int64_t counter; /* of signatures; 0 where the authenticator keeps none */
};

/* The challenge that the client's data answer, to be looked up and spent before anything else. INVALID. */
enum result passkey_challenge(
	struct str client_data, uint8_t ret[static PASSKEY_CHALLENGE_BYTES], struct err *err) must_check;

/* A credential that was just made; in the arena. DENIED, with what is wrong in the text. */
enum result passkey_made(const struct passkey_place *place, struct str client_data, struct bytes attestation,
	struct arena *arena, struct passkey *ret, struct err *err) must_check;

/* Whether the credential signed. DENIED otherwise. *ret_counter is the signature's, to be held against the
 * kept one.
 */
enum result passkey_signed(const struct passkey_place *place, const struct passkey *passkey,
	struct str client_data, struct bytes authenticator_data, struct bytes signature, int64_t *ret_counter,
	struct err *err) must_check;

/* base64url without padding, as browsers' scripts send bytes. False when it is none or longer than `most`. */
bool passkey_bytes(struct str text, size_t most, struct arena *arena, struct bytes *ret) must_check;
struct str passkey_text(struct bytes bytes, struct arena *arena);

#endif
