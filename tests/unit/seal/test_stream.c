#include "seal/random.h"
#include "seal/stream.h"
#include "tests/unit/seal/seal_unit.h"

#include <string.h>

#define STREAM_LIMIT ((size_t)1 << 20)

/* Numbers with commas, so that every part differs. */
static void fill(struct buf *plain, size_t size)
{
	for (size_t i = 0; plain->len < size; i++)
		buf_printf(plain, "%zu,", i);
	plain->len = size;
}

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

/* Opens and reads the whole stream into the buffer. */
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
	fill(&plain, 200000);
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
	char got[70000];
	size_t len;

	(void)state;
	message_key_new(&key);
	fill(&plain, 300000);
	seal_stream(&key, message, buf_str(&plain), &sealed);
	struct bytes bytes = buf_bytes(&sealed);
	struct reader reader = reader_of_bytes(&bytes);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	assert_ok(seal_reader_new(&key, message, &reader, &opened, NULL));
	struct reader content = seal_reader_plain(opened);
	for (int i = 0; i < 300; i++) {
		size_t at = random_below(300000), size = random_below(sizeof(got));
		assert_ok(reader_read(&content, at, got, size, &len, NULL));
		assert_true(str_equal((struct str){got, len}, str_sub(buf_str(&plain), at, size)));
	}
	assert_ok(reader_read(&content, 300000, got, sizeof(got), &len, NULL));
	assert_int_equal(len, 0);
	assert_ok(reader_read(&content, UINT64_MAX, got, sizeof(got), &len, NULL));
	assert_int_equal(len, 0);
}

static void every_changed_byte_and_every_cut_is_refused(void **state)
{
	cleanup(buf_done) struct buf sealed = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	seal_stream(&key, message, STR("Hello Carol, the price is forty-two."), &sealed);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
		sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(open_stream(&key, message, buf_bytes(&sealed), &back), RESULT_INTERNAL);
		assert_int_equal(back.len, 0);
		sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t len = 0; len < sealed.len; len++) {
		cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
		struct bytes cut = {(const uint8_t *)sealed.data, len};
		assert_int_equal(open_stream(&key, message, cut, &back), RESULT_INTERNAL);
		assert_int_equal(back.len, 0);
	}
	for (size_t more = 1; more <= 40; more++) {
		cleanup(buf_done) struct buf back = buf_new(STREAM_LIMIT);
		buf_add_char(&sealed, 0);
		assert_int_equal(open_stream(&key, message, buf_bytes(&sealed), &back), RESULT_INTERNAL);
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
	fill(&plain, 200000);
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

static void every_cut_of_many_chunks_is_refused_when_opened(void **state)
{
	enum { CHUNK = 65536 + 16, HEAD = 24 };
	static const size_t near[] = {0, HEAD, HEAD + CHUNK, HEAD + 2 * CHUNK, HEAD + 3 * CHUNK};
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT), sealed = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	fill(&plain, (size_t)3 * 65536);
	seal_stream(&key, message, buf_str(&plain), &sealed);
	assert_int_equal(sealed.len, HEAD + 3 * CHUNK);
	for (size_t i = 0; i < COUNT_OF(near); i++)
		for (size_t len = near[i] < 40 ? 0 : near[i] - 40; len < near[i] + 40 && len < sealed.len;
			len++) {
			struct bytes cut = {(const uint8_t *)sealed.data, len};
			struct reader reader = reader_of_bytes(&cut);
			struct seal_reader *opened = NULL;
			struct err err = {0};
			assert_int_equal(
				seal_reader_new(&key, message, &reader, &opened, &err), RESULT_INTERNAL);
			assert_string_equal(err.code, "sealed-damaged");
			assert_null(opened);
		}
}

static void a_damaged_chunk_gives_nothing_and_the_others_all(void **state)
{
	enum { CHUNK = 65536 + 16, HEAD = 24 };
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT), sealed = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);
	char got[100], untouched[100];
	size_t len = 12345;

	(void)state;
	message_key_new(&key);
	fill(&plain, 200000);
	seal_stream(&key, message, buf_str(&plain), &sealed);
	sealed.data[HEAD + CHUNK + 777] ^= 1; /* in the second chunk */
	struct bytes bytes = buf_bytes(&sealed);
	struct reader reader = reader_of_bytes(&bytes);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	assert_ok(seal_reader_new(&key, message, &reader, &opened, NULL));
	struct reader content = seal_reader_plain(opened);
	memset(got, '?', sizeof(got));
	memset(untouched, '?', sizeof(untouched));
	/* Twice, since nothing of a refused chunk may stay in the cache. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			reader_read(&content, 65536 + 40000, got, sizeof(got), &len, NULL), RESULT_INTERNAL);
	assert_memory_equal(got, untouched, sizeof(got));
	assert_int_equal(len, 12345);
	for (size_t at = 0; at < 200000; at += 131072) {
		assert_ok(reader_read(&content, at, got, sizeof(got), &len, NULL));
		assert_true(str_equal((struct str){got, len}, str_sub(buf_str(&plain), at, sizeof(got))));
	}
}

struct failing {
	struct buf *buf;
	size_t writes_left;
};

static enum result failing_write(void *context, const void *data, size_t size, struct err *err)
{
	struct failing *failing = context;

	if (failing->writes_left-- == 0)
		return err_code(err, RESULT_UNAVAILABLE, "disk-full", "no room");
	buf_add_bytes(failing->buf, data, size);
	return RESULT_OK;
}

static void a_failing_sink_comes_through_and_leaves_no_whole_stream(void **state)
{
	cleanup(buf_done) struct buf plain = buf_new(STREAM_LIMIT);
	struct message_key key;
	struct id message = id_new(1);

	(void)state;
	message_key_new(&key);
	fill(&plain, 150000);
	/* Head and three chunks are four writes. */
	for (size_t writes = 0; writes <= 4; writes++) {
		cleanup(buf_done) struct buf sealed = buf_new(STREAM_LIMIT), back = buf_new(STREAM_LIMIT);
		struct failing failing = {&sealed, writes};
		cleanup(seal_writer_free_at) struct seal_writer *writer =
			seal_writer_new(&key, message, (struct writer){failing_write, &failing});
		enum result result = seal_writer_write(writer, buf_str(&plain), NULL);
		if (result == RESULT_OK)
			result = seal_writer_finish(writer, NULL);
		assert_int_equal(result, writes < 4 ? RESULT_UNAVAILABLE : RESULT_OK);
		assert_int_equal(open_stream(&key, message, buf_bytes(&sealed), &back),
			writes < 4 ? RESULT_INTERNAL : RESULT_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_of_every_size_come_back),
		cmocka_unit_test(any_range_opens_without_the_rest),
		cmocka_unit_test(every_changed_byte_and_every_cut_is_refused),
		cmocka_unit_test(chunks_cannot_be_cut_off_exchanged_or_moved),
		cmocka_unit_test(every_cut_of_many_chunks_is_refused_when_opened),
		cmocka_unit_test(a_damaged_chunk_gives_nothing_and_the_others_all),
		cmocka_unit_test(a_failing_sink_comes_through_and_leaves_no_whole_stream),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
