#include "smtp/data.h"

#include <string.h>

#define GATHER_BYTES 2048

/* Where in a line we are. "Start" is behind a CRLF, and nowhere else. */
enum {
	AT_START,  /* of a line */
	AT_DOT,	   /* behind a dot at the start of a line */
	AT_DOT_CR, /* behind a dot and CR */
	IN_LINE,
	AFTER_CR, /* behind a CR that may begin a CRLF */
};

void smtp_data_init(struct smtp_data *data, bool normalise)
{
	*data = (struct smtp_data){.normalise = normalise, .state = AT_START};
}

static enum result emit(const struct writer *out, const char *text, size_t len, struct err *err)
{
	return writer_write(out, (struct str){text, len}, err);
}

/* Where the first byte from `at` on stands that needs a look: CR, LF or NUL. */
static size_t next_odd(struct str wire, size_t at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	for (uint64_t word; at + sizeof(word) <= wire.len; at += sizeof(word)) {
		memcpy(&word, wire.ptr + at, sizeof(word));
		if ((word - ones * ('\r' + 1)) & ~word & (ones << 7))
			break; /* one of its bytes is below CR + 1 */
	}
	for (; at < wire.len; at++) {
		unsigned char c = (unsigned char)wire.ptr[at];
		if (c <= '\r' && (c == '\r' || c == '\n' || c == '\0'))
			break;
	}
	return at;
}

static bool is_crlf(struct str wire, size_t at)
{
	return at + 1 < wire.len && wire.ptr[at] == '\r' && wire.ptr[at + 1] == '\n';
}

/* A CR that no LF follows. */
static enum result bare_cr(struct smtp_data *data, const struct writer *out, struct err *err)
{
	data->bare_newline = true;
	return data->normalise ? emit(out, "\r\n", 2, err) : emit(out, "\r", 1, err);
}

/* One byte that is no plain one, or that stands where it matters. */
static enum result take_byte(
	struct smtp_data *data, char c, bool dots, const struct writer *out, struct err *err)
{
	if (data->state == AT_DOT_CR) {
		if (c == '\n') {
			data->ended = true;
			return RESULT_OK;
		}
		data->state = AFTER_CR; /* the dot was stuffing; the CR is bare */
	}
	if (data->state == AFTER_CR) {
		if (c == '\n') {
			data->state = AT_START;
			return emit(out, "\r\n", 2, err);
		}
		TRY(bare_cr(data, out, err));
		data->state = IN_LINE;
	}
	if (data->state == AT_START && dots && c == '.') {
		data->state = AT_DOT;
		return RESULT_OK;
	}
	if (c == '\r') {
		data->state = data->state == AT_DOT ? AT_DOT_CR : AFTER_CR;
		return RESULT_OK;
	}
	data->state = IN_LINE;
	if (c == '\n') {
		data->bare_newline = true;
		/* A mended line end begins no line for dots: only CRLF on the wire does. */
		return data->normalise ? emit(out, "\r\n", 2, err) : emit(out, "\n", 1, err);
	}
	if (c == '\0') {
		data->nul = true;
		return emit(out, data->normalise ? " " : "", data->normalise, err);
	}
	return emit(out, &c, 1, err);
}

/* Whole lines and their CRLF pass in one piece as long as nothing is odd about them. */
static size_t plain_span(struct smtp_data *data, struct str wire, bool dots)
{
	size_t at = 0;

	while (at < wire.len && (data->state == AT_START || data->state == IN_LINE)) {
		if (data->state == AT_START && dots && wire.ptr[at] == '.')
			break;
		size_t odd = next_odd(wire, at);
		if (odd > at)
			data->state = IN_LINE;
		at = odd;
		if (!is_crlf(wire, at))
			break;
		data->state = AT_START;
		at += 2;
	}
	return at;
}

/* Small pieces are passed on together: what stands behind hashes and seals each piece by itself. */
struct gather {
	const struct writer *out;
	size_t len;
	char bytes[GATHER_BYTES];
};

