#include "web/csrf.h"

#include "base/id.h"
#include "base/mem.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <string.h>

static_assert((CSRF_SECRET_BYTES * 8 + 4) / 5 == CSRF_TOKEN_LEN, "a token is a hash in base 32");

static void hmac(const void *key, size_t key_len, struct str text, uint8_t out[static CSRF_SECRET_BYTES])
{
	int failed = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, text.ptr, text.len, out);

	assert(!failed);
	(void)failed;
}

struct csrf_secret csrf_secret_of(struct str session_secret)
{
	static const char label[] = "sealpost csrf secret v1";
	struct csrf_secret secret;

	hmac(label, sizeof(label) - 1, session_secret, secret.b);
	return secret;
}

struct csrf_token csrf_token(const struct csrf_secret *secret, struct str form)
{
	struct csrf_token token;
	uint8_t hash[CSRF_SECRET_BYTES];

	hmac(secret->b, sizeof(secret->b), form, hash);
	base32_encode(hash, sizeof(hash), token.s);
	return token;
}

bool csrf_check(const struct csrf_secret *secret, struct str form, struct str token)
{
	struct csrf_token right = csrf_token(secret, form);

	return token.len == CSRF_TOKEN_LEN && gnutls_memcmp(right.s, token.ptr, CSRF_TOKEN_LEN) == 0;
}

struct csrf_token csrf_new_visit(void)
{
	struct csrf_token visit;
	uint8_t random[CSRF_SECRET_BYTES];
	int failed = gnutls_rnd(GNUTLS_RND_KEY, random, sizeof(random));

	assert(!failed);
	(void)failed;
	base32_encode(random, sizeof(random), visit.s);
	return visit;
}
