#include "tests/unit/seal/seal_unit.h"
#include "tests/unit/temporary_folder.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void wraps_open_for_their_holder_only(void **state)
{
	struct account_key account;
	struct message_key key, back;
	struct id message = id_new(1), holder = id_new(1);
	uint8_t wrap[SEAL_WRAP_BYTES];
	struct bytes bytes = {wrap, sizeof(wrap)};

	(void)state;
	account_key_new(&account);
	message_key_new(&key);
	message_key_wrap(&account, message, holder, &key, wrap);
	assert_ok(message_key_unwrap(&account, message, holder, bytes, &back, NULL));
	assert_memory_equal(key.b, back.b, sizeof(key.b));
	assert_int_equal(
		message_key_unwrap(&account, message, id_new(1), bytes, &back, NULL), RESULT_INTERNAL);
	assert_int_equal(
		message_key_unwrap(&account, id_new(1), holder, bytes, &back, NULL), RESULT_INTERNAL);
	for (size_t i = 0; i < sizeof(wrap); i++) {
		wrap[i] ^= 0x80;
		assert_int_equal(
			message_key_unwrap(&account, message, holder, bytes, &back, NULL), RESULT_INTERNAL);
		wrap[i] ^= 0x80;
	}
	bytes.len--;
	assert_int_equal(message_key_unwrap(&account, message, holder, bytes, &back, NULL), RESULT_INTERNAL);
}

static void wraps_cannot_be_exchanged(void **state)
{
	struct account_key account;
	struct message_key keys[2], back = {{7}}, before = back;
	struct id messages[2], holders[2];
	uint8_t wraps[2][2][SEAL_WRAP_BYTES];

	(void)state;
	account_key_new(&account);
	for (size_t m = 0; m < 2; m++) {
		messages[m] = id_new(1);
		holders[m] = id_new(1);
		message_key_new(&keys[m]);
	}
	for (size_t m = 0; m < 2; m++)
		for (size_t h = 0; h < 2; h++)
			message_key_wrap(&account, messages[m], holders[h], &keys[m], wraps[m][h]);
	for (size_t i = 0; i < 16; i++) {
		size_t m = i & 1, h = i >> 1 & 1, as_m = i >> 2 & 1, as_h = i >> 3;
		struct bytes wrap = {wraps[m][h], SEAL_WRAP_BYTES};
		if (m == as_m && h == as_h)
			continue;
		assert_int_equal(
			message_key_unwrap(&account, messages[as_m], holders[as_h], wrap, &back, NULL),
			RESULT_INTERNAL);
		assert_memory_equal(&back, &before, sizeof(back));
	}
	/* Nor the message and its holder with each other. */
	struct bytes wrap = {wraps[0][0], SEAL_WRAP_BYTES};
	assert_int_equal(
		message_key_unwrap(&account, holders[0], messages[0], wrap, &back, NULL), RESULT_INTERNAL);
}

static void account_keys_need_their_root_key(void **state)
{
	struct root_key root = {{1}}, other = {{2}};
	struct account_key key, back;
	struct id account = id_new(1);
	uint8_t wrap[SEAL_WRAP_BYTES];
	struct bytes bytes = {wrap, sizeof(wrap)};
	struct err err;

	(void)state;
	account_key_new(&key);
	account_key_wrap(&root, account, &key, wrap);
	assert_ok(account_key_unwrap(&root, account, bytes, &back, &err));
	assert_int_equal(account_key_unwrap(&other, account, bytes, &back, &err), RESULT_INTERNAL);
	assert_string_equal(err.code, "wrong-root-key");
	assert_int_equal(account_key_unwrap(&root, id_new(1), bytes, &back, &err), RESULT_INTERNAL);
	/* What is wrapped as an account's key is no message's key, even under the same bytes. */
	struct account_key same;
	struct message_key none;
	memcpy(same.b, root.b, sizeof(same.b));
	assert_int_equal(
		message_key_unwrap(&same, account, (struct id){0}, bytes, &none, &err), RESULT_INTERNAL);
	assert_string_equal(err.code, "sealed-damaged");
}

/* In a folder where nothing else is. */
static const char *path_of_key(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s/root.key", temporary_folder());
	return path;
}

