/* The commands of the server: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 3030 (CHUNKING), 3461 (DSN), 1870
 * (SIZE), 6531 (SMTPUTF8), 2034 (ENHANCEDSTATUSCODES), 2920 (PIPELINING). A table says what is allowed when;
 * each function acts. */
#include "smtp/session_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TOPIC "smtp"

static enum result reply(
	struct smtp_session *s, int code, const char *status, const char *text, struct err *err)
{
	return smtp_session_reply(s, code, status, text, err);
}

static enum result bad_sequence(struct smtp_session *s, const char *text, struct err *err)
{
	s->errors++;
	return reply(s, 503, "5.5.1", text, err);
}

static enum result bad_syntax(struct smtp_session *s, const char *text, struct err *err)
{
	s->errors++;
	return reply(s, 501, "5.5.4", text, err);
}

static bool tls_is_offered(const struct smtp_session *s)
{
	return s->server->credentials && smtp_stream_tls(s->stream) == NULL;
}

static enum result hello(struct smtp_session *s, struct str name, bool extended, struct err *err)
{
	char lines[1200];

	if (!smtp_is_helo(name))
		return bad_syntax(s, "a name goes with the greeting", err);
	smtp_session_reset(s);
	(void)snprintf(s->helo, sizeof(s->helo), "%.*s", STR_ARG(name));
	s->extended = extended;
	if (!extended)
		return reply(s, 250, "", s->server->options.host_name, err);
	int len = snprintf(lines, sizeof(lines),
		"250-%s\r\n250-PIPELINING\r\n250-SIZE "
		"%lld\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n"
		"%s%s250 ENHANCEDSTATUSCODES\r\n",
		s->server->options.host_name, (long long)flow_names(s->server->options.flow)->mail_bytes_max,
		tls_is_offered(s) ? "250-STARTTLS\r\n" : "",
		smtp_stream_tls(s->stream) ? "250-AUTH PLAIN LOGIN\r\n" : "");
	return smtp_stream_write(s->stream, (struct str){lines, (size_t)len}, err);
}

static enum result do_helo(struct smtp_session *s, struct str rest, struct err *err)
{
	return hello(s, rest, false, err);
}

static enum result do_ehlo(struct smtp_session *s, struct str rest, struct err *err)
{
	return hello(s, rest, true, err);
}

/* Whatever came in plain text behind the command could have been put there by anybody: the session ends. */
static enum result do_starttls(struct smtp_session *s, struct str rest, struct err *err)
{
	struct smtp_server *server = s->server;

	if (rest.len)
		return bad_syntax(s, "STARTTLS takes no parameters", err);
	if (!tls_is_offered(s))
		return bad_sequence(s, "STARTTLS is not offered now", err);
	if (smtp_stream_has_input(s->stream)) {
		log_warning(TOPIC, "commands behind STARTTLS in plain text peer=%s", s->address);
		s->closing = true;
		return reply(s, 554, "5.5.1", "commands behind STARTTLS are not taken", err);
	}
	lock_take(&server->lock);
	struct tls_credentials *credentials = tls_credentials_ref(server->credentials);
	lock_release(&server->lock);
	enum result result = reply(s, 220, "2.0.0", "ready to start TLS", err);
	if (result == RESULT_OK)
		result = smtp_stream_flush(s->stream, err);
	if (result == RESULT_OK) {
		smtp_stream_set_deadline(s->stream, clock_monotonic() + server->limits.handshake_ms);
		result = smtp_stream_accept_tls(s->stream, credentials, err);
	}
	tls_credentials_unref(credentials);
	TRY(result);
	smtp_session_reset(s);
	s->helo[0] = '\0';
	s->extended = false;
	s->authenticated = false;
	return RESULT_OK;
}

/* A base 64 line of the client's answer; "*" cancels. */
static bool decode_answer(struct str line, struct arena *arena, struct str *ret)
{
	gnutls_datum_t in = {(unsigned char *)(uintptr_t)(line.ptr ? line.ptr : ""), (unsigned)line.len},
		       out = {0};

	if (line.len == 0 || str_equal(line, STR("="))) {
		*ret = STR("");
		return true;
	}
	if (gnutls_base64_decode2(&in, &out) != 0)
		return false;
	*ret = arena_str(arena, (struct str){(const char *)out.data, out.size});
	gnutls_memset(out.data, 0, out.size);
	gnutls_free(out.data);
	return true;
}

static enum result ask(struct smtp_session *s, const char *challenge, struct str *ret_line, struct err *err)
{
	TRY(reply(s, 334, "", challenge, err));
	TRY(smtp_stream_flush(s->stream, err));
	return smtp_stream_line(s->stream, LIMIT_SMTP_AUTH_LINE_BYTES, ret_line, NULL, err);
}

