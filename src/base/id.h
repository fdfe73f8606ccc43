/* Identifiers: 128 bits, the first 48 the time in ms since 1970 UTC, the other 80 random; so they sort by
 * time, are made without asking a database, and cannot be guessed. As text: 26 characters of lower-case
 * Crockford base 32, which sort in the same order. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/str.h"

#define ID_BYTES 16
#define ID_TEXT_LEN 26

struct id {
	uint8_t b[ID_BYTES];
};

/* Its own type, so that it can be returned by value. NUL-terminated. */
struct id_text {
	char s[ID_TEXT_LEN + 1];
};

/* A new identifier for the time `now` (ms since 1970 UTC). */
struct id id_new(int64_t now);

/* The time it was made for. */
int64_t id_time(struct id id);

bool id_equal(struct id a, struct id b);

/* Whether it is the all-zero identifier, which id_new never gives and which stands for "none". */
bool id_is_none(struct id id);

struct id_text id_text(struct id id);

/* Parses the text form, any case; false when it is not one. *ret is untouched then. */
bool id_parse(struct str text, struct id *ret);

/* Lower-case base 32 (same alphabet) of any bytes; `out` takes base32_len(len) characters and a NUL. */
static inline size_t base32_len(size_t len)
{
	return (len * 8 + 4) / 5;
}
void base32_encode(const uint8_t *data, size_t len, char *out);

/* The reverse; false when the text holds other characters or is not the encoding of exactly `len` bytes. */
bool base32_decode(struct str text, uint8_t *out, size_t len);

#endif
