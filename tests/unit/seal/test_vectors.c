/* The library's XChaCha20-Poly1305, which everything sealed stands on, against the vectors of Wycheproof. */
#include "tests/unit/seal/seal_unit.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define FIELD_BYTES_MAX 1024

struct field {
	uint8_t data[FIELD_BYTES_MAX];
	size_t len;
};

static struct field field_of(const json_t *vector, const char *name)
{
	struct field field;
	const char *hex = json_string_value(json_object_get(vector, name));

	assert_non_null(hex);
	assert_int_equal(
		sodium_hex2bin(field.data, sizeof(field.data), hex, strlen(hex), NULL, &field.len, NULL), 0);
	return field;
}

static void try_vector(const json_t *vector)
{
	struct field key = field_of(vector, "key"), nonce = field_of(vector, "iv"),
		     aad = field_of(vector, "aad");
	struct field plain = field_of(vector, "msg"), sealed = field_of(vector, "ct");
	struct field tag = field_of(vector, "tag");
	uint8_t opened[FIELD_BYTES_MAX], again[FIELD_BYTES_MAX + TAG_BYTES];
	bool is_valid = strcmp(json_string_value(json_object_get(vector, "result")), "valid") == 0;

	assert_int_equal(key.len, KEY_BYTES);
	assert_int_equal(tag.len, TAG_BYTES);
	assert_true(sealed.len + tag.len <= FIELD_BYTES_MAX);
	memcpy(sealed.data + sealed.len, tag.data, tag.len);
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, sealed.data,
		sealed.len + tag.len, aad.data, aad.len, nonce.data, key.data);
	if (failed == is_valid || (is_valid && memcmp(opened, plain.data, plain.len) != 0))
		fail_msg("vector %d", (int)json_integer_value(json_object_get(vector, "tcId")));
	if (!is_valid)
		return;
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
		again, NULL, plain.data, plain.len, aad.data, aad.len, NULL, nonce.data, key.data);
	assert_memory_equal(again, sealed.data, sealed.len + tag.len);
}

static void the_vectors_of_wycheproof_hold(void **state)
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	char path[4096];
	size_t g, v, tried = 0;
	json_t *group, *vector;

	(void)state;
	(void)snprintf(
		path, sizeof(path), "%s/wycheproof/xchacha20_poly1305_test.json", corpora ? corpora : "");
	json_t *file = json_load_file(path, 0, NULL);
	if (file == NULL) {
		print_message("skipped: no %s\n", path);
		skip();
	}
	json_array_foreach(json_object_get(file, "testGroups"), g, group)
	{
		/* The others have nonces of a size that the interface does not take. */
		if (json_integer_value(json_object_get(group, "ivSize")) != NONCE_BYTES * 8)
			continue;
		json_array_foreach(json_object_get(group, "tests"), v, vector)
		{
			try_vector(vector);
			tried++;
		}
	}
	json_decref(file);
	assert_true(tried > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_wycheproof_hold),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
