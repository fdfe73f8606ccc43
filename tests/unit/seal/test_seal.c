#include "base/mem.h"
#include "seal/box.h"
#include "seal/password.h"
#include "seal/random.h"
#include "seal/stream.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAM_LIMIT ((size_t)1 << 20)

/* Seals `plain` as a stream for the message into buf. */
static void seal_stream(const struct message_key *key, struct id message, struct str plain, struct buf *buf)
{
	cleanup(seal_writer_free_at) struct seal_writer *writer =
		seal_writer_new(key, message, writer_of_buf(buf));

	/* In pieces of odd sizes, so that chunk borders fall everywhere. */
	for (size_t at = 0; at < plain.len; at += 4099)
		assert_ok(seal_writer_write(writer, str_sub(plain, at, 4099), NULL));
	assert_ok(seal_writer_finish(writer, NULL));
	assert_int_equal(seal_writer_plain_size(writer), plain.len);
	assert_int_equal(seal_writer_sealed_size(writer), buf->len);
}

/* Opens and reads the whole stream; what was read goes to *ret_got. */
static enum result open_stream(
	const struct message_key *key, struct id message, struct bytes sealed, struct buf *plain)
{
	struct reader reader = reader_of_bytes(&sealed);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;

	TRY(seal_reader_new(key, message, &reader, &opened, NULL));
	struct reader content = seal_reader_plain(opened);
	return reader_to_buf(&content, 0, content.size, plain, NULL);
}

static void streams_of_every_size_come_back(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 200000};
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	for (size_t i = 0; plain.len < 200000; i++)
		buf_printf(&plain, "%zu,", i);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		cleanup(buf_done) struct buf sealed = buf_new(STREAM_LIMIT), back = buf_new(STREAM_LIMIT);
		struct str part = str_sub(buf_str(&plain), 0, sizes[i]);
		seal_stream(&key, message, part, &sealed);
		assert_ok(open_stream(&key, message, buf_bytes(&sealed), &back));
		assert_true(str_equal(buf_str(&back), part));
	}
}

static void any_range_opens_without_the_rest(void **state)
{
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT), sealed = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);
	char got[1000];
	size_t len;

	(void)state;
	message_key_new(&key);
	for (size_t i = 0; plain.len < 300000; i++)
		buf_printf(&plain, "%zu,", i);
	seal_stream(&key, message, buf_str(&plain), &sealed);
	struct bytes bytes = buf_bytes(&sealed);
	struct reader reader = reader_of_bytes(&bytes);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	assert_ok(seal_reader_new(&key, message, &reader, &opened, NULL));
	struct reader content = seal_reader_plain(opened);
	for (int i = 0; i < 300; i++) {
		size_t at = random_below(300000);
		assert_ok(reader_read(&content, at, got, sizeof(got), &len, NULL));
		assert_true(str_equal((struct str){got, len}, str_sub(buf_str(&plain), at, sizeof(got))));
	}
}

static void every_changed_byte_and_every_cut_is_refused(void **state)
{
	cleanup(buf_done) struct buf sealed = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	seal_stream(&key, message, STR("Hello Carol, the price is forty-two."), &sealed);
	for (size_t i = 0; i < sealed.len; i++) {
		cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
		sealed.data[i] ^= 1;
		assert_int_equal(open_stream(&key, message, buf_bytes(&sealed), &back), RESULT_INTERNAL);
		assert_int_equal(back.len, 0);
		sealed.data[i] ^= 1;
	}
	for (size_t len = 0; len < sealed.len; len++) {
		cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
		struct bytes cut = {(const uint8_t *)sealed.data, len};
		assert_int_equal(open_stream(&key, message, cut, &back), RESULT_INTERNAL);
		assert_int_equal(back.len, 0);
	}
}

