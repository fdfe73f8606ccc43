#include "base/str.h"

#include <string.h>
#include <strings.h>

struct str str_of(const char *text)
{
	return text ? (struct str){text, strlen(text)} : STR_NONE;
}

bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equal_nocase(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_equal(str_sub(s, 0, prefix.len), prefix);
}

size_t str_shared(struct str a, struct str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len, shared = 0;

	while (shared < shorter && a.ptr[shared] == b.ptr[shared])
		shared++;
	return shared;
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_equal_nocase(str_sub(s, 0, prefix.len), prefix);
}

bool str_ends_nocase(struct str s, struct str suffix)
{
	return s.len >= suffix.len && str_equal_nocase(str_from(s, s.len - suffix.len), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return -1;
	const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return hit ? hit - s.ptr : -1;
}

ptrdiff_t str_find_char(struct str s, char c)
{
	const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
	return hit ? hit - s.ptr : -1;
}

ptrdiff_t str_find_nocase(struct str s, struct str needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (str_equal_nocase(str_sub(s, i, needle.len), needle))
			return (ptrdiff_t)i;
	return -1;
}

struct str str_sub(struct str s, size_t start, size_t len)
{
	if (start >= s.len)
		return (struct str){s.ptr ? s.ptr + s.len : NULL, 0};
	size_t left = s.len - start;
	return (struct str){s.ptr + start, len < left ? len : left};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.len > 0 && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct str str_cut(struct str *rest, char separator)
{
	struct str all = *rest;
	ptrdiff_t at = str_find_char(all, separator);

	if (at < 0) {
		*rest = STR_NONE;
		return all;
	}
	*rest = (struct str){all.ptr + at + 1, all.len - (size_t)at - 1};
	return (struct str){all.ptr, (size_t)at};
}

bool str_to_uint(struct str s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');
		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* The length of the well-formed sequence at s, or 0. */
static size_t utf8_sequence(const uint8_t *s, size_t left)
{
	if (s[0] < 0x80)
		return 1;
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	bool surrogate = s[0] == 0xed && s[1] > 0x9f;
	bool beyond = s[0] == 0xf4 && s[1] > 0x8f;
	return overlong || surrogate || beyond ? 0 : len;
}

size_t str_ascii_prefix(struct str s)
{
	size_t at = 0;

	for (uint64_t word; at + sizeof(word) <= s.len; at += sizeof(word)) {
		memcpy(&word, s.ptr + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < s.len && (unsigned char)s.ptr[at] < 0x80)
		at++;
	return at;
}

size_t str_utf8_prefix(struct str s)
{
	size_t at = str_ascii_prefix(s), step;

	while (at < s.len && (step = utf8_sequence((const uint8_t *)s.ptr + at, s.len - at)) > 0)
		at += step;
	return at;
}

uint32_t str_cut_character(struct str *utf8)
{
	uint8_t first = (uint8_t)utf8->ptr[0];
	uint32_t c = first < 0x80   ? first
		     : first < 0xe0 ? first & 0x1f
		     : first < 0xf0 ? first & 0xf
				    : first & 7;

	for (*utf8 = str_from(*utf8, 1); utf8->len && ((uint8_t)utf8->ptr[0] & 0xc0) == 0x80;
		*utf8 = str_from(*utf8, 1))
		c = c << 6 | ((uint8_t)utf8->ptr[0] & 0x3f);
	return c;
}

bool is_steering_character(uint32_t c)
{
	if (c < 0x7f)
		return c < 0x20;
	return c < 0xa0 || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

bool str_is_utf8(struct str s)
{
	return str_utf8_prefix(s) == s.len;
}

bool str_is_line(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0)
			return false;
	}
	return str_is_utf8(s);
}
