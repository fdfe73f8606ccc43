/* Stored format: version 1 (1 byte), random nonce (24), sealed bytes, tag (16); XChaCha20-Poly1305 under the
 * subkey SUBKEY_BOX. Associated data: the record's identifier (16) and the field's characters. */
#include "seal/box.h"

#include "seal/seal_private.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define BOX_VERSION 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BOX_EXTRA_BYTES (1 + NONCE_BYTES + TAG_BYTES)
#define FIELD_BYTES_MAX 32

struct associated {
	uint8_t data[ID_BYTES + FIELD_BYTES_MAX];
	size_t len;
};

static struct associated associated_of(struct box_context context)
{
	struct associated a;
	size_t len = strlen(context.field);

	assert(len <= FIELD_BYTES_MAX);
	memcpy(a.data, context.record.b, ID_BYTES);
	memcpy(a.data + ID_BYTES, context.field, len);
	a.len = ID_BYTES + len;
	return a;
}

static struct bytes seal(const uint8_t key[static SEAL_KEY_BYTES], struct box_context context,
	struct bytes plain, struct arena *arena)
{
	struct associated a = associated_of(context);
	uint8_t subkey[SEAL_KEY_BYTES];
	uint8_t *box = arena_alloc(arena, plain.len + BOX_EXTRA_BYTES);

	subkey_derive(key, SUBKEY_BOX, subkey);
	box[0] = BOX_VERSION;
	randombytes_buf(box + 1, NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
		box + 1 + NONCE_BYTES, NULL, plain.ptr, plain.len, a.data, a.len, NULL, box + 1, subkey);
	key_wipe(&subkey);
	return (struct bytes){box, plain.len + BOX_EXTRA_BYTES};
}

static enum result open_box(const uint8_t key[static SEAL_KEY_BYTES], struct box_context context,
	struct bytes box, struct arena *arena, struct bytes *ret, struct err *err)
{
	struct associated a = associated_of(context);
	uint8_t subkey[SEAL_KEY_BYTES];

	if (box.len < BOX_EXTRA_BYTES || box.ptr[0] != BOX_VERSION)
		return err_code(err, RESULT_INTERNAL, "sealed-damaged", "a sealed %s was cut", context.field);
	uint8_t *plain = arena_alloc(arena, box.len - BOX_EXTRA_BYTES + 1);
	subkey_derive(key, SUBKEY_BOX, subkey);
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, box.ptr + 1 + NONCE_BYTES,
		box.len - 1 - NONCE_BYTES, a.data, a.len, box.ptr + 1, subkey);
	key_wipe(&subkey);
	if (failed)
		return err_code(
			err, RESULT_INTERNAL, "sealed-damaged", "a sealed %s was changed", context.field);
	*ret = (struct bytes){plain, box.len - BOX_EXTRA_BYTES};
	return RESULT_OK;
}

struct bytes box_seal(
	const struct message_key *key, struct box_context context, struct bytes plain, struct arena *arena)
{
	return seal(key->b, context, plain, arena);
}

struct bytes box_seal_account(
	const struct account_key *key, struct box_context context, struct bytes plain, struct arena *arena)
{
	return seal(key->b, context, plain, arena);
}

enum result box_open(const struct message_key *key, struct box_context context, struct bytes box,
	struct arena *arena, struct bytes *ret, struct err *err)
{
	return open_box(key->b, context, box, arena, ret, err);
}

enum result box_open_account(const struct account_key *key, struct box_context context, struct bytes box,
	struct arena *arena, struct bytes *ret, struct err *err)
{
	return open_box(key->b, context, box, arena, ret, err);
}