static void chunks_cannot_be_cut_off_exchanged_or_moved(void **state)
{
	enum { CHUNK = 65536 + 16, HEAD = 24 };
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT), sealed = buf_new(STREAM_LIMIT);
	cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
	struct message_key key, other;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	message_key_new(&other);
	for (size_t i = 0; plain.len < 200000; i++)
		buf_printf(&plain, "%zu,", i);
	seal_stream(&key, message, buf_str(&plain), &sealed);
	/* Cut exactly behind a chunk. */
	struct bytes cut = {(const uint8_t *)sealed.data, HEAD + 2 * CHUNK};
	assert_int_equal(open_stream(&key, message, cut, &back), RESULT_INTERNAL);
	/* Another message's identifier, another key. */
	assert_int_equal(open_stream(&key, id_new(1), buf_bytes(&sealed), &back), RESULT_INTERNAL);
	assert_int_equal(open_stream(&other, message, buf_bytes(&sealed), &back), RESULT_INTERNAL);
	assert_int_equal(back.len, 0);
	/* The first two chunks exchanged. */
	char *exchange = mem_new(CHUNK);
	memcpy(exchange, sealed.data + HEAD, CHUNK);
	memcpy(sealed.data + HEAD, sealed.data + HEAD + CHUNK, CHUNK);
	memcpy(sealed.data + HEAD + CHUNK, exchange, CHUNK);
	free(exchange);
	assert_int_equal(open_stream(&key, message, buf_bytes(&sealed), &back), RESULT_INTERNAL);
	assert_int_equal(back.len, 0);
}

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

static void boxes_open_in_their_place_only(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message_key key;
	struct box_context context = {"list", id_new(1)};
	struct bytes plain;

	(void)state;
	message_key_new(&key);
	struct bytes box = box_seal(&key, context, str_bytes(STR("a subject")), &arena);
	assert_ok(box_open(&key, context, box, &arena, &plain, NULL));
	assert_str(bytes_str(plain), "a subject");
	struct box_context elsewhere[] = {{"head", context.record}, {"list", id_new(1)}};
	for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
		assert_int_equal(box_open(&key, elsewhere[i], box, &arena, &plain, NULL), RESULT_INTERNAL);
	for (size_t i = 0; i < box.len; i++) {
		((uint8_t *)(uintptr_t)box.ptr)[i] ^= 4;
		assert_int_equal(box_open(&key, context, box, &arena, &plain, NULL), RESULT_INTERNAL);
		((uint8_t *)(uintptr_t)box.ptr)[i] ^= 4;
		struct bytes cut = {box.ptr, i};
		assert_int_equal(box_open(&key, context, cut, &arena, &plain, NULL), RESULT_INTERNAL);
	}
}

static void root_key_files_are_kept_safe(void **state)
{
	char folder[] = "/tmp/sealpost-test-XXXXXX", path[64];
	struct root_key key, again;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/root.key", folder);
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_NOT_FOUND);
	assert_ok(root_key_create(path, NULL));
	assert_int_equal(root_key_create(path, NULL), RESULT_CONFLICT);
	assert_ok(root_key_load(path, &key, NULL));
	assert_ok(root_key_load(path, &again, NULL));
	assert_memory_equal(key.b, again.b, sizeof(key.b));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_DENIED);
	assert_int_equal(chmod(path, 0600), 0);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	(void)fseek(file, 30, SEEK_SET);
	(void)fputc('!', file);
	(void)fclose(file);
	assert_int_equal(root_key_load(path, &key, NULL), RESULT_INVALID);
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
}

static void passwords_verify(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str hash;

	(void)state;
	assert_ok(password_hash(STR("correct horse"), &arena, &hash, NULL));
	assert_ok(password_verify(hash, STR("correct horse"), NULL));
	assert_int_equal(password_verify(hash, STR("correct house"), NULL), RESULT_DENIED);
	assert_int_equal(password_verify(STR_NONE, STR("correct horse"), NULL), RESULT_DENIED);
	assert_int_equal(password_verify(hash, STR_NONE, NULL), RESULT_DENIED);
}

static int setup(void **state)
{
	(void)state;
	return seal_init() == RESULT_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_of_every_size_come_back),
		cmocka_unit_test(any_range_opens_without_the_rest),
		cmocka_unit_test(every_changed_byte_and_every_cut_is_refused),
		cmocka_unit_test(chunks_cannot_be_cut_off_exchanged_or_moved),
		cmocka_unit_test(wraps_open_for_their_holder_only),
		cmocka_unit_test(boxes_open_in_their_place_only),
		cmocka_unit_test(root_key_files_are_kept_safe),
		cmocka_unit_test(account_keys_need_their_root_key),
		cmocka_unit_test(passwords_verify),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
