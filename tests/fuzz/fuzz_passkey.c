/* What browsers hand over for passkeys: client data, attestations and authenticators' data of any bytes are
 * refused or read within their limits. */
#include "base/limits.h"
#include "seal/passkey.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHALLENGE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CLIENT(type)                                                                                         \
	STR("{\"type\":\"webauthn." type "\",\"challenge\":\"" CHALLENGE                                     \
	    "\",\"origin\":\"https://portal.example\"}")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[PASSKEY_CHALLENGE_BYTES];
	static const uint8_t key[64] = {1};
	struct passkey_place place = {STR("https://portal.example"), STR("portal.example"), zeros};
	struct passkey known = {.algorithm = -7, .public_key = {key, sizeof(key)}}, made;
	struct bytes bytes = {data, size}, decoded;
	struct str text = {(const char *)data, size};
	struct arena arena = {0};
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	int64_t counter;

	if (passkey_challenge(text, challenge, NULL) == RESULT_OK)
		assert(size <= LIMIT_PASSKEY_CLIENT_BYTES);
	if (passkey_made(&place, CLIENT("create"), bytes, &arena, &made, NULL) == RESULT_OK)
		assert(made.credential_id.len && made.credential_id.len <= LIMIT_PASSKEY_ID_BYTES &&
			made.public_key.len);
	(void)!passkey_made(&place, text, bytes, &arena, &made, NULL);
	assert(passkey_signed(&place, &known, CLIENT("get"), bytes, bytes, &counter, NULL) != RESULT_OK);
	(void)!passkey_bytes(text, LIMIT_PASSKEY_ID_BYTES, &arena, &decoded);
	arena_done(&arena);
	return 0;
}
