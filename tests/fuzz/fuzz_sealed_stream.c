/* Damages a sealed stream and reads it. Whatever is done to it, what is read is the content or nothing, and a
 * stream that is not as it was never reads as a whole.
 *
 * Input: one byte that chooses the size of the content, then steps of five: what (1), an offset (3, big
 * endian), a value (1). Or the byte 255 and any bytes, which are opened as they are: only a stream sealed
 * here reads, which the fuzzer can learn, since comparisons show it what they compare. */
#include "base/mem.h"
#include "seal/stream.h"

#include <assert.h>
#include <string.h>

#define STEP_BYTES 5
#define CONTENT_BYTES_MAX 140000
#define SEALED_BYTES_MAX (CONTENT_BYTES_MAX + 4096)
#define READ_BYTES_MAX 70000

enum what { WHAT_CHANGE, WHAT_CUT, WHAT_APPEND, WHAT_COPY_CHUNK, WHAT_READ, WHAT_COUNT };

static const size_t sizes[] = {0, 1, 100, 65535, 65536, 65537, 131072, CONTENT_BYTES_MAX};
static const struct message_key key = {{1, 2, 3}};
static const struct id message = {{4, 5, 6}};
static struct buf content, sealed[COUNT_OF(sizes)];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal_all(void)
{
	assert(seal_init() == RESULT_OK);
	content = buf_new(CONTENT_BYTES_MAX);
	for (unsigned i = 0; content.len < CONTENT_BYTES_MAX; i++)
		buf_add_char(&content, (char)(i * 2654435761U >> 24));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		sealed[i] = buf_new(SEALED_BYTES_MAX);
		cleanup(seal_writer_free_at) struct seal_writer *writer =
			seal_writer_new(&key, message, writer_of_buf(&sealed[i]));
		assert(seal_writer_write(writer, str_sub(buf_str(&content), 0, sizes[i]), NULL) == RESULT_OK);
		assert(seal_writer_finish(writer, NULL) == RESULT_OK);
	}
}

static size_t offset_of(const uint8_t *step)
{
	return (size_t)step[1] << 16 | (size_t)step[2] << 8 | step[3];
}

static void damage(struct buf *stream, const uint8_t *step)
{
	enum { CHUNK = 65536 + 16, HEAD = 24 };
	size_t offset = offset_of(step), chunks = (stream->len - (stream->len ? HEAD : 0)) / CHUNK;

	switch ((enum what)(step[0] % WHAT_COUNT)) {
	case WHAT_CHANGE:
		if (stream->len)
			stream->data[offset % stream->len] =
				(char)(stream->data[offset % stream->len] ^ step[4]);
		break;
	case WHAT_CUT:
		stream->len = offset % (stream->len + 1);
		break;
	case WHAT_APPEND:
		buf_add_char(stream, (char)step[4]);
		break;
	case WHAT_COPY_CHUNK:
		if (stream->len > HEAD && chunks > 1)
			memmove(stream->data + HEAD + offset % chunks * CHUNK,
				stream->data + HEAD + step[4] % chunks * CHUNK, CHUNK);
		break;
	case WHAT_READ:
	case WHAT_COUNT:
		break;
	}
}

/* Reads and checks; whether it could be read. */
static bool read_some(const struct reader *plain, size_t offset, size_t size)
{
	static char got[CONTENT_BYTES_MAX];
	size_t len;

	if (reader_read(plain, offset, got, size, &len, NULL) != RESULT_OK)
		return false;
	struct str expected = str_sub(str_sub(buf_str(&content), 0, (size_t)plain->size), offset, size);
	assert(str_equal((struct str){got, len}, expected));
	return true;
}

static void open_damaged(
	const struct buf *stream, const struct buf *whole, const uint8_t *steps, size_t count)
{
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	struct bytes bytes = buf_bytes(stream);
	struct reader reader = reader_of_bytes(&bytes);
	bool is_whole = str_equal(buf_str(stream), buf_str(whole));

	if (seal_reader_new(&key, message, &reader, &opened, NULL) != RESULT_OK) {
		assert(!is_whole);
		return;
	}
	assert(stream->len == whole->len);
	struct reader plain = seal_reader_plain(opened);
	for (size_t i = 0; i < count; i++)
		if (steps[i * STEP_BYTES] % WHAT_COUNT == WHAT_READ)
			(void)read_some(&plain, offset_of(steps + i * STEP_BYTES),
				(size_t)steps[i * STEP_BYTES + 4] * READ_BYTES_MAX / 255);
	assert(read_some(&plain, 0, CONTENT_BYTES_MAX) == is_whole);
}

static void open_any(struct bytes stream)
{
	struct reader reader = reader_of_bytes(&stream);
	cleanup(seal_reader_free_at) struct seal_reader *opened = NULL;
	bool is_sealed_here = false;

	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		is_sealed_here |= str_equal(bytes_str(stream), buf_str(&sealed[i]));
	enum result r = seal_reader_new(&key, message, &reader, &opened, NULL);
	if (r != RESULT_OK) {
		assert(r == RESULT_INTERNAL && !is_sealed_here);
		return;
	}
	struct reader plain = seal_reader_plain(opened);
	assert(read_some(&plain, 0, CONTENT_BYTES_MAX) == is_sealed_here);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (content.len == 0)
		seal_all();
	if (size == 0)
		return 0;
	if (data[0] == 255) {
		open_any((struct bytes){data + 1, size - 1});
		return 0;
	}
	const struct buf *whole = &sealed[data[0] % COUNT_OF(sizes)];
	cleanup(buf_done) struct buf stream = buf_new(SEALED_BYTES_MAX);
	size_t count = (size - 1) / STEP_BYTES;
	buf_add(&stream, buf_str(whole));
	for (size_t i = 0; i < count; i++)
		damage(&stream, data + 1 + i * STEP_BYTES);
	open_damaged(&stream, whole, data + 1, count);
	return 0;
}
