/* Stored formats stay readable: these bytes were made from the descriptions in the heads of src/seal by a
 * program of their own. A format that changes takes a new version number; these must open for ever. */
#include "seal/box.h"
#include "seal/random.h"
#include "seal/stream.h"
#include "tests/unit/seal/seal_unit.h"
#include "tests/unit/temporary_folder.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The key is the bytes 0 to 31, the record or message 100 to 115, the holder 200 to 215. */
static uint8_t key[SEAL_KEY_BYTES];
static struct id record, holder;

static struct bytes from_hex(const char *hex)
{
	static uint8_t data[512];
	size_t len;

	assert_int_equal(sodium_hex2bin(data, sizeof(data), hex, strlen(hex), NULL, &len, NULL), 0);
	return (struct bytes){data, len};
}

static void boxes_of_version_1_open(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message_key message_key;
	struct bytes plain;

	(void)state;
	memcpy(message_key.b, key, sizeof(key));
	struct bytes box =
		from_hex("0132333435363738393a3b3c3d3e3f40414243444546474849b00559cf9f58c4c2dc77ac03"
			 "eacaf0fdc69a544151e2f6fc24");
	assert_ok(box_open(&message_key, (struct box_context){"list", record}, box, &arena, &plain, NULL));
	assert_str(bytes_str(plain), "a subject");
}

static void wraps_of_version_1_open(void **state)
{
	struct root_key root;
	struct account_key account;
	struct message_key message_key;
	uint8_t expected[SEAL_KEY_BYTES];

	(void)state;
	memcpy(root.b, key, sizeof(key));
	struct bytes wrap =
		from_hex("0132333435363738393a3b3c3d3e3f40414243444546474849fa80f5436a98af486d503ba"
			 "b9de8a1a3f5bd24cb0dc209e324438cd2d6e1492663f0749da33b737218cea86f8741f0d0");
	assert_ok(account_key_unwrap(&root, record, wrap, &account, NULL));
	memset(expected, 9, sizeof(expected));
	assert_memory_equal(account.b, expected, sizeof(expected));

	memcpy(account.b, key, sizeof(key));
	wrap = from_hex(
		"0132333435363738393a3b3c3d3e3f40414243444546474849f48efb4d6496a146635e35a593e6afadfbb32"
		"ac503cc07ed2a4d82dcd8ef47285ac0ba68064298b3c43a2b5a6b3fcb8b");
	assert_ok(message_key_unwrap(&account, record, holder, wrap, &message_key, NULL));
	memset(expected, 7, sizeof(expected));
	assert_memory_equal(message_key.b, expected, sizeof(expected));
}

static void streams_of_version_1_open(void **state)
{
	cleanup(buf_done) struct buf plain = buf_new(100);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	struct message_key message_key;

	(void)state;
	memcpy(message_key.b, key, sizeof(key));
	struct bytes sealed =
		from_hex("53505301000102030405060708090a0b0c0d0e0f1011120081d9d67bb18bdb80fcc20ae9a"
			 "da672bc77a1c56fc661b016bf5ccf");
	struct reader reader = reader_of_bytes(&sealed);
	assert_ok(seal_reader_new(&message_key, record, &reader, &opened, NULL));
	struct reader content = seal_reader_plain(opened);
	assert_ok(reader_to_buf(&content, 0, content.size, &plain, NULL));
	assert_str(buf_str(&plain), "Hello Carol");
}

static void macs_and_hashes_stay_the_same(void **state)
{
	struct account_key account;
	uint8_t mac[SEAL_MAC_BYTES], hash[HASH_BYTES];

	(void)state;
	memcpy(account.b, key, sizeof(key));
	account_mac(&account, "purpose", str_bytes(STR("data")), mac);
	struct bytes expected = from_hex("d3f5dcc1c9a459dfcb9c526d2ece57611879f5850309faed0bbe97912258ef90");
	assert_memory_equal(mac, expected.ptr, sizeof(mac));
	hash_bytes(str_bytes(STR("abc")), hash);
	expected = from_hex("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	assert_memory_equal(hash, expected.ptr, sizeof(hash));
}

static void root_key_files_of_version_1_load(void **state)
{
	static const char line[] =
		"sealpost-root-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh/zmiytWEEc1A==\n";
	char path[64];
	struct root_key root;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/root.key", temporary_folder());
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(close(fd), 0);
	assert_ok(root_key_load(path, &root, NULL));
	assert_memory_equal(root.b, key, sizeof(key));
}

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < ID_BYTES; i++) {
		record.b[i] = (uint8_t)(100 + i);
		holder.b[i] = (uint8_t)(200 + i);
	}
	return seal_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boxes_of_version_1_open),
		cmocka_unit_test(wraps_of_version_1_open),
		cmocka_unit_test(streams_of_version_1_open),
		cmocka_unit_test(macs_and_hashes_stay_the_same),
		cmocka_unit_test(root_key_files_of_version_1_load),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