static enum result check_password(
	struct smtp_session *s, struct str user_name, struct str password, struct err *err)
{
	struct err why = {0};
	enum result result = intake_sources_of_password(s->server->options.flow, user_name, password,
		str_of(s->address), clock_now(), &s->arena, &s->sources, &why);

	if (result == RESULT_OK) {
		s->authenticated = true;
		return reply(s, 235, "2.7.0", "signed in", err);
	}
	s->errors++;
	log_info(TOPIC, "AUTH refused peer=%s reason=%s", s->address, result_name(result));
	if (result == RESULT_DENIED)
		return reply(s, 535, "5.7.8", "user name or password is not right", err);
	return reply(s, 454, "4.7.0", "cannot check the password now; please try again later", err);
}

static enum result auth_plain(
	struct smtp_session *s, struct str initial, struct arena *arena, struct err *err)
{
	struct str line = initial, text;

	if (initial.len == 0)
		TRY(ask(s, "", &line, err));
	if (!decode_answer(line, arena, &text))
		return bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	struct str rest = text;
	(void)str_cut(&rest, '\0');
	struct str user_name = str_cut(&rest, '\0');
	if (rest.ptr == NULL || user_name.len == 0)
		return bad_syntax(s, "AUTH PLAIN takes a name and a password", err);
	return check_password(s, user_name, rest, err);
}

static enum result auth_login(
	struct smtp_session *s, struct str initial, struct arena *arena, struct err *err)
{
	struct str line = initial, user_name, password;

	if (initial.len == 0)
		TRY(ask(s, "VXNlcm5hbWU6", &line, err));
	if (!decode_answer(line, arena, &user_name))
		return bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	TRY(ask(s, "UGFzc3dvcmQ6", &line, err));
	if (!decode_answer(line, arena, &password))
		return bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	return check_password(s, user_name, password, err);
}

static enum result do_auth(struct smtp_session *s, struct str rest, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str initial, mechanism = smtp_verb(rest, &initial);

	if (smtp_stream_tls(s->stream) == NULL) {
		s->errors++;
		return reply(s, 538, "5.7.11", "AUTH needs TLS first", err);
	}
	if (s->authenticated || s->intake)
		return bad_sequence(s, "AUTH is not possible now", err);
	initial = arena_str(&arena, initial);
	enum result result;
	if (str_equal_nocase(mechanism, STR("PLAIN"))) {
		result = auth_plain(s, initial, &arena, err);
	} else if (str_equal_nocase(mechanism, STR("LOGIN"))) {
		result = auth_login(s, initial, &arena, err);
	} else {
		s->errors++;
		return reply(s, 504, "5.5.4", "AUTH PLAIN or LOGIN", err);
	}
	if (result != RESULT_TOO_LARGE)
		return result;
	s->errors++;
	return reply(s, 500, "5.5.6", "the line is too long", err);
}

/* RFC 3848, RFC 6531 section 4.3. */
static struct str protocol_of(const struct smtp_session *s)
{
	static const char *const names[][4] = {{"SMTP", "SMTP", "SMTP", "SMTP"},
		{"ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA"},
		{"UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA"}};
	int kind = !s->extended ? 0 : s->smtputf8 ? 2 : 1;

	return str_of(names[kind][(smtp_stream_tls(s->stream) ? 2 : 0) + s->authenticated]);
}

static struct intake_peer peer_of(const struct smtp_session *s)
{
	const struct tls_facts *tls = smtp_stream_tls(s->stream);

	return (struct intake_peer){.address = str_of(s->address),
		.helo = str_of(s->helo),
		.protocol = protocol_of(s),
		.tls_version = tls ? str_of(tls->version) : STR_NONE,
		.tls_cipher = tls ? str_of(tls->cipher) : STR_NONE};
}

static enum result do_mail(struct smtp_session *s, struct str rest, struct err *err)
{
	struct smtp_mail mail;
	struct err why = {0};
	struct intake_peer peer = peer_of(s);

	if (s->intake)
		return bad_sequence(s, "a mail is begun already", err);
	enum result result = smtp_mail_parse(rest, &mail, &why);
	if (result == RESULT_OK) {
		struct intake_envelope envelope = {.sender = mail.sender,
			.declared_size = mail.size,
			.smtputf8 = mail.smtputf8,
			.dsn_return = mail.ret,
			.dsn_envelope = mail.envid};
		result = intake_begin(s->server->options.flow, &peer, &s->sources, &envelope, clock_now(),
			&s->intake, &why);
	}
	if (result != RESULT_OK)
		return smtp_session_refuse(s, result, &why, err);
	s->junk = 0;
	s->mails++;
	s->smtputf8 = mail.smtputf8;
	atomic_store(&s->has_mail, true);
	return reply(s, 250, "2.1.0", "sender ok", err);
}

