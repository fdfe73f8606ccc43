/* The commands of the server: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 3030 (CHUNKING), 3461 (DSN), 1870
 * (SIZE), 6531 (SMTPUTF8), 2034 (ENHANCEDSTATUSCODES), 2920 (PIPELINING). A table says what is allowed when;
 * each function acts. */
#include "smtp/session_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define TOPIC "smtp"

static bool tls_is_offered(const struct smtp_session *s)
{
	return s->server->credentials && smtp_stream_tls(s->stream) == NULL;
}

static enum result hello(struct smtp_session *s, struct str name, bool extended, struct err *err)
{
	char lines[1200];

	if (!smtp_is_helo(name))
		return smtp_session_bad_syntax(s, "a name goes with the greeting", err);
	smtp_session_reset(s);
	(void)snprintf(s->helo, sizeof(s->helo), "%.*s", STR_ARG(name));
	s->extended = extended;
	if (!extended)
		return smtp_session_reply(s, 250, "", s->server->options.host_name, err);
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
		return smtp_session_bad_syntax(s, "STARTTLS takes no parameters", err);
	if (!tls_is_offered(s))
		return smtp_session_bad_sequence(s, "STARTTLS is not offered now", err);
	if (smtp_stream_has_input(s->stream)) {
		log_warning(TOPIC, "commands behind STARTTLS in plain text peer=%s", s->address);
		s->closing = true;
		return smtp_session_reply(s, 554, "5.5.1", "commands behind STARTTLS are not taken", err);
	}
	lock_take(&server->lock);
	struct tls_credentials *credentials = tls_credentials_ref(server->credentials);
	lock_release(&server->lock);
	enum result result = smtp_session_reply(s, 220, "2.0.0", "ready to start TLS", err);
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

static struct intake_peer peer_of(const struct smtp_session *s)
{
	const struct tls_facts *tls = smtp_stream_tls(s->stream);

	return (struct intake_peer){.address = str_of(s->address),
		.helo = str_of(s->helo),
		.protocol = smtp_session_protocol(s),
		.tls_version = tls ? str_of(tls->version) : STR_NONE,
		.tls_cipher = tls ? str_of(tls->cipher) : STR_NONE};
}

static enum result do_mail(struct smtp_session *s, struct str rest, struct err *err)
{
	struct smtp_mail mail;
	struct err why = {0};
	struct intake_peer peer = peer_of(s);

	if (s->intake)
		return smtp_session_bad_sequence(s, "a mail is begun already", err);
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
	return smtp_session_reply(s, 250, "2.1.0", "sender ok", err);
}

static enum result take_recipient(struct smtp_session *s, struct str rest, struct err *why)
{
	struct smtp_rcpt rcpt;

	TRY(smtp_rcpt_parse(rest, &rcpt, why));
	if (!s->smtputf8 && !str_is_ascii(rcpt.recipient))
		return err_code(why, RESULT_INVALID, "needs-smtputf8",
			"an address with other than ASCII characters needs SMTPUTF8");
	if (!s->smtputf8 && !str_is_ascii(rcpt.orcpt))
		return err_code(why, RESULT_INVALID, "syntax",
			"ORCPT with other than ASCII characters needs SMTPUTF8");
	struct intake_recipient recipient = {
		.address = rcpt.recipient, .dsn_notify = rcpt.notify, .dsn_original = rcpt.orcpt};
	return intake_recipient(s->intake, &recipient, why);
}

static enum result do_rcpt(struct smtp_session *s, struct str rest, struct err *err)
{
	struct err why = {0};
	int limit = s->server->limits.recipients, errors = s->errors;

	if (s->bdat_begun)
		return smtp_session_bad_sequence(s, "the content has begun", err);
	if (s->recipients >= limit) {
		s->errors += s->surplus++ >= limit; /* a client that does not listen */
		return smtp_session_reply(s, 452, "4.5.3", "too many recipients in one mail", err);
	}
	enum result result = take_recipient(s, rest, &why);
	if (result == RESULT_OK) {
		s->recipients++;
		return smtp_session_reply(s, 250, "2.1.5", "recipient ok", err);
	}
	result = smtp_session_refuse(s, result, &why, err);
	/* An organisation's own server may have many bad addresses in one mail; a stranger guesses. */
	if (s->sources.count)
		s->errors = errors;
	return result;
}

static enum result do_rset(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	smtp_session_reset(s);
	return smtp_session_reply(s, 250, "2.0.0", "ok", err);
}

static enum result do_noop(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return smtp_session_reply(s, 250, "2.0.0", "ok", err);
}

static enum result do_vrfy(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return smtp_session_reply(s, 252, "2.5.0", "not told; send the mail", err);
}

static enum result do_help(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	return smtp_session_reply(s, 214, "2.0.0", "see RFC 5321", err);
}

static enum result do_quit(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	s->closing = true;
	return smtp_session_reply(s, 221, "2.0.0", "bye", err);
}

/* A browser made to speak to us by a page: its "lines" are not looked at any further. */
static enum result do_http(struct smtp_session *s, struct str rest, struct err *err)
{
	(void)rest;
	log_warning(TOPIC, "HTTP instead of SMTP peer=%s", s->address);
	s->closing = true;
	return smtp_session_reply(s, 421, "4.7.0", "this is not HTTP", err);
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
	{"AUTH", NEEDS_HELLO | IS_JUNK, smtp_command_auth},
	{"MAIL", NEEDS_HELLO, do_mail},
	{"RCPT", NEEDS_MAIL, do_rcpt},
	{"DATA", NEEDS_MAIL, smtp_command_data},
	{"BDAT", 0, smtp_command_bdat},
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
			return smtp_session_bad_sequence(s, "EHLO comes first", err);
		if ((command->flags & NEEDS_MAIL) && s->intake == NULL)
			return smtp_session_bad_sequence(s, "MAIL comes first", err);
		s->junk += (command->flags & IS_JUNK) != 0;
		return command->run(s, rest, err);
	}
	s->errors++;
	return smtp_session_reply(s, 500, "5.5.2", "no such command", err);
}