static void write_file(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void root_key_files_are_kept_safe(void **state)
{
	const char *path = path_of_key();
	struct root_key key, again;
	struct stat facts;

	(void)state;
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_NOT_FOUND);
	assert_ok(root_key_create(path, NULL));
	assert_int_equal(root_key_create(path, NULL), RESULT_CONFLICT);
	assert_int_equal(stat(path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
	assert_ok(root_key_load(path, &key, NULL));
	assert_ok(root_key_load(path, &again, NULL));
	assert_memory_equal(key.b, again.b, sizeof(key.b));
	assert_int_equal(unlink(path), 0);
	assert_ok(root_key_create(path, NULL));
	assert_ok(root_key_load(path, &again, NULL));
	assert_memory_not_equal(key.b, again.b, sizeof(key.b));
	assert_int_equal(root_key_create("/nowhere/root.key", NULL), RESULT_UNAVAILABLE);
	assert_int_equal(root_key_load(temporary_folder(), &key, NULL), RESULT_UNAVAILABLE);
}

static void root_keys_that_others_may_read_are_refused(void **state)
{
	static const mode_t refused[] = {0640, 0604, 0620, 0602, 0610, 0644, 0660, 0666, 0444, 0404};
	static const mode_t taken[] = {0600, 0400};
	const char *path = path_of_key();
	struct root_key key;
	struct err err;

	(void)state;
	assert_ok(root_key_create(path, NULL));
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		assert_int_equal(chmod(path, refused[i]), 0);
		assert_int_equal(root_key_load(path, &key, &err), RESULT_DENIED);
		assert_non_null(strstr(err.text, "chmod 600"));
	}
	for (size_t i = 0; i < COUNT_OF(taken); i++) {
		assert_int_equal(chmod(path, taken[i]), 0);
		assert_ok(root_key_load(path, &key, NULL));
	}
	/* As systemd gives a credential; of any other group it is one more reader. */
	assert_int_equal(chmod(path, 0440), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 0, 0), 0);
		assert_ok(root_key_load(path, &key, NULL));
		assert_int_equal(chown(path, 0, 1), 0);
		assert_int_equal(root_key_load(path, &key, NULL), RESULT_DENIED);
		assert_int_equal(chown(path, 1, 0), 0);
	}
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_DENIED);
}

static void every_change_of_a_root_key_file_is_noticed(void **state)
{
	const char *path = path_of_key();
	char line[256], zeros[300] = {0};
	struct root_key key = {{5}}, before = key;

	(void)state;
	assert_ok(root_key_create(path, NULL));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(line, 1, sizeof(line), file);
	(void)fclose(file);
	assert_int_equal(line[len - 1], '\n');
	for (size_t i = 0; i < len; i++) {
		line[i] ^= 1;
		write_file(path, line, len);
		assert_int_equal(root_key_load(path, &key, NULL), RESULT_INVALID);
		line[i] ^= 1;
	}
	for (size_t cut = 0; cut < len - 1; cut++) {
		write_file(path, line, cut);
		assert_int_equal(root_key_load(path, &key, NULL), RESULT_INVALID);
	}
	write_file(path, zeros, sizeof(zeros));
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_INVALID);
	assert_memory_equal(&key, &before, sizeof(key));
	write_file(path, line, len - 1); /* without the end of line it is still whole */
	assert_ok(root_key_load(path, &key, NULL));
}

static void a_root_key_that_finds_no_room_leaves_no_file(void **state)
{
	const char *folder = temporary_folder();
	struct rlimit before, small;
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/root.key", folder);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){10, before.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum result result = root_key_create(path, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_UNAVAILABLE);
	assert_int_equal(rmdir(folder), 0);
}

static void a_mac_is_of_its_purpose_and_its_account(void **state)
{
	struct account_key account, other;
	uint8_t one[SEAL_MAC_BYTES], two[SEAL_MAC_BYTES];
	struct bytes data = str_bytes(STR("data"));

	(void)state;
	account_key_new(&account);
	account_key_new(&other);
	account_mac(&account, "return address", data, one);
	account_mac(&account, "return address", data, two);
	assert_memory_equal(one, two, sizeof(one));
	account_mac(&account, "fingerprint", data, two);
	assert_memory_not_equal(one, two, sizeof(one));
	account_mac(&other, "return address", data, two);
	assert_memory_not_equal(one, two, sizeof(one));
	account_mac(&account, "return address", str_bytes(STR("date")), two);
	assert_memory_not_equal(one, two, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_open_for_their_holder_only),
		cmocka_unit_test(wraps_cannot_be_exchanged),
		cmocka_unit_test(account_keys_need_their_root_key),
		cmocka_unit_test(root_key_files_are_kept_safe),
		cmocka_unit_test(root_keys_that_others_may_read_are_refused),
		cmocka_unit_test(every_change_of_a_root_key_file_is_noticed),
		cmocka_unit_test(a_root_key_that_finds_no_room_leaves_no_file),
		cmocka_unit_test(a_mac_is_of_its_purpose_and_its_account),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