static bool is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

static enum result take_recipient(struct smtp_session *s, struct str rest, struct err *why)
{
	struct smtp_rcpt rcpt;

	TRY(smtp_rcpt_parse(rest, &rcpt, why));
	if (!s->smtputf8 && !is_ascii(rcpt.recipient))
		return err_code(why, RESULT_INVALID, "needs-smtputf8",
			"an address with other than ASCII characters needs SMTPUTF8");
	struct intake_recipient recipient = {
		.address = rcpt.recipient, .dsn_notify = rcpt.notify, .dsn_original = rcpt.orcpt};
	return intake_recipient(s->intake, &recipient, why);
}

static enum result do_rcpt(struct smtp_session *s, struct str rest, struct err *err)
{
	struct err why = {0};
	int limit = s->server->limits.recipients, errors = s->errors;

	if (s->bdat_begun)
		return bad_sequence(s, "the content has begun", err);
	if (s->recipients >= limit) {
		s->errors += s->surplus++ >= limit; /* a client that does not listen */
		return reply(s, 452, "4.5.3", "too many recipients in one mail", err);
	}
	enum result result = take_recipient(s, rest, &why);
	if (result == RESULT_OK) {
		s->recipients++;
		return reply(s, 250, "2.1.5", "recipient ok", err);
	}
	result = smtp_session_refuse(s, result, &why, err);
	/* An organisation's own server may have many bad addresses in one mail; a stranger guesses. */
	if (s->sources.count)
		s->errors = errors;
	return result;
}

/* Our line of the trace (RFC 5321 4.4): from whom, to whom, how, when. */
static struct str received_field(const struct smtp_session *s, struct id id, int64_t now, struct arena *arena)
{
	char date[64], *helo = arena_cstr(arena, str_of(s->helo));
	const struct tls_facts *tls = smtp_stream_tls(s->stream);
	time_t seconds = (time_t)(now / MS_SECOND);
	struct tm tm;
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (char *c = helo; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(date, sizeof(date), "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	struct str how = tls ? arena_printf(arena, " (%s %s)", tls->version, tls->cipher) : STR("");
	return arena_printf(arena, "Received: from %s ([%s%s])\r\n\tby %s with %.*s%.*s\r\n\tid %s; %s\r\n",
		helo, strchr(s->address, ':') ? "IPv6:" : "", s->address, s->server->options.host_name,
		STR_ARG(protocol_of(s)), STR_ARG(how), id_text(id).s, date);
}

static enum result begin_content(struct smtp_session *s, struct err *why)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t now = clock_now();

	s->content_began = clock_monotonic();
	s->content_bytes = 0;
	smtp_data_init(&s->data, intake_normalises(s->intake));
	return intake_data_begin(s->intake, received_field(s, id_new(now), now, &arena), now, why);
}

/* Passes content on until something refuses it; what comes after that is read and dropped, so that the
 * session stays in step. */
struct content_sink {
	struct smtp_session *session;
	enum result result;
	struct err why;
};

static enum result sink_write(void *context, const void *data, size_t size, struct err *err)
{
	struct content_sink *sink = context;

	(void)err;
	if (sink->result == RESULT_OK)
		sink->result = intake_data(sink->session->intake, (struct str){data, size}, &sink->why);
	return RESULT_OK;
}

static enum result end_content(struct smtp_session *s, struct content_sink *sink, struct err *err)
{
	char text[100];
	struct id id;

	if (sink->result == RESULT_OK && !s->data.normalise && (s->data.bare_newline || s->data.nul))
		sink->result = err_code(
			&sink->why, RESULT_INVALID, "bare-newline", "bare CR, LF or NUL in the mail");
	if (sink->result == RESULT_OK)
		sink->result = intake_end(s->intake, clock_now(), &id, &sink->why);
	smtp_session_reset(s);
	if (sink->result != RESULT_OK)
		return smtp_session_refuse(s, sink->result, &sink->why, err);
	if (s->server->options.accepted)
		s->server->options.accepted(s->server->options.accepted_context);
	(void)snprintf(text, sizeof(text), "kept as %s", id_text(id).s);
	return reply(s, 250, "2.0.0", text, err);
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

static enum result do_data(struct smtp_session *s, struct str rest, struct err *err)
{
	struct content_sink sink = {.session = s};

