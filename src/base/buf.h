/* A growing buffer that is born with its limit. Past the limit nothing is added and the buffer remembers it,
 * so a caller may append freely and ask once at the end:
 *
 *	cleanup(buf_done) struct buf b = buf_new(LIMIT_HEADER_BYTES);
 *	buf_add(&b, line);
 *	if (b.overflow)
 *		return err_set(err, RESULT_TOO_LARGE, …);
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *data; /* NUL-terminated once anything was added; NULL before */
	size_t len;
	size_t room;
	size_t touched; /* of the room: bytes that were ever written */
	size_t limit;	/* bytes */
	bool overflow;
	bool is_public; /* not wiped */
};

static inline struct buf buf_new(size_t limit)
{
	return (struct buf){.limit = limit};
}

/* For what anybody may see, as sealed bytes. */
static inline struct buf buf_new_public(size_t limit)
{
	return (struct buf){.limit = limit, .is_public = true};
}

/* Wipes and frees; the buffer is empty afterwards and keeps its limit. */
void buf_done(struct buf *buf);

/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *buf);

/* Makes room for as much in all, so that the bytes are not moved while they grow to that (clamped). */
void buf_reserve(struct buf *buf, size_t len);

void buf_add(struct buf *buf, struct str s);
void buf_add_bytes(struct buf *buf, const void *data, size_t len);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first `len` bytes (clamped). */
void buf_drop(struct buf *buf, size_t len);

static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){buf->data, buf->len};
}

static inline struct bytes buf_bytes(const struct buf *buf)
{
	return (struct bytes){(const uint8_t *)buf->data, buf->len};
}

#endif
