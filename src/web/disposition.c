#include "web/disposition.h"

#include "base/limits.h"

#include <string.h>

#define EXTENSION_BYTES_MAX 20

/* The next character of UTF-8 text, and its length in *ret_len; U+FFFD and 1 for a byte that is none. */
static uint32_t next_char(struct str s, size_t *ret_len)
{
	static const uint8_t lengths[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
	unsigned char first = (unsigned char)s.ptr[0];
	size_t len = lengths[first >> 4];
	uint32_t c = first & (0xffU >> (len == 1 ? 0 : len + 1));

	*ret_len = 1;
	if (len > s.len || !str_is_utf8(str_sub(s, 0, len)))
		return 0xfffd;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s.ptr[i] & 0x3f);
	*ret_len = len;
	return c;
}

/* Characters that make a name dangerous or show it as what it is not: controls, path and shell characters
 * of any system, changes of direction, separators of lines, and what is no character at all. */
static bool is_bad_in_name(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return true;
	if (c < 0x80)
		return strchr("/\\:*?\"<>|", (int)c);
	return c == 0x061c || (c >= 0x200b && c <= 0x200f && c != 0x200c && c != 0x200d) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff0 && c <= 0xffff) || (c >= 0xe0000 && c <= 0xe007f);
}

static bool is_digit_1_9(char c)
{
	return c >= '1' && c <= '9';
}

/* CON, LPT1 and the like, which Windows takes for devices with any extension. */
static bool is_device_name(struct str name)
{
	struct str rest = name;
	struct str stem = str_trim(str_cut(&rest, '.'));

	if (stem.len == 4 && is_digit_1_9(stem.ptr[3]))
		return str_starts_nocase(stem, STR("com")) || str_starts_nocase(stem, STR("lpt"));
	return str_equal_nocase(stem, STR("con")) || str_equal_nocase(stem, STR("prn")) ||
	       str_equal_nocase(stem, STR("aux")) || str_equal_nocase(stem, STR("nul"));
}

/* The last '.' and what follows, when it is short enough to be an extension. */
static struct str extension_of(struct str name)
{
	for (size_t i = name.len; i > 1; i--) {
		if (name.ptr[i - 1] == '.')
			return name.len - i < EXTENSION_BYTES_MAX ? str_from(name, i - 1) : STR_NONE;
	}
	return STR_NONE;
}

/* At most `max` bytes, never ending within a character. */
static struct str cut_utf8(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max && ((unsigned char)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return str_sub(s, 0, max);
}

/* Without dots and spaces at the end, which Windows drops by itself. */
static struct str trim_end(struct str name)
{
	while (name.len && (name.ptr[name.len - 1] == '.' || name.ptr[name.len - 1] == ' '))
		name.len--;
	return name;
}

static struct str shorten(struct arena *arena, struct str name)
{
	struct str extension = extension_of(name);

	if (name.len <= LIMIT_FILE_NAME_BYTES)
		return name;
	struct str stem =
		cut_utf8(str_sub(name, 0, name.len - extension.len), LIMIT_FILE_NAME_BYTES - extension.len);
	return arena_printf(arena, "%.*s%.*s", STR_ARG(stem), STR_ARG(extension));
}

struct str file_name_clean(struct arena *arena, struct str name)
{
	char *out = arena_alloc(arena, name.len + 1);
	size_t len = 0;

	for (size_t i = 0, step = 0; i < name.len; i += step) {
		uint32_t c = next_char(str_from(name, i), &step);
		if (is_bad_in_name(c)) {
			out[len++] = '_';
		} else {
			memcpy(out + len, name.ptr + i, step);
			len += step;
		}
	}
	struct str cleaned = trim_end(str_trim((struct str){out, len}));
	if (!cleaned.len)
		return STR("file");
	if (cleaned.ptr[0] == '.' || cleaned.ptr[0] == '-' || is_device_name(cleaned))
		cleaned = arena_printf(arena, "_%.*s", STR_ARG(cleaned));
	return trim_end(shorten(arena, cleaned));
}

struct str disposition_attachment(struct arena *arena, struct str name)
{
	static const char digits[] = "0123456789ABCDEF";
	struct str clean = file_name_clean(arena, name);
	char *plain = arena_alloc(arena, clean.len + 1);
	char *encoded = arena_alloc(arena, clean.len * 3 + 1);
	size_t plain_len = 0, encoded_len = 0;

	for (size_t i = 0, step = 0; i < clean.len; i += step) {
		uint32_t c = next_char(str_from(clean, i), &step);
		/* Some browsers decode a '%' here. */
		plain[plain_len++] = c < 0x7f && c != '%' ? (char)c : '_';
	}
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.ptr[i];
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			strchr("!#$&+-.^_`|~", c)) {
			encoded[encoded_len++] = (char)c;
		} else {
			encoded[encoded_len++] = '%';
			encoded[encoded_len++] = digits[c >> 4];
			encoded[encoded_len++] = digits[c & 15];
		}
	}
	return arena_printf(arena, "attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s", (int)plain_len,
		plain, (int)encoded_len, encoded);
}