	if (rest.len)
		return bad_syntax(s, "DATA takes no parameters", err);
	if (s->bdat_begun)
		return bad_sequence(s, "DATA and BDAT do not mix", err);
	if (s->recipients == 0)
		return bad_sequence(s, "no valid recipients", err);
	if (smtp_stream_is_readable(s->stream)) {
		log_warning(TOPIC, "content before it was asked for peer=%s", s->address);
		s->closing = true;
		return reply(s, 503, "5.5.1", "content before 354", err);
	}
	sink.result = begin_content(s, &sink.why);
	if (sink.result != RESULT_OK)
		return smtp_session_refuse(s, sink.result, &sink.why, err);
	TRY(reply(s, 354, "", "end with a line that holds only a dot", err));
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
	return bad_sequence(s, "no valid recipients", err);
}

static enum result do_bdat(struct smtp_session *s, struct str rest, struct err *err)
{
	struct content_sink sink = {.session = s};
	struct writer writer = {sink_write, &sink};
	uint64_t size;
	bool last;

	if (!read_chunk_size(rest, &size, &last)) {
		s->closing = true; /* how much follows is not known */
		return bad_syntax(s, "BDAT takes a size and LAST", err);
	}
	if (size > (uint64_t)patience_bytes(s)) {
		s->closing = true;
		return reply(s, 552, "5.3.4", "the chunk is larger than any mail", err);
	}
	if (s->intake == NULL || s->recipients == 0)
		return drop_chunk(s, size, err);
	if (!s->bdat_begun)
		sink.result = begin_content(s, &sink.why);
	s->bdat_begun = true;
	TRY(read_chunk(s, size, last, &s->data, &writer, err));
	if (last)
		return end_content(s, &sink, err);
	if (sink.result != RESULT_OK) {
		smtp_session_reset(s);
		return smtp_session_refuse(s, sink.result, &sink.why, err);
	}
	return reply(s, 250, "2.0.0", "chunk taken", err);
}

static enum result do_rset(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	smtp_session_reset(s);
	return reply(s, 250, "2.0.0", "ok", err);
}

static enum result do_noop(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return reply(s, 250, "2.0.0", "ok", err);
}

static enum result do_vrfy(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return reply(s, 252, "2.5.0", "not told; send the mail", err);
}

static enum result do_help(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return reply(s, 214, "2.0.0", "see RFC 5321", err);
}

static enum result do_quit(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	s->closing = true;
	return reply(s, 221, "2.0.0", "bye", err);
}

/* A browser made to speak to us by a page: its "lines" are not looked at any further. */
static enum result do_http(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	log_warning(TOPIC, "HTTP instead of SMTP peer=%s", s->address);
	s->closing = true;
	return reply(s, 421, "4.7.0", "this is not HTTP", err);
}

enum {
	NEEDS_HELLO = 1,
	NEEDS_MAIL = 2,
	IS_JUNK = 4 /* harmless, but only so often without a mail */
};

static const struct command {
	const char *verb;
	int flags;
	enum result (*run)(struct smtp_session *, struct str rest, struct err *);
} commands[] = {
	{"EHLO", IS_JUNK, do_ehlo},
	{"HELO", IS_JUNK, do_helo},
	{"STARTTLS", 0, do_starttls},
	{"AUTH", NEEDS_HELLO | IS_JUNK, do_auth},
	{"MAIL", NEEDS_HELLO, do_mail},
	{"RCPT", NEEDS_MAIL, do_rcpt},
	{"DATA", NEEDS_MAIL, do_data},
	{"BDAT", 0, do_bdat},
	{"RSET", IS_JUNK, do_rset},
	{"NOOP", IS_JUNK, do_noop},
	{"VRFY", IS_JUNK, do_vrfy},
	{"EXPN", IS_JUNK, do_vrfy},
	{"HELP", IS_JUNK, do_help},
	{"QUIT", 0, do_quit},
	{"GET", 0, do_http},
	{"POST", 0, do_http},
	{"CONNECT", 0, do_http},
};

enum result smtp_command_run(struct smtp_session *s, struct str line, struct err *err)
{
	struct str rest, verb = smtp_verb(line, &rest);

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		const struct command *command = &commands[i];
		if (!str_equal_nocase(verb, str_of(command->verb)))
			continue;
		if ((command->flags & NEEDS_HELLO) && s->helo[0] == '\0')
			return bad_sequence(s, "EHLO comes first", err);
		if ((command->flags & NEEDS_MAIL) && s->intake == NULL)
			return bad_sequence(s, "MAIL comes first", err);
		s->junk += (command->flags & IS_JUNK) != 0;
		return command->run(s, rest, err);
	}
	s->errors++;
	return reply(s, 500, "5.5.2", "no such command", err);
}
