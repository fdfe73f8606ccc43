#include "mime/encode.h"

#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 76
/* UTF-8 bytes in one encoded word: "=?utf-8?B?" and "?=" leave room for 45 in 75 characters. */
#define WORD_BYTES 45
#define HEADER_BYTES_MAX ((size_t)256 * 1024)

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t base64_encode(const uint8_t *in, size_t len, char *out)
{
	char *start = out;

	for (size_t i = 0; i < len; i += 3) {
		unsigned a = in[i], b = i + 1 < len ? in[i + 1] : 0, c = i + 2 < len ? in[i + 2] : 0;
		unsigned bits = a << 16 | b << 8 | c;
		*out++ = base64_digits[bits >> 18];
		*out++ = base64_digits[bits >> 12 & 63];
		*out++ = (char)(i + 1 < len ? base64_digits[bits >> 6 & 63] : '=');
		*out++ = (char)(i + 2 < len ? base64_digits[bits & 63] : '=');
	}
	return (size_t)(out - start);
}

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return str_find(text, STR("=?")) < 0;
}

/* Controls as blanks, what is no UTF-8 as "?". */
static struct str harmless(struct str text, struct arena *arena)
{
	bool utf8 = str_is_utf8(text);
	char *copy = arena_cstr(arena, text);

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)copy[i];
		if (c < ' ' || c == 0x7f)
			copy[i] = ' ';
		else if (c >= 0x80 && !utf8)
			copy[i] = '?';
	}
	return (struct str){copy, text.len};
}

static void add_encoded_words(struct buf *out, struct str text)
{
	char word[WORD_BYTES * 4 / 3 + 8];

	for (bool first = true; text.len > 0; first = false) {
		size_t take = text.len < WORD_BYTES ? text.len : WORD_BYTES;
		while (take < text.len && take > 1 && ((unsigned char)text.ptr[take] & 0xc0) == 0x80)
			take--;
		size_t len = base64_encode((const uint8_t *)text.ptr, take, word);
		buf_printf(out, "%s=?utf-8?B?%.*s?=", first ? "" : "\r\n ", (int)len, word);
		text = str_from(text, take);
	}
}

/* Plain words, a new line where the old one is full; the blank between two words then begins it (RFC 5322
 * section 2.2.3). */
static void add_folded(struct buf *out, struct str text)
{
	size_t column = 20;

	for (struct str rest = text; rest.ptr;) {
		struct str word = str_cut(&rest, ' ');
		if (word.ptr > text.ptr) {
			bool full = column + 1 + word.len > LINE_BYTES && word.len > 0;
			buf_add(out, full ? STR("\r\n ") : STR(" "));
			column = full ? 1 : column + 1;
		}
		buf_add(out, word);
		column += word.len;
	}
}

struct str mime_encode_text(struct str text, struct arena *arena)
{
	cleanup(buf_done) struct buf out = buf_new(HEADER_BYTES_MAX);
	struct str safe = harmless(text, arena);

	if (!is_plain(safe))
		add_encoded_words(&out, safe);
	else if (safe.len > LINE_BYTES - 20 && str_find(safe, STR("  ")) < 0)
		add_folded(&out, str_trim(safe));
	else
		buf_add(&out, safe);
	return arena_str(arena, buf_str(&out));
}

struct str mime_encode_address(struct str name, struct str address, struct arena *arena)
{
	cleanup(buf_done) struct buf out = buf_new(HEADER_BYTES_MAX);
	struct str safe = str_trim(harmless(name, arena));

	if (!is_address(address))
		return STR("");
	if (safe.len == 0)
		return arena_str(arena, address);
	if (is_plain(safe)) {
		buf_add_char(&out, '"');
		for (size_t i = 0; i < safe.len; i++) {
			if (safe.ptr[i] == '"' || safe.ptr[i] == '\\')
				buf_add_char(&out, '\\');
			buf_add_char(&out, safe.ptr[i]);
		}
		buf_add_char(&out, '"');
	} else {
		add_encoded_words(&out, safe);
	}
	buf_printf(&out, " <%.*s>", STR_ARG(address));
	return arena_str(arena, buf_str(&out));
}

