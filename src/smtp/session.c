#include "smtp/session_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define TOPIC "smtp"

enum result smtp_session_reply(
	struct smtp_session *session, int code, const char *status, const char *text, struct err *err)
{
	char line[1024];
	int len = snprintf(line, sizeof(line), "%d %s%s%s\r\n", code, status, status[0] ? " " : "", text);

	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 2] = '\r';
		line[len - 1] = '\n';
	}
	return smtp_stream_write(session->stream, (struct str){line, (size_t)len}, err);
}

enum result smtp_session_bad_sequence(struct smtp_session *session, const char *text, struct err *err)
{
	session->errors++;
	return smtp_session_reply(session, 503, "5.5.1", text, err);
}

enum result smtp_session_bad_syntax(struct smtp_session *session, const char *text, struct err *err)
{
	session->errors++;
	return smtp_session_reply(session, 501, "5.5.4", text, err);
}

/* How results of flow read on this wire. Refusals with a code of their own come first, the rest by result. */
static const struct refusal {
	const char *code; /* of struct err, or NULL */
	enum result result;
	int reply;
	const char *status;
} refusals[] = {
	{"relay-denied", RESULT_DENIED, 550, "5.7.1"},
	{"not-licensed", RESULT_DENIED, 550, "5.7.1"},
	{"sending-limit", RESULT_DENIED, 550, "5.7.1"},
	{"unknown-definition", RESULT_INVALID, 550, "5.7.1"},
	{"ambiguous-definition", RESULT_INVALID, 550, "5.7.1"},
	{"sender-invalid", RESULT_INVALID, 553, "5.1.7"},
	{"recipient-invalid", RESULT_INVALID, 553, "5.1.3"},
	{"needs-smtputf8", RESULT_INVALID, 553, "5.6.7"},
	{"no-recipients", RESULT_INVALID, 554, "5.5.1"},
	{"loop", RESULT_INVALID, 554, "5.4.6"},
	{"too-large", RESULT_TOO_LARGE, 552, "5.3.4"},
	{"mime-depth", RESULT_TOO_LARGE, 554, "5.6.0"},
	{"mime-parts", RESULT_TOO_LARGE, 554, "5.6.0"},
	{"mime-header", RESULT_TOO_LARGE, 552, "5.6.0"},
	{"mime-parameters", RESULT_TOO_LARGE, 554, "5.6.0"},
	{"mime-names", RESULT_TOO_LARGE, 554, "5.6.0"},
	{"bare-newline", RESULT_INVALID, 550, "5.6.11"},
	{"syntax", RESULT_INVALID, 501, "5.5.4"},
	{"parameter", RESULT_INVALID, 555, "5.5.4"},
	{"disk-full", RESULT_UNAVAILABLE, 452, "4.3.1"},
	{"db-full", RESULT_UNAVAILABLE, 452, "4.3.1"},
	{NULL, RESULT_NOT_FOUND, 550, "5.1.1"},
	{NULL, RESULT_DENIED, 550, "5.7.1"},
	{NULL, RESULT_CONFLICT, 451, "4.3.0"},
	{NULL, RESULT_INVALID, 554, "5.5.0"},
	{NULL, RESULT_GONE, 550, "5.7.1"},
	{NULL, RESULT_TOO_LARGE, 552, "5.3.4"},
	{NULL, RESULT_BUSY, 451, "4.3.2"},
	{NULL, RESULT_UNAVAILABLE, 451, "4.3.0"},
	{NULL, RESULT_INTERNAL, 451, "4.3.0"},
};

/* Texts come from our own code, but may quote what a client sent and name what an administrator named.
 * Letters outside ASCII are for clients that asked for SMTPUTF8 (RFC 6531 3.7.4.1); others get their numbers,
 * written as RFC 6533 does for them. */
static void copy_text(struct str from, bool utf8, char *to, size_t size)
{
	size_t len = 0;

	from = str_sub(from, 0, str_utf8_prefix(from));
	while (from.len > 0) {
		char piece[16];
		struct str rest = from;
		uint32_t c = str_cut_character(&rest);
		struct str as_is = str_sub(from, 0, from.len - rest.len);
		if (c < ' ' || (c > '~' && c < 0xa0))
			as_is = STR("?");
		else if (c > '~' && !utf8)
			as_is = (struct str){piece, (size_t)snprintf(piece, sizeof(piece), "\\x{%X}", c)};
		if (len + as_is.len >= size)
			break;
		memcpy(to + len, as_is.ptr, as_is.len);
		len += as_is.len;
		from = rest;
	}
	to[len] = '\0';
}

