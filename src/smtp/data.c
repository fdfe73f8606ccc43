#include "smtp/data.h"

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

/* The run of bytes that needs no looking at. */
static size_t plain_run(struct str wire)
{
	size_t len = 0;

	while (len < wire.len && wire.ptr[len] != '\r' && wire.ptr[len] != '\n' && wire.ptr[len] != '\0')
		len++;
	return len;
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

static enum result take(struct smtp_data *data, struct str wire, bool dots, const struct writer *out,
	size_t *ret_used, struct err *err)
{
	size_t used = 0;

	while (used < wire.len && !data->ended) {
		struct str rest = str_from(wire, used);
		/* Plain bytes in large pieces; a line's first byte may be a dot. */
		size_t run = data->state == IN_LINE ||
					     (data->state == AT_START && (!dots || rest.ptr[0] != '.')) ||
					     data->state == AT_DOT
				     ? plain_run(rest)
				     : 0;
		if (run > 0) {
			TRY(emit(out, rest.ptr, run, err));
			data->state = IN_LINE;
			used += run;
			continue;
		}
		TRY(take_byte(data, rest.ptr[0], dots, out, err));
		used++;
	}
	*ret_used = used;
	return RESULT_OK;
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
