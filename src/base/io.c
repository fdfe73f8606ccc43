#include "base/io.h"

#include "base/mem.h"

#include <string.h>

#define COPY_PIECE_BYTES ((size_t)64 * 1024)

static enum result bytes_read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	const struct bytes *bytes = context;
	size_t left = offset < bytes->len ? bytes->len - (size_t)offset : 0;
	size_t take = size < left ? size : left;

	(void)err;
	if (take)
		memcpy(data, bytes->ptr + offset, take);
	*ret_read = take;
	return RESULT_OK;
}

struct reader reader_of_bytes(const struct bytes *bytes)
{
	return (struct reader){bytes_read_at, (void *)(uintptr_t)bytes, bytes->len};
}

bool reader_memory(const struct reader *reader, struct str *ret)
{
	if (reader->read_at != bytes_read_at)
		return false;
	*ret = bytes_str(*(const struct bytes *)reader->context);
	return true;
}

static enum result buf_write(void *context, const void *data, size_t size, struct err *err)
{
	struct buf *buf = context;

	buf_add_bytes(buf, data, size);
	return buf->overflow ? err_set(err, RESULT_TOO_LARGE, "more than %zu bytes", buf->limit) : RESULT_OK;
}

struct writer writer_of_buf(struct buf *buf)
{
	return (struct writer){buf_write, buf};
}

enum result reader_copy(const struct reader *reader, uint64_t offset, uint64_t len,
	const struct writer *writer, struct err *err)
{
	cleanup(mem_free_at) char *piece = mem_new(COPY_PIECE_BYTES);

	while (len > 0) {
		size_t want = len < COPY_PIECE_BYTES ? (size_t)len : COPY_PIECE_BYTES, got;
		TRY(reader_read(reader, offset, piece, want, &got, err));
		if (got == 0)
			return err_set(err, RESULT_INVALID, "ends %llu bytes early", (unsigned long long)len);
		TRY(writer_write(writer, (struct str){piece, got}, err));
		offset += got;
		len -= got;
	}
	return RESULT_OK;
}

enum result reader_to_buf(
	const struct reader *reader, uint64_t offset, uint64_t len, struct buf *buf, struct err *err)
{
	struct writer writer = writer_of_buf(buf);

	return reader_copy(reader, offset, len, &writer, err);
}
