#include "seal/random.h"

#include <assert.h>
#include <sodium.h>

#define STATE_ALIGNMENT _Alignof(crypto_generichash_state)
#define ROOM_BYTES sizeof(((struct hash *)0)->room)

static_assert(ROOM_BYTES >= sizeof(crypto_generichash_state) + STATE_ALIGNMENT - _Alignof(struct hash),
	"room for the state at any place");

static crypto_generichash_state *state_of(struct hash *hash)
{
	size_t beyond = (uintptr_t)hash->room % STATE_ALIGNMENT;

	return (void *)(hash->room + (beyond ? STATE_ALIGNMENT - beyond : 0));
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
