/* Stored formats.
 *
 * Wrap, SEAL_WRAP_BYTES: version 1 (1 byte), random nonce (24), sealed key (32), tag (16); XChaCha20-Poly1305
 * under the subkey SUBKEY_WRAP of the key above. Associated data: the word "account" and the account's
 * identifier, or "message", the message's and the holder's.
 *
 * Root key file: one line, "sealpost-root-key-1 " and in base 64 the key (32 bytes) and the first 8 bytes of
 * its BLAKE2b hash, which tells a damaged file from a wrong one. */
#include "seal/seal_private.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRAP_VERSION 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define CHECK_BYTES 8
#define KEY_FILE_WORD "sealpost-root-key-1 "
#define KEY_FILE_BYTES_MAX 256

_Static_assert(
	NONCE_BYTES == 24 && crypto_aead_xchacha20poly1305_ietf_ABYTES == 16, "sizes in SEAL_WRAP_BYTES");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(SEAL_KEY_BYTES == crypto_kdf_KEYBYTES, "key size for subkeys");
_Static_assert(sizeof("sealpost") - 1 == crypto_kdf_CONTEXTBYTES, "size of the context of subkeys");

enum result seal_init(void)
{
	/* A mail needs a dozen keys and nonces, and would ask the system for each. */
	(void)randombytes_set_implementation(&randombytes_internal_implementation);
	return sodium_init() < 0 ? RESULT_INTERNAL : RESULT_OK;
}

void seal_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}

void *seal_secret_new(size_t size)
{
	void *secret = sodium_malloc(size);

	if (secret == NULL)
		abort(); /* memory is exhausted */
	return secret;
}

void seal_secret_free(void *secret)
{
	if (secret)
		sodium_free(secret);
}

void subkey_derive(
	const uint8_t key[static SEAL_KEY_BYTES], enum subkey which, uint8_t ret[static SEAL_KEY_BYTES])
{
	(void)crypto_kdf_derive_from_key(ret, SEAL_KEY_BYTES, (uint64_t)which, "sealpost", key);
}

static void key_check(const struct root_key *key, uint8_t ret[static CHECK_BYTES])
{
	uint8_t hash[crypto_generichash_BYTES_MIN];

	(void)crypto_generichash(hash, sizeof(hash), key->b, sizeof(key->b), NULL, 0);
	memcpy(ret, hash, CHECK_BYTES);
}

static bool sync_folder_of(const char *path)
{
	cleanup(mem_free_at) char *copy = mem_strdup(path);
	cleanup(fd_close_at) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0;
}

/* Sets errno when it fails. */
static bool write_and_sync(int fd, const char *data, size_t len)
{
	ssize_t done = write(fd, data, len);

	if (done >= 0 && (size_t)done < len)
		errno = ENOSPC;
	return done == (ssize_t)len && fsync(fd) == 0;
}

/* A new key as the line of its file; returns the line's length. */
static size_t key_line_new(char line[static KEY_FILE_BYTES_MAX])
{
	struct root_key key;
	uint8_t raw[SEAL_KEY_BYTES + CHECK_BYTES];
	size_t word = strlen(KEY_FILE_WORD);

	randombytes_buf(key.b, sizeof(key.b));
	memcpy(raw, key.b, sizeof(key.b));
	key_check(&key, raw + SEAL_KEY_BYTES);
	memcpy(line, KEY_FILE_WORD, word);
	(void)sodium_bin2base64(
		line + word, KEY_FILE_BYTES_MAX - word, raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	key_wipe(&key);
	key_wipe(&raw);
	size_t len = strlen(line);
	line[len++] = '\n';
	return len;
}

enum result root_key_create(const char *path, struct err *err)
{
	char line[KEY_FILE_BYTES_MAX];

	cleanup(fd_close_at) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, RESULT_CONFLICT, "%s exists already and is left as it is", path);
	if (fd < 0)
		return err_set(err, RESULT_UNAVAILABLE, "%s cannot be made: %s", path, strerror(errno));
	size_t len = key_line_new(line);
	bool kept = write_and_sync(fd, line, len) && sync_folder_of(path);
	int why = errno;
	key_wipe(&line);
	if (kept)
		return RESULT_OK;
	(void)unlink(path); /* half a key would stand in the way of the next try */
	return err_set(err, RESULT_UNAVAILABLE, "%s cannot be written: %s", path, strerror(why));
}

/* systemd hands a credential to the service's user by an access list, which shows as reading by group root;
 * who is in that group beside root would have to be put there by root. */
static bool is_for_one_reader(const struct stat *facts)
{
	mode_t others = facts->st_mode & (S_IRWXG | S_IRWXO);
	bool is_credential =
		(facts->st_mode & 0777) == (S_IRUSR | S_IRGRP) && facts->st_uid == 0 && facts->st_gid == 0;

	return others == 0 || is_credential;
}

static enum result key_file_read(const char *path, char line[static KEY_FILE_BYTES_MAX], struct err *err)
{
	struct stat facts;
	cleanup(fd_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err,
			errno == ENOENT	  ? RESULT_NOT_FOUND
			: errno == EACCES ? RESULT_DENIED
					  : RESULT_UNAVAILABLE,
			"the root key %s: %s%s", path, strerror(errno),
			errno == ENOENT ? "; a new node's is made by: sealpost init" : "");
	if (fstat(fd, &facts) < 0)
		return err_set(err, RESULT_UNAVAILABLE, "the root key %s: %s", path, strerror(errno));
	if (!is_for_one_reader(&facts))
		return err_set(err, RESULT_DENIED, "others may read the root key: run chmod 600 %s", path);
	ssize_t got = read(fd, line, KEY_FILE_BYTES_MAX - 1);
	if (got < 0)
		return err_set(err, RESULT_UNAVAILABLE, "the root key %s: %s", path, strerror(errno));
	line[got] = '\0';
	return RESULT_OK;
}

