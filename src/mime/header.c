#include "mime/header.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/charset.h"

#include <gmime/gmime.h>
#include <string.h>

#define NAME_BYTES_MAX 200
#define DATE_BYTES_MAX 200

void mime_init(void)
{
	g_mime_init();
}

/* The line at the start of rest, with its end. */
static struct str next_line(struct str rest)
{
	ptrdiff_t at = str_find_char(rest, '\n');

	return at < 0 ? rest : str_sub(rest, 0, (size_t)at + 1);
}

static struct str without_line_end(struct str line)
{
	if (line.len && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_field_name(struct str name)
{
	if (name.len == 0 || name.len > NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] == 0x7f)
			return false;
	return true;
}

bool mime_field_next(struct str *rest, struct mime_field *ret)
{
	while (rest->len > 0) {
		struct str start = *rest, line = next_line(*rest);
		size_t len = line.len;
		*rest = str_from(*rest, line.len);
		while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
			struct str more = next_line(*rest);
			len += more.len;
			*rest = str_from(*rest, more.len);
		}
		ptrdiff_t colon = str_find_char(line, ':');
		if (colon < 0)
			continue;
		struct str name = str_trim(str_sub(line, 0, (size_t)colon));
		if (!is_field_name(name))
			continue;
		struct str whole = str_sub(start, 0, len);
		*ret = (struct mime_field){.name = name,
			.value = without_line_end(str_from(whole, (size_t)colon + 1)),
			.whole = whole};
		return true;
	}
	return false;
}

struct str mime_header_get(struct str block, struct str name)
{
	struct mime_field field;

	while (mime_field_next(&block, &field))
		if (str_equal_nocase(field.name, name))
			return field.value;
	return STR_NONE;
}

size_t mime_header_count(struct str block, struct str name)
{
	struct mime_field field;
	size_t count = 0;

	while (mime_field_next(&block, &field))
		count += str_equal_nocase(field.name, name);
	return count;
}

struct str mime_header_unfold(struct str value, struct arena *arena)
{
	char *line = arena_cstr(arena, value);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if (c == '\r' || c == '\n')
			continue;
		line[len++] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
	}
	line[len] = '\0';
	struct str trimmed = str_trim((struct str){line, len});
	line[(size_t)(trimmed.ptr - line) + trimmed.len] = 0;
	return trimmed;
}

static bool is_printable_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
			return false;
	return true;
}

struct str mime_clean_text(struct str text, size_t limit, struct arena *arena)
{
	if (is_printable_ascii(text))
		return str_trim(arena_str(arena, str_sub(text, 0, limit)));
	cleanup(buf_done) struct buf utf8 = buf_new(text.len * 3 + 16);
	struct mime_charset *charset = mime_charset_new(STR("UTF-8"));

	mime_charset_add(charset, text, &utf8);
	mime_charset_end(charset, &utf8);
	mime_charset_free(charset);
	char *out = arena_alloc(arena, (limit < utf8.len ? limit : utf8.len) + 1);
	size_t len = 0;
	for (size_t at = 0, size; at < utf8.len; at += size) {
		const char *p = utf8.data + at;
		size = (unsigned char)*p < 0x80 ? 1 : (size_t)g_utf8_skip[(unsigned char)*p];
		if (len + size > limit)
			break;
		if (is_steering_character(size == 1 ? (unsigned char)*p : g_utf8_get_char(p)))
			out[len++] = ' ';
		else
			for (size_t i = 0; i < size; i++)
				out[len++] = p[i];
	}
	return str_trim((struct str){out, len});
}

static struct str charset_name(struct str word)
{
	size_t len = 0;

	while (len < word.len && !strchr("?* ", word.ptr[len]))
		len++;
	return str_sub(word, 0, len);
}

/* Encoded words with the names of charsets as they are meant; without any the line itself. */
static struct str with_charsets_meant(struct str line, struct arena *arena)
{
	cleanup(buf_done) struct buf out = buf_new(2 * line.len + 1);
	size_t at = 0;

	for (size_t i = 0; i + 2 < line.len; i++) {
		if (line.ptr[i] != '=' || line.ptr[i + 1] != '?')
			continue;
		struct str name = charset_name(str_from(line, i + 2));
		const char *meant = mime_charset_meant(name);
		if (!meant)
			continue;
		buf_add(&out, str_sub(line, at, i + 2 - at));
		buf_add(&out, str_of(meant));
		at = i + 2 + name.len;
	}
	if (at == 0)
		return line;
	buf_add(&out, str_from(line, at));
	return arena_str(arena, buf_str(&out));
}

/* GMime decodes neighbouring base64 words as one and stops at the padding of the first; an empty word of
 * another charset between them shows nothing and keeps them apart. Without neighbours the line itself. */
struct str mime_header_separate_words(struct str line, struct arena *arena)
{
	static const char empty[] = "=?us-ascii?Q?\?= ";
	cleanup(buf_done) struct buf out = buf_new(2 * line.len * sizeof(empty) + 1);
	size_t at = 0;

	line = with_charsets_meant(line, arena);
	for (size_t i = 0; i + 3 < line.len; i++) {
		if (memcmp(line.ptr + i, "=?=", 3) != 0)
			continue;
		size_t next = i + 3;
		while (next < line.len && line.ptr[next] == ' ')
			next++;
		if (next == i + 3 || !str_starts(str_from(line, next), STR("=?")))
			continue;
		buf_add(&out, str_sub(line, at, next - at));
		buf_add(&out, str_of(empty));
		at = next;
	}
	if (at == 0)
		return line;
	buf_add(&out, str_from(line, at));
	return arena_str(arena, buf_str(&out));
}

struct str mime_header_text(struct str value, size_t limit, struct arena *arena)
{
	struct str line = mime_header_separate_words(mime_header_unfold(value, arena), arena);
	char *decoded = g_mime_utils_header_decode_text(NULL, line.ptr ? line.ptr : "");
	struct str text = mime_clean_text(decoded ? str_of(decoded) : line, limit, arena);

	g_free(decoded);
	return text;
}

int64_t mime_header_date(struct str value, struct arena *arena)
{
	struct str line = str_sub(mime_header_unfold(value, arena), 0, DATE_BYTES_MAX);
	GDateTime *date = g_mime_utils_header_decode_date(arena_cstr(arena, line));

	if (!date)
		return 0;
	int64_t seconds = g_date_time_to_unix(date);
	g_date_time_unref(date);
	return seconds > 0 ? seconds * MS_SECOND : 0;
}

bool mime_message_id_next(struct str *line, struct str *ret)
{
	ptrdiff_t open, close;

	while ((open = str_find_char(*line, '<')) >= 0) {
		struct str id = str_from(*line, (size_t)open + 1);
		close = str_find_char(id, '>');
		if (close < 0)
			break;
		*line = str_from(id, (size_t)close + 1);
		*ret = str_sub(id, 0, (size_t)close);
		if (close > 0)
			return true;
	}
	return false;
}

size_t mime_message_ids(struct str value, struct str *ret, size_t max, struct arena *arena)
{
	struct str line = mime_header_unfold(value, arena);
	size_t count = 0;

	while (count < max && mime_message_id_next(&line, &ret[count]))
		count++;
	return count;
}
