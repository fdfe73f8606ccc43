/* Bytes that are read at any offset or written in order, whatever they stand on: memory, a sealed stream, a
 * file, a socket. Interfaces are small values; whoever made the context owns it and outlives them. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/buf.h"
#include "base/result.h"
#include "base/str.h"

struct reader {
	/* Reads up to `size` bytes at `offset`; fewer only at the end. Results: OK, GONE (destroyed
	 * meanwhile), INTERNAL (tampered or damaged), UNAVAILABLE. */
	enum result (*read_at)(
		void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err);
	void *context;
	uint64_t size; /* bytes in all */
};

struct writer {
	/* Takes all of it or fails. Results: OK, TOO_LARGE, UNAVAILABLE, INTERNAL. */
	enum result (*write)(void *context, const void *data, size_t size, struct err *err);
	void *context;
};

static inline enum result must_check reader_read(const struct reader *reader, uint64_t offset, void *data,
	size_t size, size_t *ret_read, struct err *err)
{
	return reader->read_at(reader->context, offset, data, size, ret_read, err);
}

static inline enum result must_check writer_write(const struct writer *writer, struct str s, struct err *err)
{
	return s.len ? writer->write(writer->context, s.ptr, s.len, err) : RESULT_OK;
}

/* A reader over memory; the slice must outlive it. */
struct reader reader_of_bytes(const struct bytes *bytes);

/* What a reader over memory reads, without a copy; false for every other reader. */
bool reader_memory(const struct reader *reader, struct str *ret);

/* A writer that appends to a buffer; TOO_LARGE past its limit. */
struct writer writer_of_buf(struct buf *buf);

/* Copies `len` bytes from `offset` on, in pieces of at most 64 KiB; INVALID when the reader ends before. */
enum result reader_copy(const struct reader *reader, uint64_t offset, uint64_t len,
	const struct writer *writer, struct err *err) must_check;

/* Reads `len` bytes from `offset` on, all of them, into a buffer. */
enum result reader_to_buf(const struct reader *reader, uint64_t offset, uint64_t len, struct buf *buf,
	struct err *err) must_check;

#endif