static enum result gather_flush(struct gather *gather, struct err *err)
{
	size_t len = gather->len;

	gather->len = 0;
	return len ? emit(gather->out, gather->bytes, len, err) : RESULT_OK;
}

static enum result gather_write(void *context, const void *bytes, size_t size, struct err *err)
{
	struct gather *gather = context;

	if (size > sizeof(gather->bytes) - gather->len)
		TRY(gather_flush(gather, err));
	if (size > sizeof(gather->bytes))
		return emit(gather->out, bytes, size, err);
	memcpy(gather->bytes + gather->len, bytes, size);
	gather->len += size;
	return RESULT_OK;
}

static enum result take(struct smtp_data *data, struct str wire, bool dots, const struct writer *out,
	size_t *ret_used, struct err *err)
{
	struct gather gather;
	struct writer gathered = {gather_write, &gather};
	size_t used = 0;

	gather.out = out;
	gather.len = 0;
	while (used < wire.len && !data->ended) {
		size_t span = plain_span(data, str_from(wire, used), dots);
		TRY(emit(&gathered, wire.ptr + used, span, err));
		used += span;
		if (used < wire.len)
			TRY(take_byte(data, wire.ptr[used++], dots, &gathered, err));
	}
	*ret_used = used;
	return gather_flush(&gather, err);
}

enum result smtp_data_add(
	struct smtp_data *data, struct str wire, const struct writer *out, size_t *ret_used, struct err *err)
{
	return take(data, wire, true, out, ret_used, err);
}

enum result smtp_chunk_add(
	struct smtp_data *data, struct str wire, bool last, const struct writer *out, struct err *err)
{
	size_t used;

	TRY(take(data, wire, false, out, &used, err));
	if (last && data->state == AFTER_CR)
		TRY(bare_cr(data, out, err));
	return RESULT_OK;
}

void smtp_stuffer_init(struct smtp_stuffer *stuffer)
{
	*stuffer = (struct smtp_stuffer){.state = AT_START};
}

static enum result refuse(struct smtp_stuffer *stuffer, struct err *err)
{
	stuffer->refused = true;
	return err_code(err, RESULT_INVALID, "bare-newline", "bare CR, LF or NUL in the mail");
}

enum result smtp_stuffer_add(
	struct smtp_stuffer *stuffer, struct str content, const struct writer *out, struct err *err)
{
	size_t from = 0, at = 0; /* what lies between is to be written */

	if (stuffer->refused)
		return refuse(stuffer, err);
	if (stuffer->state == AFTER_CR && content.len > 0) {
		if (content.ptr[0] != '\n')
			return refuse(stuffer, err);
		TRY(emit(out, "\r\n", 2, err));
		from = at = 1;
		stuffer->state = AT_START;
	}
	while (at < content.len) {
		if (stuffer->state == AT_START && content.ptr[at] == '.') {
			TRY(emit(out, content.ptr + from, at - from, err));
			TRY(emit(out, ".", 1, err));
			from = at;
		}
		size_t odd = next_odd(content, at);
		if (odd > at)
			stuffer->state = IN_LINE;
		at = odd;
		if (at == content.len)
			break;
		if (is_crlf(content, at)) {
			at += 2;
			stuffer->state = AT_START;
		} else if (content.ptr[at] == '\r' && at + 1 == content.len) {
			stuffer->state = AFTER_CR; /* written when its LF comes */
			return emit(out, content.ptr + from, at - from, err);
		} else {
			return refuse(stuffer, err);
		}
	}
	return emit(out, content.ptr + from, at - from, err);
}

enum result smtp_stuffer_end(struct smtp_stuffer *stuffer, const struct writer *out, struct err *err)
{
	if (stuffer->refused || stuffer->state == AFTER_CR)
		return refuse(stuffer, err);
	return stuffer->state == AT_START ? emit(out, ".\r\n", 3, err) : emit(out, "\r\n.\r\n", 5, err);
}