enum result smtp_session_refuse(
	struct smtp_session *session, enum result result, const struct err *why, struct err *err)
{
	char text[480];
	const struct refusal *found = NULL;

	for (size_t i = 0; i < COUNT_OF(refusals) && found == NULL; i++)
		if (refusals[i].result == result &&
			(refusals[i].code == NULL || (why->code && strcmp(why->code, refusals[i].code) == 0)))
			found = &refusals[i];
	if (found == NULL)
		found = &refusals[COUNT_OF(refusals) - 1];
	session->errors++;
	copy_text(result == RESULT_INTERNAL ? STR("an error on our side, logged; please try again")
					    : str_of(why->text),
		session->smtputf8, text, sizeof(text));
	if (result == RESULT_INTERNAL)
		log_error(TOPIC, "%s: %s", session->address, why->text);
	else
		log_info(TOPIC, "refused peer=%s reply=%d status=%s reason=%s", session->address,
			found->reply, found->status, why->code ? why->code : result_name(result));
	return smtp_session_reply(session, found->reply, found->status, text, err);
}

void smtp_session_reset(struct smtp_session *session)
{
	intake_free(session->intake);
	session->intake = NULL;
	atomic_store(&session->has_mail, false);
	session->smtputf8 = false;
	session->recipients = session->surplus = 0;
	session->bdat_begun = false;
}

static enum result greet(struct smtp_session *session, struct err *err)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "%s ESMTP Sealpost", session->server->options.host_name);
	TRY(smtp_session_reply(session, 220, "", text, err));
	return smtp_stream_flush(session->stream, err);
}

int64_t smtp_session_content_deadline(const struct smtp_session *session)
{
	const struct smtp_server_limits *limits = &session->server->limits;
	int64_t idle = clock_monotonic() + limits->data_idle_ms;
	int64_t slow = session->content_began + limits->data_grace_ms +
		       session->content_bytes * MS_SECOND / limits->data_rate;

	return idle < slow ? idle : slow;
}

static int64_t command_deadline(const struct smtp_session *session)
{
	const struct smtp_server_limits *limits = &session->server->limits;
	int64_t deadline = clock_monotonic() +
			   (session->sources.count ? limits->command_ms : limits->stranger_command_ms);
	int64_t content = session->bdat_begun ? smtp_session_content_deadline(session) : deadline;

	return content < deadline ? content : deadline;
}

/* Why no more commands are taken, with the status, or NULL. */
static const char *too_much(const struct smtp_session *session, const char **ret_status)
{
	const struct smtp_server_limits *limits = &session->server->limits;

	*ret_status = "4.7.0";
	if (session->errors > limits->errors)
		return "too many errors";
	if (session->junk > limits->junk_commands)
		return "too many commands without a mail";
	*ret_status = "4.3.2";
	if (session->intake)
		return NULL;
	if (session->mails >= limits->mails_per_session)
		return "enough mails for one session";
	return atomic_load(&session->server->stopping) ? "the service stops" : NULL;
}

/* Who makes many errors guesses: each further answer takes its time. */
static void slow_down(const struct smtp_session *session)
{
	const struct smtp_server_limits *limits = &session->server->limits;

	if (session->errors > limits->soft_errors)
		(void)poll(NULL, 0, (int)limits->soft_delay_ms);
}

/* Waits for the next command. */
static enum result read_command(
	struct smtp_session *session, struct str *ret, bool *ret_clean, struct err *err)
{
	smtp_stream_set_deadline(session->stream, command_deadline(session));
	/* Replies to pipelined commands go out together. */
	if (!smtp_stream_has_input(session->stream))
		TRY(smtp_stream_flush(session->stream, err));
	atomic_store(&session->waits_since, clock_monotonic());
	enum result result = smtp_stream_line(session->stream, LIMIT_SMTP_LINE_BYTES, ret, ret_clean, err);
	atomic_store(&session->waits_since, 0);
	return result;
}

