/* The tree of keys: root key → account key → message key (docs/architecture.md, decision 4).
 *
 * A message key is random. Whoever may read a message holds a wrap of it: the key sealed for that one holder.
 * Destroying a wrap ends the holder's access, destroying the last one destroys the message wherever its bytes
 * were copied. Keys are distinct types, so that one cannot be used for another; wipe them with key_wipe. */
#ifndef SEAL_KEY_H
#define SEAL_KEY_H

#include "base/id.h"
#include "base/result.h"
#include "base/str.h"

#define SEAL_KEY_BYTES 32
#define SEAL_MAC_BYTES 32
/* A sealed key: version, nonce, key, tag. */
#define SEAL_WRAP_BYTES (1 + 24 + SEAL_KEY_BYTES + 16)

struct root_key {
	uint8_t b[SEAL_KEY_BYTES];
};
struct account_key {
	uint8_t b[SEAL_KEY_BYTES];
};
struct message_key {
	uint8_t b[SEAL_KEY_BYTES];
};

/* Once, before anything else of this folder. INTERNAL when the system gives no randomness. */
enum result seal_init(void) must_check;

#define key_wipe(key) seal_wipe((key), sizeof(*(key)))
void seal_wipe(void *data, size_t size);

/* Memory for keys that live long: locked, guarded, left out of core dumps; free with seal_secret_free. */
void *seal_secret_new(size_t size) __attribute__((returns_nonnull));
void seal_secret_free(void *secret);

/* Makes a new root key in a new file that only its owner may read, and syncs it. CONFLICT when the file
 * exists, UNAVAILABLE when it cannot be written; then no file is left. */
enum result root_key_create(const char *path, struct err *err) must_check;

/* NOT_FOUND; DENIED when we may not read the file or others than its owner may (systemd's credentials
 * excepted); INVALID when it is no key file or was damaged; UNAVAILABLE when reading fails. */
enum result root_key_load(const char *path, struct root_key *ret, struct err *err) must_check;

void account_key_new(struct account_key *ret);
void account_key_wrap(const struct root_key *root, struct id account_id, const struct account_key *key,
	uint8_t ret[static SEAL_WRAP_BYTES]);
/* INTERNAL with code "wrong-root-key" when the wrap was made with another root key, for another account, or
 * was changed. */
enum result account_key_unwrap(const struct root_key *root, struct id account_id, struct bytes wrap,
	struct account_key *ret, struct err *err) must_check;

void message_key_new(struct message_key *ret);
void message_key_wrap(const struct account_key *account, struct id message_id, struct id holder_id,
	const struct message_key *key, uint8_t ret[static SEAL_WRAP_BYTES]);
/* INTERNAL with code "sealed-damaged" when the wrap is another message's, another holder's, or was changed.
 */
enum result message_key_unwrap(const struct account_key *account, struct id message_id, struct id holder_id,
	struct bytes wrap, struct message_key *ret, struct err *err) must_check;

/* A keyed hash (BLAKE2b) under a subkey of its own for each purpose: what was made for one purpose is
 * worthless for another. */
void account_mac(const struct account_key *account, const char *purpose, struct bytes data,
	uint8_t ret[static SEAL_MAC_BYTES]);

#endif
