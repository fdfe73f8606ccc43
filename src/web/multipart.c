#include "web/multipart.h"

#include "base/limits.h"

#include <string.h>

/* Pieces taken in at once: bounds `pending`, whatever the caller pushes. */
#define PIECE_BYTES (16 * 1024)

/* bchars of RFC 2046, less the space, plus what some programs use all the same. */
static bool boundary_is_valid(struct str boundary)
{
	for (size_t i = 0; i < boundary.len; i++) {
		unsigned char c = (unsigned char)boundary.ptr[i];
		if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return boundary.len > 0 && boundary.len <= MULTIPART_BOUNDARY_MAX;
}

enum result multipart_init(struct multipart *multipart, struct str boundary,
	const struct multipart_events *events, struct err *err)
{
	if (!boundary_is_valid(boundary))
		return err_set(err, RESULT_INVALID, "the form's boundary is missing or malformed");
	*multipart = (struct multipart){
		.events = *events,
		.delimiter = buf_new(MULTIPART_BOUNDARY_MAX + 4),
		.pending = buf_new(PIECE_BYTES + LIMIT_HTTP_PART_HEADER_BYTES + MULTIPART_BOUNDARY_MAX + 8),
	};
	buf_add(&multipart->delimiter, STR("\r\n--"));
	buf_add(&multipart->delimiter, boundary);
	/* The first delimiter may stand without a line end before it. */
	buf_add(&multipart->pending, STR("\r\n"));
	return RESULT_OK;
}

void multipart_done(struct multipart *multipart)
{
	buf_done(&multipart->delimiter);
	buf_done(&multipart->pending);
}

/* Each step looks at *rest, eats what it understood, and says whether another may follow; false with
 * RESULT_OK asks for more bytes. */

static enum result step_start(struct multipart *multipart, struct str *rest, bool *ret_more, struct err *err)
{
	struct str delimiter = buf_str(&multipart->delimiter);
	size_t len = rest->len < delimiter.len ? rest->len : delimiter.len;

	if (memcmp(rest->ptr, delimiter.ptr, len) != 0)
		return err_set(err, RESULT_INVALID, "the form does not begin with its boundary");
	*ret_more = len == delimiter.len;
	if (*ret_more) {
		*rest = str_from(*rest, len);
		multipart->state = MULTIPART_AFTER;
	}
	return RESULT_OK;
}

static enum result step_after(struct multipart *multipart, struct str *rest, bool *ret_more, struct err *err)
{
	*ret_more = rest->len >= 2;
	if (!*ret_more)
		return RESULT_OK;
	if (str_starts(*rest, STR("--")))
		multipart->state = MULTIPART_END;
	else if (str_starts(*rest, STR("\r\n")))
		multipart->state = MULTIPART_HEADERS;
	else
		return err_set(err, RESULT_INVALID, "the form's boundary is followed by something else");
	/* The CRLF stays: an empty header block is then found like any other. */
	if (multipart->state == MULTIPART_END)
		*rest = str_from(*rest, 2);
	return RESULT_OK;
}

static enum result step_headers(
	struct multipart *multipart, struct str *rest, bool *ret_more, struct err *err)
{
	ptrdiff_t end = str_find(*rest, STR("\r\n\r\n"));

	if (end > LIMIT_HTTP_PART_HEADER_BYTES || (end < 0 && rest->len > LIMIT_HTTP_PART_HEADER_BYTES))
		return err_set(err, RESULT_TOO_LARGE, "the header of a form's part is too long");
	*ret_more = end >= 0;
	if (end < 0)
		return RESULT_OK;
	struct str headers = str_sub(*rest, 2, end > 2 ? (size_t)end - 2 : 0);
	TRY(multipart->events.part_begin(multipart->events.context, headers, err));
	*rest = str_from(*rest, (size_t)end + 4);
	multipart->state = MULTIPART_DATA;
	return RESULT_OK;
}

/* How many bytes at the end of `data` may be the beginning of a delimiter. */
static size_t tail_of(struct str data, struct str delimiter)
{
	size_t len = data.len < delimiter.len - 1 ? data.len : delimiter.len - 1;

	while (len && memcmp(data.ptr + data.len - len, delimiter.ptr, len) != 0)
		len--;
	return len;
}

static enum result step_data(struct multipart *multipart, struct str *rest, bool *ret_more, struct err *err)
{
	struct str delimiter = buf_str(&multipart->delimiter);
	const char *at = memmem(rest->ptr, rest->len, delimiter.ptr, delimiter.len);
	size_t len = at ? (size_t)(at - rest->ptr) : rest->len - tail_of(*rest, delimiter);

	if (len)
		TRY(multipart->events.part_data(multipart->events.context, str_sub(*rest, 0, len), err));
	*rest = str_from(*rest, len);
	*ret_more = at != NULL;
	if (at) {
		TRY(multipart->events.part_end(multipart->events.context, err));
		*rest = str_from(*rest, delimiter.len);
		multipart->state = MULTIPART_AFTER;
	}
	return RESULT_OK;
}

static enum result push_piece(struct multipart *multipart, struct str piece, struct err *err)
{
	static enum result (*const steps[])(
		struct multipart * multipart, struct str * rest, bool *ret_more, struct err *err) = {
		[MULTIPART_START] = step_start,
		[MULTIPART_AFTER] = step_after,
		[MULTIPART_HEADERS] = step_headers,
		[MULTIPART_DATA] = step_data,
	};
	bool more = true;

	buf_add(&multipart->pending, piece);
	if (multipart->pending.overflow)
		return err_set(err, RESULT_TOO_LARGE, "the header of a form's part is too long");
	struct str rest = buf_str(&multipart->pending);
	while (more && rest.len && multipart->state != MULTIPART_END)
		TRY(steps[multipart->state](multipart, &rest, &more, err));
	if (multipart->state == MULTIPART_END)
		buf_clear(&multipart->pending);
	else
		buf_drop(&multipart->pending, multipart->pending.len - rest.len);
	return RESULT_OK;
}

enum result multipart_push(struct multipart *multipart, const void *data, size_t size, struct err *err)
{
	struct str rest = {data, size};

	while (rest.len && multipart->state != MULTIPART_END) {
		TRY(push_piece(multipart, str_sub(rest, 0, PIECE_BYTES), err));
		rest = str_from(rest, PIECE_BYTES);
	}
	return RESULT_OK;
}

enum result multipart_finish(const struct multipart *multipart, struct err *err)
{
	if (multipart->state != MULTIPART_END)
		return err_set(err, RESULT_INVALID, "the form was cut short");
	return RESULT_OK;
}