struct str mime_encode_parameter(const char *name, struct str value, struct arena *arena)
{
	cleanup(buf_done) struct buf out = buf_new(HEADER_BYTES_MAX);
	struct str safe = harmless(value, arena);
	bool plain = is_plain(safe) && safe.len < 60 && str_find_char(safe, '"') < 0 &&
		     str_find_char(safe, '\\') < 0;

	if (plain) {
		buf_printf(&out, ";\r\n\t%s=\"%.*s\"", name, STR_ARG(safe));
		return arena_str(arena, buf_str(&out));
	}
	buf_printf(&out, ";\r\n\t%s*=utf-8''", name);
	for (size_t i = 0; i < safe.len; i++) {
		unsigned char c = (unsigned char)safe.ptr[i];
		bool as_is = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c == '.' || c == '-' || c == '_';
		if (as_is)
			buf_add_char(&out, (char)c);
		else
			buf_printf(&out, "%%%02X", c);
	}
	return arena_str(arena, buf_str(&out));
}

struct str mime_encode_date(int64_t now, struct arena *arena)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(now / MS_SECOND);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	return arena_printf(arena, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void mime_base64_init(struct mime_base64 *encoder, struct writer out)
{
	*encoder = (struct mime_base64){.out = out};
}

static enum result flush_line(struct mime_base64 *encoder, struct err *err)
{
	char line[LINE_BYTES + 2];
	size_t len = base64_encode(encoder->kept, encoder->kept_len, line);

	line[len++] = '\r';
	line[len++] = '\n';
	encoder->kept_len = 0;
	return writer_write(&encoder->out, (struct str){line, len}, err);
}

static enum result base64_write(void *context, const void *data, size_t size, struct err *err)
{
	struct mime_base64 *encoder = context;
	const uint8_t *from = data;

	while (size > 0) {
		size_t room = sizeof(encoder->kept) - encoder->kept_len;
		size_t take = size < room ? size : room;
		memcpy(encoder->kept + encoder->kept_len, from, take);
		encoder->kept_len += take;
		from += take;
		size -= take;
		if (encoder->kept_len == sizeof(encoder->kept))
			TRY(flush_line(encoder, err));
	}
	return RESULT_OK;
}

struct writer mime_base64_writer(struct mime_base64 *encoder)
{
	return (struct writer){base64_write, encoder};
}

enum result mime_base64_end(struct mime_base64 *encoder, struct err *err)
{
	return encoder->kept_len ? flush_line(encoder, err) : RESULT_OK;
}

static enum result qp_line(struct str line, const struct writer *out, struct err *err)
{
	char text[LINE_BYTES + 4];
	size_t len = 0;

	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];
		bool last = i + 1 == line.len;
		bool plain = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !last);
		/* "From " and a lone dot are changed by some servers on the way. */
		plain = plain && !(i == 0 && (c == 'F' || c == '.'));
		if (len + (plain ? 1 : 3) > LINE_BYTES - 1) {
			memcpy(text + len, "=\r\n", 3);
			TRY(writer_write(out, (struct str){text, len + 3}, err));
			len = 0;
		}
		if (plain)
			text[len++] = (char)c;
		else
			len += (size_t)snprintf(text + len, 4, "=%02X", c);
	}
	memcpy(text + len, "\r\n", 2);
	return writer_write(out, (struct str){text, len + 2}, err);
}

enum result mime_quoted_printable(struct str text, const struct writer *out, struct err *err)
{
	for (struct str rest = text; rest.ptr;) {
		struct str line = str_cut(&rest, '\n');
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len || rest.ptr)
			TRY(qp_line(line, out, err));
	}
	return RESULT_OK;
}
