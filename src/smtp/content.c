/* The content of a mail, by DATA and by BDAT (RFC 3030): read within the minimum rate, handed to the intake
 * as it comes, and read to its end whatever becomes of it, so that the session stays in step. */
#include "smtp/session_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdio.h>

#define TOPIC "smtp"

static enum result begin_content(struct smtp_session *s, struct err *why)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t now = clock_now();

	s->content_began = clock_monotonic();
	s->content_bytes = 0;
	smtp_data_init(&s->data, intake_normalises(s->intake));
	return intake_data_begin(s->intake, smtp_session_received(s, id_new(now), now, &arena), now, why);
}

/* Passes content on until something refuses it; what comes after that is read and dropped, so that the
 * session stays in step. */
struct content_sink {
	struct smtp_session *session;
	enum result result;
	struct err why;
};

static void check_newlines(struct content_sink *sink)
{
	const struct smtp_data *data = &sink->session->data;

	if (sink->result == RESULT_OK && !data->normalise && (data->bare_newline || data->nul))
		sink->result = err_code(
			&sink->why, RESULT_INVALID, "bare-newline", "bare CR, LF or NUL in the mail");
}

static enum result sink_write(void *context, const void *data, size_t size, struct err *err)
{
	struct content_sink *sink = context;

	(void)err;
	check_newlines(sink);
	if (sink->result == RESULT_OK)
		sink->result = intake_data(sink->session->intake, (struct str){data, size}, &sink->why);
	return RESULT_OK;
}

/* The answer first: whether it may hold UTF-8 is the mail's, which the reset forgets. */
static enum result refuse_content(struct smtp_session *s, const struct content_sink *sink, struct err *err)
{
	enum result result = smtp_session_refuse(s, sink->result, &sink->why, err);

	smtp_session_reset(s);
	return result;
}

static enum result end_content(struct smtp_session *s, struct content_sink *sink, struct err *err)
{
	char text[100];
	struct id id;

	check_newlines(sink);
	if (sink->result == RESULT_OK)
		sink->result = intake_end(s->intake, clock_now(), &id, &sink->why);
	if (sink->result != RESULT_OK)
		return refuse_content(s, sink, err);
	smtp_session_reset(s);
	if (s->server->options.accepted)
		s->server->options.accepted(s->server->options.accepted_context);
	(void)snprintf(text, sizeof(text), "kept as %s", id_text(id).s);
	return smtp_session_reply(s, 250, "2.0.0", text, err);
}

/* Twice the largest mail: refused content is read to its end, but not for ever. */
static int64_t patience_bytes(const struct smtp_session *s)
{
	return 2 * flow_names(s->server->options.flow)->mail_bytes_max;
}

static enum result read_content(struct smtp_session *s, struct content_sink *sink, struct err *err)
{
	struct writer writer = {sink_write, sink};
	struct str wire;
	size_t used;

	while (!s->data.ended) {
		if (sink->result != RESULT_OK && s->content_bytes > patience_bytes(s)) {
			s->closing = true;
			return RESULT_OK;
		}
		smtp_stream_set_deadline(s->stream, smtp_session_content_deadline(s));
		TRY(smtp_stream_peek(s->stream, &wire, err));
		TRY(smtp_data_add(&s->data, wire, &writer, &used, err));
		smtp_stream_drop(s->stream, used);
		s->content_bytes += (int64_t)used;
	}
	return RESULT_OK;
}

enum result smtp_command_data(struct smtp_session *s, struct str rest, struct err *err)
{
	struct content_sink sink = {.session = s};

	if (rest.len)
		return smtp_session_bad_syntax(s, "DATA takes no parameters", err);
	if (s->bdat_begun)
		return smtp_session_bad_sequence(s, "DATA and BDAT do not mix", err);
	if (s->recipients == 0)
		return smtp_session_bad_sequence(s, "no valid recipients", err);
	if (smtp_stream_is_readable(s->stream)) {
		log_warning(TOPIC, "content before it was asked for peer=%s", s->address);
		s->closing = true;
		return smtp_session_reply(s, 503, "5.5.1", "content before 354", err);
	}
	sink.result = begin_content(s, &sink.why);
	if (sink.result != RESULT_OK)
		return smtp_session_refuse(s, sink.result, &sink.why, err);
	TRY(smtp_session_reply(s, 354, "", "end with a line that holds only a dot", err));
	TRY(smtp_stream_flush(s->stream, err));
	TRY(read_content(s, &sink, err));
	return end_content(s, &sink, err);
}

static bool read_chunk_size(struct str rest, uint64_t *ret_size, bool *ret_last)
{
	struct str word, size = smtp_verb(rest, &word);

	*ret_last = str_equal_nocase(word, STR("LAST"));
	return str_to_uint(size, INT64_MAX, ret_size) && (word.len == 0 || *ret_last);
}

/* Reads a chunk whatever becomes of it. */
static enum result read_chunk(struct smtp_session *s, uint64_t size, bool last, struct smtp_data *data,
	const struct writer *writer, struct err *err)
{
	struct str wire;

	for (uint64_t left = size; left > 0; left -= wire.len) {
		smtp_stream_set_deadline(s->stream, smtp_session_content_deadline(s));
		TRY(smtp_stream_peek(s->stream, &wire, err));
		wire = str_sub(wire, 0, left < wire.len ? (size_t)left : wire.len);
		TRY(smtp_chunk_add(data, wire, false, writer, err));
		smtp_stream_drop(s->stream, wire.len);
		s->content_bytes += (int64_t)wire.len;
	}
	return smtp_chunk_add(data, STR(""), last, writer, err);
}

static enum result drop_write(void *context, const void *data, size_t size, struct err *err)
{
	(void)context;
	(void)data;
	(void)size;
	(void)err;
	return RESULT_OK;
}

/* A chunk that belongs to no mail. */
static enum result drop_chunk(struct smtp_session *s, uint64_t size, struct err *err)
{
	struct writer drop = {drop_write, NULL};
	struct smtp_data data;

	s->content_began = clock_monotonic();
	s->content_bytes = 0;
	smtp_data_init(&data, false);
	TRY(read_chunk(s, size, true, &data, &drop, err));
	return smtp_session_bad_sequence(s, "no valid recipients", err);
}

enum result smtp_command_bdat(struct smtp_session *s, struct str rest, struct err *err)
{
	struct content_sink sink = {.session = s};
	struct writer writer = {sink_write, &sink};
	uint64_t size;
	bool last;

	if (!read_chunk_size(rest, &size, &last)) {
		s->closing = true; /* how much follows is not known */
		return smtp_session_bad_syntax(s, "BDAT takes a size and LAST", err);
	}
	if (size > (uint64_t)patience_bytes(s)) {
		s->closing = true;
		return smtp_session_reply(s, 552, "5.3.4", "the chunk is larger than any mail", err);
	}
	if (s->intake == NULL || s->recipients == 0)
		return drop_chunk(s, size, err);
	if (!s->bdat_begun)
		sink.result = begin_content(s, &sink.why);
	s->bdat_begun = true;
	TRY(read_chunk(s, size, last, &s->data, &writer, err));
	if (last)
		return end_content(s, &sink, err);
	if (sink.result != RESULT_OK)
		return refuse_content(s, &sink, err);
	return smtp_session_reply(s, 250, "2.0.0", "chunk taken", err);
}