enum result root_key_load(const char *path, struct root_key *ret, struct err *err)
{
	char line[KEY_FILE_BYTES_MAX];
	uint8_t raw[SEAL_KEY_BYTES + CHECK_BYTES], check[CHECK_BYTES];
	size_t word = strlen(KEY_FILE_WORD), len = 0;

	TRY(key_file_read(path, line, err));
	bool good = strncmp(line, KEY_FILE_WORD, word) == 0 &&
		    sodium_base642bin(raw, sizeof(raw), line + word, strlen(line) - word, "\r\n ", &len, NULL,
			    sodium_base64_VARIANT_ORIGINAL) == 0 &&
		    len == sizeof(raw);
	struct root_key key = {0};
	if (good) {
		memcpy(key.b, raw, sizeof(key.b));
		key_check(&key, check);
		good = sodium_memcmp(check, raw + SEAL_KEY_BYTES, CHECK_BYTES) == 0;
	}
	key_wipe(&line);
	key_wipe(&raw);
	if (good)
		*ret = key;
	key_wipe(&key);
	return good ? RESULT_OK : err_set(err, RESULT_INVALID, "%s is not a root key, or was damaged", path);
}

struct wrap_context {
	char word[8];
	struct id first, second;
};

_Static_assert(sizeof(struct wrap_context) == 8 + 2 * ID_BYTES, "no padding in what is authenticated");

static void wrap(const uint8_t above[static SEAL_KEY_BYTES], const struct wrap_context *context,
	const uint8_t key[static SEAL_KEY_BYTES], uint8_t ret[static SEAL_WRAP_BYTES])
{
	uint8_t subkey[SEAL_KEY_BYTES];

	subkey_derive(above, SUBKEY_WRAP, subkey);
	ret[0] = WRAP_VERSION;
	randombytes_buf(ret + 1, NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret + 1 + NONCE_BYTES, NULL, key, SEAL_KEY_BYTES,
		(const uint8_t *)context, sizeof(*context), NULL, ret + 1, subkey);
	key_wipe(&subkey);
}

static bool unwrap(const uint8_t above[static SEAL_KEY_BYTES], const struct wrap_context *context,
	struct bytes wrapped, uint8_t ret[static SEAL_KEY_BYTES])
{
	uint8_t subkey[SEAL_KEY_BYTES], key[SEAL_KEY_BYTES];

	if (wrapped.len != SEAL_WRAP_BYTES || wrapped.ptr[0] != WRAP_VERSION)
		return false;
	subkey_derive(above, SUBKEY_WRAP, subkey);
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL,
		wrapped.ptr + 1 + NONCE_BYTES, SEAL_WRAP_BYTES - 1 - NONCE_BYTES, (const uint8_t *)context,
		sizeof(*context), wrapped.ptr + 1, subkey);
	if (!failed)
		memcpy(ret, key, sizeof(key));
	key_wipe(&subkey);
	key_wipe(&key);
	return !failed;
}

void account_key_new(struct account_key *ret)
{
	randombytes_buf(ret->b, sizeof(ret->b));
}

void account_key_wrap(const struct root_key *root, struct id account_id, const struct account_key *key,
	uint8_t ret[static SEAL_WRAP_BYTES])
{
	struct wrap_context context = {.word = "account", .first = account_id};

	wrap(root->b, &context, key->b, ret);
}

enum result account_key_unwrap(const struct root_key *root, struct id account_id, struct bytes wrapped,
	struct account_key *ret, struct err *err)
{
	struct wrap_context context = {.word = "account", .first = account_id};

	return unwrap(root->b, &context, wrapped, ret->b)
		       ? RESULT_OK
		       : err_code(err, RESULT_INTERNAL, "wrong-root-key",
				 "the root key is not the one of this database");
}

void message_key_new(struct message_key *ret)
{
	randombytes_buf(ret->b, sizeof(ret->b));
}

void message_key_wrap(const struct account_key *account, struct id message_id, struct id holder_id,
	const struct message_key *key, uint8_t ret[static SEAL_WRAP_BYTES])
{
	struct wrap_context context = {.word = "message", .first = message_id, .second = holder_id};

	wrap(account->b, &context, key->b, ret);
}

enum result message_key_unwrap(const struct account_key *account, struct id message_id, struct id holder_id,
	struct bytes wrapped, struct message_key *ret, struct err *err)
{
	struct wrap_context context = {.word = "message", .first = message_id, .second = holder_id};

	return unwrap(account->b, &context, wrapped, ret->b)
		       ? RESULT_OK
		       : err_code(err, RESULT_INTERNAL, "sealed-damaged", "a sealed key was changed");
}

void account_mac(const struct account_key *account, const char *purpose, struct bytes data,
	uint8_t ret[static SEAL_MAC_BYTES])
{
	uint8_t subkey[SEAL_MAC_BYTES];

	(void)crypto_generichash(subkey, sizeof(subkey), (const uint8_t *)purpose, strlen(purpose),
		account->b, sizeof(account->b));
	(void)crypto_generichash(ret, SEAL_MAC_BYTES, data.ptr, data.len, subkey, sizeof(subkey));
	key_wipe(&subkey);
}