static enum result command_loop(struct smtp_session *session, struct err *err)
{
	struct str line;
	const char *status;
	bool clean;

	while (!session->closing) {
		const char *reason = too_much(session, &status);
		if (reason) {
			TRY(smtp_session_reply(session, 421, status, reason, err));
			break;
		}
		slow_down(session);
		enum result got = read_command(session, &line, &clean, err);
		if (got == RESULT_TOO_LARGE) {
			session->errors++;
			TRY(smtp_session_reply(session, 500, "5.5.6", "the line is too long", err));
		} else if (got == RESULT_OK && !clean) {
			session->errors++;
			TRY(smtp_session_reply(session, 500, "5.5.2",
				"a line ends in CR LF and holds no CR, LF or NUL", err));
		} else {
			TRY(got);
			TRY(smtp_command_run(session, line, err));
		}
	}
	smtp_stream_set_deadline(session->stream, clock_monotonic() + session->server->limits.handshake_ms);
	return smtp_stream_flush(session->stream, err);
}

static enum result shake_hands(struct smtp_session *session, struct err *err)
{
	struct smtp_server *server = session->server;

	lock_take(&server->lock);
	struct tls_credentials *credentials = tls_credentials_ref(server->credentials);
	lock_release(&server->lock);
	enum result result = smtp_stream_accept_tls(session->stream, credentials, err);
	tls_credentials_unref(credentials);
	return result;
}

/* Who speaks before the greeting reads no answers: a spam program, or a browser that a page sends here. */
static enum result refuse_early_words(struct smtp_session *session, struct err *err)
{
	log_warning(TOPIC, "commands before the greeting peer=%s", session->address);
	TRY(smtp_session_reply(session, 554, "5.5.0", "commands before the greeting are not taken", err));
	return smtp_stream_flush(session->stream, err);
}

/* Who it is comes before the handshake, so that strangers beyond their number cost little. */
static enum result run(struct smtp_session *session, struct err *err)
{
	struct smtp_server *server = session->server;
	const char *refusal = NULL;

	atomic_store(&session->waits_since, clock_monotonic());
	smtp_stream_set_deadline(session->stream, clock_monotonic() + server->limits.handshake_ms);
	enum result result = intake_sources_of_address(
		server->options.flow, str_of(session->address), &session->arena, &session->sources, err);
	if (result != RESULT_OK)
		refusal = "cannot look up who may send; please try again later";
	else if (session->sources.count == 0 && !smtp_server_admit_stranger(session))
		refusal = "too many sessions; please try again later";
	if (refusal && session->implicit_tls)
		return err_code(err, RESULT_GONE, "closed", "%s", refusal);
	if (refusal) {
		TRY(smtp_session_reply(session, 421, "4.3.2", refusal, err));
		return smtp_stream_flush(session->stream, err);
	}
	if (session->implicit_tls)
		TRY(shake_hands(session, err));
	if (smtp_stream_is_readable(session->stream) && smtp_stream_has_input(session->stream))
		return refuse_early_words(session, err);
	TRY(greet(session, err));
	return command_loop(session, err);
}

/* The last word of a session that does not end by itself. */
static void say_why(struct smtp_session *session, enum result result, const struct err *why)
{
	const char *status = "4.4.2", *text = "no command in time";
	struct err err;

	if (atomic_load(&session->must_end)) {
		status = "4.3.2";
		text = "the service stops or is busy; please try again later";
	} else if (result != RESULT_BUSY) {
		if (result != RESULT_GONE)
			log_info(TOPIC, "session ended peer=%s reason=%s", session->address, why->text);
		return;
	}
	smtp_stream_set_deadline(session->stream, clock_monotonic() + MS_SECOND);
	if (smtp_session_reply(session, 421, status, text, &err) == RESULT_OK)
		(void)!smtp_stream_flush(session->stream, &err);
}

void smtp_session_run(struct smtp_session *session)
{
	struct err err = {0};

	session->stream = smtp_stream_new(session->fd);
	enum result result = run(session, &err);
	if (result != RESULT_OK)
		say_why(session, result, &err);
	smtp_session_reset(session);
	smtp_server_let_go(session);
	smtp_stream_free(session->stream);
	arena_done(&session->arena);
}
