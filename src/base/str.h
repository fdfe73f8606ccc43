/* Text and byte slices: a pointer and a length, never owning. Text is UTF-8 unless said otherwise and is not
 * NUL-terminated; a slice whose ptr is NULL has len 0. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *ptr;
	size_t len;
};

struct bytes {
	const uint8_t *ptr;
	size_t len;
};

/* A slice of a string literal. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* For "%.*s". */
#define STR_ARG(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

/* The slice of a NUL-terminated string; NULL gives the empty slice. */
struct str str_of(const char *text);

static inline struct bytes str_bytes(struct str s)
{
	return (struct bytes){(const uint8_t *)s.ptr, s.len};
}

static inline struct str bytes_str(struct bytes b)
{
	return (struct str){(const char *)b.ptr, b.len};
}

bool str_equal(struct str a, struct str b);

/* ASCII letters compare without case; other bytes as they are. */
bool str_equal_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends_nocase(struct str s, struct str suffix);

/* How many bytes both begin with. */
size_t str_shared(struct str a, struct str b);

/* Offset of the first occurrence, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_char(struct str s, char c);
ptrdiff_t str_find_nocase(struct str s, struct str needle);

/* The part from `start` (clamped), at most `len` bytes long. */
struct str str_sub(struct str s, size_t start, size_t len);
static inline struct str str_from(struct str s, size_t start)
{
	return str_sub(s, start, SIZE_MAX);
}

/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str s);

/* Cuts off and returns what stands before the next `separator`; *rest keeps what follows it. At the end
 * returns what is left and sets *rest to the empty slice with a NULL pointer, so loop on rest->ptr. */
struct str str_cut(struct str *rest, char separator);

/* A decimal number of digits only, within 0..max; false otherwise. *ret is untouched on failure. */
bool str_to_uint(struct str s, uint64_t max, uint64_t *ret);

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);

/* Whether it is UTF-8 without control characters (C0, DEL, C1). */
bool str_is_line(struct str s);

/* How many bytes at the start are ASCII. */
size_t str_ascii_prefix(struct str s);

static inline bool str_is_ascii(struct str s)
{
	return str_ascii_prefix(s) == s.len;
}

/* How many bytes at the start are well-formed UTF-8. */
size_t str_utf8_prefix(struct str s);

/* Cuts off the first character of UTF-8 that is not empty, and returns its number. */
uint32_t str_cut_character(struct str *utf8);

/* Whether a character steers how text is shown instead of being shown: C0, DEL, C1, separators of lines and
 * paragraphs, marks that turn the direction of what stands beside them, the mark of byte order. */
bool is_steering_character(uint32_t c);

#endif
