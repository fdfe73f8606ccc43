/* What a mail will say about how it came to us. */
#include "smtp/session_private.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* RFC 3848, RFC 6531 section 4.3. */
struct str smtp_session_protocol(const struct smtp_session *s)
{
	static const char *const names[][4] = {{"SMTP", "SMTP", "SMTP", "SMTP"},
		{"ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA"},
		{"UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA"}};
	int kind = !s->extended ? 0 : s->smtputf8 ? 2 : 1;

	return str_of(names[kind][(smtp_stream_tls(s->stream) ? 2 : 0) + s->authenticated]);
}

/* Our line of the trace (RFC 5321 4.4): from whom, to whom, how, when. */
struct str smtp_session_received(const struct smtp_session *s, struct id id, int64_t now, struct arena *arena)
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
		STR_ARG(smtp_session_protocol(s)), STR_ARG(how), id_text(id).s, date);
}
