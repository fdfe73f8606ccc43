#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void wipe_and_free(struct buf *buf)
{
	if (buf->data && !buf->is_public)
		explicit_bzero(buf->data, buf->touched);
	free(buf->data);
}

void buf_done(struct buf *buf)
{
	wipe_and_free(buf);
	*buf = (struct buf){.limit = buf->limit, .is_public = buf->is_public};
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* The old memory is wiped when the bytes move. */
static void move(struct buf *buf, size_t room)
{
	char *data = mem_new_raw(room);

	if (buf->data)
		memcpy(data, buf->data, buf->len);
	wipe_and_free(buf);
	buf->data = data;
	buf->room = room;
	buf->touched = 0;
}

void buf_reserve(struct buf *buf, size_t len)
{
	size_t room = (len < buf->limit ? len : buf->limit) + 1;

	if (room <= buf->room)
		return;
	move(buf, room);
	buf->touched = buf->len + 1;
	buf->data[buf->len] = '\0';
}

/* Room for `more` bytes and a NUL, which the caller writes; false past the limit. */
static bool make_room(struct buf *buf, size_t more)
{
	if (buf->overflow || more > buf->limit - buf->len) {
		buf->overflow = true;
		return false;
	}
	size_t needed = buf->len + more + 1;
	size_t room = buf->room ? 2 * buf->room : 256;
	if (needed > buf->room)
		move(buf, room < needed ? needed : room);
	if (buf->touched < needed)
		buf->touched = needed;
	return true;
}

void buf_add_bytes(struct buf *buf, const void *data, size_t len)
{
	if (!make_room(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, struct str s)
{
	buf_add_bytes(buf, s.ptr, s.len);
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add_bytes(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);
	if (make_room(buf, (size_t)len)) {
		(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

void buf_drop(struct buf *buf, size_t len)
{
	if (len > buf->len)
		len = buf->len;
	if (len == 0)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}
