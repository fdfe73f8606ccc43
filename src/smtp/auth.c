/* AUTH PLAIN and LOGIN (RFC 4954), under TLS only. */
#include "smtp/session_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#define TOPIC "smtp"

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
	TRY(smtp_session_reply(s, 334, "", challenge, err));
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
		return smtp_session_reply(s, 235, "2.7.0", "signed in", err);
	}
	s->errors++;
	log_info(TOPIC, "AUTH refused peer=%s reason=%s", s->address, result_name(result));
	if (result == RESULT_DENIED)
		return smtp_session_reply(s, 535, "5.7.8", "user name or password is not right", err);
	return smtp_session_reply(
		s, 454, "4.7.0", "cannot check the password now; please try again later", err);
}

static enum result auth_plain(
	struct smtp_session *s, struct str initial, struct arena *arena, struct err *err)
{
	struct str line = initial, text;

	if (initial.len == 0)
		TRY(ask(s, "", &line, err));
	if (!decode_answer(line, arena, &text))
		return smtp_session_bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	struct str rest = text;
	(void)str_cut(&rest, '\0');
	struct str user_name = str_cut(&rest, '\0');
	if (rest.ptr == NULL || user_name.len == 0)
		return smtp_session_bad_syntax(s, "AUTH PLAIN takes a name and a password", err);
	return check_password(s, user_name, rest, err);
}

static enum result auth_login(
	struct smtp_session *s, struct str initial, struct arena *arena, struct err *err)
{
	struct str line = initial, user_name, password;

	if (initial.len == 0)
		TRY(ask(s, "VXNlcm5hbWU6", &line, err));
	if (!decode_answer(line, arena, &user_name))
		return smtp_session_bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	TRY(ask(s, "UGFzc3dvcmQ6", &line, err));
	if (!decode_answer(line, arena, &password))
		return smtp_session_bad_syntax(s, "AUTH was cancelled or is not base 64", err);
	return check_password(s, user_name, password, err);
}

enum result smtp_command_auth(struct smtp_session *s, struct str rest, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str initial, mechanism = smtp_verb(rest, &initial);

	if (smtp_stream_tls(s->stream) == NULL) {
		s->errors++;
		return smtp_session_reply(s, 538, "5.7.11", "AUTH needs TLS first", err);
	}
	if (s->authenticated || s->intake)
		return smtp_session_bad_sequence(s, "AUTH is not possible now", err);
	initial = arena_str(&arena, initial);
	enum result result;
	if (str_equal_nocase(mechanism, STR("PLAIN"))) {
		result = auth_plain(s, initial, &arena, err);
	} else if (str_equal_nocase(mechanism, STR("LOGIN"))) {
		result = auth_login(s, initial, &arena, err);
	} else {
		s->errors++;
		return smtp_session_reply(s, 504, "5.5.4", "AUTH PLAIN or LOGIN", err);
	}
	if (result != RESULT_TOO_LARGE)
		return result;
	s->errors++;
	return smtp_session_reply(s, 500, "5.5.6", "the line is too long", err);
}
