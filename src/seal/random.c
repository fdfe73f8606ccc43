#include "seal/random.h"

#include <sodium.h>

_Static_assert(sizeof(((struct hash *)0)->state) >= sizeof(crypto_generichash_state), "room for the state");

static crypto_generichash_state *state_of(struct hash *hash)
{
	return (crypto_generichash_state *)(void *)hash->state;
}

void random_fill(void *data, size_t size)
{
	randombytes_buf(data, size);
}

uint32_t random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

void hash_bytes(struct bytes data, uint8_t ret[static HASH_BYTES])
{
	(void)crypto_generichash(ret, HASH_BYTES, data.ptr, data.len, NULL, 0);
}

void hash_init(struct hash *hash)
{
	(void)crypto_generichash_init(state_of(hash), NULL, 0, HASH_BYTES);
}

void hash_add(struct hash *hash, struct str piece)
{
	(void)crypto_generichash_update(state_of(hash), (const uint8_t *)piece.ptr, piece.len);
}

void hash_final(struct hash *hash, uint8_t ret[static HASH_BYTES])
{
	(void)crypto_generichash_final(state_of(hash), ret, HASH_BYTES);
}

bool secret_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}
