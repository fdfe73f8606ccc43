#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer lines are cut. */
#define LOG_LINE_BYTES 2048

static _Atomic int lowest_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_set_level(enum log_level level)
{
	lowest_level = (int)level;
}

/* Copies text to out as one printable line; returns its length. C1 controls and the bidirectional marks are
 * multi-byte in UTF-8 and are recognised by their sequences. */
static size_t escape_line(const char *text, char *out, size_t room)
{
	size_t len = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p && len + 5 < room; p++) {
		int c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
		int mark = p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0x8e) || p[1] == 0x81);
		if (*p < 0x20 || *p == 0x7f || c1 || mark)
			len += (size_t)snprintf(out + len, room - len, "\\x%02x", *p);
		else
			out[len++] = (char)*p;
	}
	return len;
}

void log_line(enum log_level level, const char *topic, const char *format, ...)
{
	char text[LOG_LINE_BYTES], line[LOG_LINE_BYTES * 2];
	va_list args;

	if ((int)level < lowest_level)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	int head = snprintf(line, 128, "%s %s: ", level_names[level], topic);
	size_t len = (size_t)head + escape_line(text, line + head, sizeof(line) - (size_t)head - 1);
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}
