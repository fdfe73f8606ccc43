#include "seal/passkey.h"

#include "base/limits.h"
#include "base/mem.h"
#include "seal/cbor_bound.h"
#include "seal/random.h"

#include <cbor.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#define RP_HASH_BYTES crypto_hash_sha256_BYTES
#define FLAG_PRESENT 0x01
#define FLAG_VERIFIED 0x04
#define FLAG_ATTESTED 0x40
#define HEAD_BYTES (RP_HASH_BYTES + 1 + 4) /* hash, flags, counter: WebAuthn 6.1 */
#define AAGUID_BYTES 16

static enum result refuse(struct err *err, const char *why)
{
	return err_code(err, RESULT_DENIED, "passkey-wrong", "%s", why);
}

bool passkey_bytes(struct str text, size_t most, struct arena *arena, struct bytes *ret)
{
	uint8_t *data = arena_alloc(arena, most + 1);
	size_t len;

	if (text.len > most * 4 / 3 + 4)
		return false;
	if (sodium_base642bin(data, most, text.ptr, text.len, NULL, &len, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	*ret = (struct bytes){data, len};
	return true;
}

struct str passkey_text(struct bytes bytes, struct arena *arena)
{
	size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = arena_alloc(arena, size);

	sodium_bin2base64(text, size, bytes.ptr, bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str_of(text);
}

static json_t *read_client_data(struct str client_data)
{
	if (!client_data.len || client_data.len > LIMIT_PASSKEY_CLIENT_BYTES)
		return NULL;
	json_t *data = json_loadb(client_data.ptr, client_data.len, JSON_REJECT_DUPLICATES, NULL);
	if (data && !json_is_object(data)) {
		json_decref(data);
		return NULL;
	}
	return data;
}

static bool read_challenge(const json_t *data, uint8_t ret[static PASSKEY_CHALLENGE_BYTES])
{
	const json_t *text = json_object_get(data, "challenge");
	size_t len;

	return json_is_string(text) &&
	       sodium_base642bin(ret, PASSKEY_CHALLENGE_BYTES, json_string_value(text),
		       json_string_length(text), NULL, &len, NULL,
		       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       len == PASSKEY_CHALLENGE_BYTES;
}

enum result passkey_challenge(
	struct str client_data, uint8_t ret[static PASSKEY_CHALLENGE_BYTES], struct err *err)
{
	json_t *data = read_client_data(client_data);
	bool is_right = data && read_challenge(data, ret);

	json_decref(data);
	return is_right ? RESULT_OK : err_set(err, RESULT_INVALID, "these are no client data");
}

static bool is_text(const json_t *data, const char *name, struct str expected)
{
	const json_t *text = json_object_get(data, name);

	return json_is_string(text) &&
	       str_equal((struct str){json_string_value(text), json_string_length(text)}, expected);
}

/* WebAuthn 7.1 steps 7 to 10, 7.2 steps 11 to 14. */
static enum result check_client_data(
	const struct passkey_place *place, enum passkey_use use, struct str client_data, struct err *err)
{
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	json_t *data = read_client_data(client_data);
	const char *wrong = NULL;

	if (!data)
		wrong = "these are no client data";
	else if (!is_text(data, "type", use == PASSKEY_CREATE ? STR("webauthn.create") : STR("webauthn.get")))
		wrong = "they are for another use";
	else if (!read_challenge(data, challenge) ||
		 memcmp(challenge, place->challenge, sizeof(challenge)) != 0)
		wrong = "they answer another challenge";
	else if (!is_text(data, "origin", place->origin))
		wrong = "they come from another origin";
	else if (json_is_true(json_object_get(data, "crossOrigin")))
		wrong = "they come from within another site";
	json_decref(data);
	return wrong ? refuse(err, wrong) : RESULT_OK;
}

/* The authenticator's data of an attestation object. */
static bool read_attestation(struct bytes attestation, struct arena *arena, struct bytes *ret)
{
	struct cbor_load_result loaded;
	bool found = false;

	if (!attestation.len || attestation.len > LIMIT_PASSKEY_ATTESTATION_BYTES ||
		!cbor_is_bounded(attestation))
		return false;
	cbor_item_t *item = cbor_load(attestation.ptr, attestation.len, &loaded);
	if (!item)
		return false;
	size_t count = cbor_isa_map(item) ? cbor_map_size(item) : 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct cbor_pair pair = cbor_map_handle(item)[i];
		found = cbor_isa_string(pair.key) && cbor_string_is_definite(pair.key) &&
			str_equal((struct str){(const char *)cbor_string_handle(pair.key),
					  cbor_string_length(pair.key)},
				STR("authData")) &&
			cbor_isa_bytestring(pair.value) && cbor_bytestring_is_definite(pair.value);
		if (found)
			*ret = arena_bytes(arena, (struct bytes){cbor_bytestring_handle(pair.value),
							  cbor_bytestring_length(pair.value)});
	}
	cbor_decref(&item);
	return found;
}

/* Whether what libfido2 hands to libcbor, the key and the extensions, is bounded: WebAuthn 6.1 and 6.5.1. */
static bool is_data_bounded(struct bytes data)
{
	size_t at = HEAD_BYTES;

	if (data.len < HEAD_BYTES)
		return false;
	if (data.ptr[RP_HASH_BYTES] & FLAG_ATTESTED) {
		if (data.len < at + AAGUID_BYTES + 2)
			return false;
		at += AAGUID_BYTES;
		at += 2 + (size_t)(data.ptr[at] << 8 | data.ptr[at + 1]);
	}
	return at <= data.len && cbor_is_bounded((struct bytes){data.ptr + at, data.len - at});
}

static bool is_for(struct bytes data, struct str rp_id)
{
	uint8_t hash[RP_HASH_BYTES];

	crypto_hash_sha256(hash, (const uint8_t *)rp_id.ptr, rp_id.len);
	return data.len > RP_HASH_BYTES && memcmp(data.ptr, hash, RP_HASH_BYTES) == 0;
}

static void keep(const fido_cred_t *cred, int algorithm, struct arena *arena, struct passkey *ret)
{
	*ret = (struct passkey){
		.credential_id =
			arena_bytes(arena, (struct bytes){fido_cred_id_ptr(cred), fido_cred_id_len(cred)}),
		.algorithm = algorithm,
		.public_key = arena_bytes(
			arena, (struct bytes){fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)}),
		.counter = fido_cred_sigcount(cred),
	};
}

/* libfido2 reads a key only of the kind that it is told. */
static bool read_credential(struct bytes data, struct arena *arena, struct passkey *ret)
{
	static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
	bool is_read = false;

	for (size_t i = 0; i < COUNT_OF(algorithms) && !is_read; i++) {
		fido_cred_t *cred = fido_cred_new();
		is_read = cred && fido_cred_set_type(cred, algorithms[i]) == FIDO_OK &&
			  fido_cred_set_authdata_raw(cred, data.ptr, data.len) == FIDO_OK &&
			  fido_cred_id_len(cred) > 0 && fido_cred_id_len(cred) <= LIMIT_PASSKEY_ID_BYTES &&
			  fido_cred_pubkey_len(cred) > 0;
		if (is_read)
			keep(cred, algorithms[i], arena, ret);
		fido_cred_free(&cred);
	}
	return is_read;
}

enum result passkey_made(const struct passkey_place *place, struct str client_data, struct bytes attestation,
	struct arena *arena, struct passkey *ret, struct err *err)
{
	struct bytes data;

	TRY(check_client_data(place, PASSKEY_CREATE, client_data, err));
	if (!read_attestation(attestation, arena, &data))
		return refuse(err, "this is no attestation");
	if (!is_for(data, place->rp_id))
		return refuse(err, "it is for another site");
	if ((data.ptr[RP_HASH_BYTES] & (FLAG_PRESENT | FLAG_VERIFIED)) != (FLAG_PRESENT | FLAG_VERIFIED))
		return refuse(err, "nobody was verified");
	if (!is_data_bounded(data) || !read_credential(data, arena, ret))
		return refuse(err, "this is no credential");
	return RESULT_OK;
}

static int verify(const fido_assert_t *assertion, const struct passkey *passkey)
{
	const uint8_t *key = passkey->public_key.ptr;
	size_t len = passkey->public_key.len;
	int result = FIDO_ERR_INVALID_ARGUMENT;

	if (passkey->algorithm == COSE_ES256) {
		es256_pk_t *pk = es256_pk_new();
		if (pk && es256_pk_from_ptr(pk, key, len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_ES256, pk);
		es256_pk_free(&pk);
	} else if (passkey->algorithm == COSE_EDDSA) {
		eddsa_pk_t *pk = eddsa_pk_new();
		if (pk && eddsa_pk_from_ptr(pk, key, len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_EDDSA, pk);
		eddsa_pk_free(&pk);
	} else if (passkey->algorithm == COSE_RS256) {
		rs256_pk_t *pk = rs256_pk_new();
		if (pk && rs256_pk_from_ptr(pk, key, len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_RS256, pk);
		rs256_pk_free(&pk);
	}
	return result;
}

enum result passkey_signed(const struct passkey_place *place, const struct passkey *passkey,
	struct str client_data, struct bytes authenticator_data, struct bytes signature, int64_t *ret_counter,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	TRY(check_client_data(place, PASSKEY_GET, client_data, err));
	if (!is_for(authenticator_data, place->rp_id))
		return refuse(err, "it is for another site");
	/* libfido2 looks for extensions here where a credential would be: there is none (WebAuthn 6.1). */
	if ((authenticator_data.ptr[RP_HASH_BYTES] & FLAG_ATTESTED) || !is_data_bounded(authenticator_data))
		return refuse(err, "these are no data of an authenticator");
	fido_assert_t *assertion = fido_assert_new();
	bool is_read = assertion && fido_assert_set_count(assertion, 1) == FIDO_OK &&
		       fido_assert_set_rp(assertion, arena_cstr(&arena, place->rp_id)) == FIDO_OK &&
		       fido_assert_set_clientdata(
			       assertion, (const uint8_t *)client_data.ptr, client_data.len) == FIDO_OK &&
		       fido_assert_set_authdata_raw(
			       assertion, 0, authenticator_data.ptr, authenticator_data.len) == FIDO_OK &&
		       fido_assert_set_sig(assertion, 0, signature.ptr, signature.len) == FIDO_OK &&
		       fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
		       fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK;
	bool is_right = is_read && verify(assertion, passkey) == FIDO_OK;
	if (is_right)
		*ret_counter = fido_assert_sigcount(assertion, 0);
	fido_assert_free(&assertion);
	return is_right ? RESULT_OK : refuse(err, "the signature is not right");
}
