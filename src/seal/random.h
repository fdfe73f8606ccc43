/* Randomness and hashes that need no key. */
#ifndef SEAL_RANDOM_H
#define SEAL_RANDOM_H

#include "base/str.h"

#define HASH_BYTES 32

void random_fill(void *data, size_t size);

/* A number from 0 to below `bound`, each equally likely. */
uint32_t random_below(uint32_t bound);

/* BLAKE2b-256. */
void hash_bytes(struct bytes data, uint8_t ret[static HASH_BYTES]);

/* The same of content that comes in pieces. Not copied between its init and its final: the state has a place
 * of its own alignment inside, wherever the struct lies. */
struct hash {
	_Alignas(16) uint8_t room[384 + 48];
};
void hash_init(struct hash *hash);
void hash_add(struct hash *hash, struct str piece);
void hash_final(struct hash *hash, uint8_t ret[static HASH_BYTES]);

/* Compares secrets in a time that tells nothing about where they differ. */
bool secret_equal(struct bytes a, struct bytes b);

#endif
