#include "base/id.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* A mail has a dozen identifiers: random bytes are fetched for many at once, and each is used once. */
static void take_random(uint8_t *ret, size_t size)
{
	static _Thread_local uint8_t store[240];
	static _Thread_local size_t left;

	if (left < size) {
		ssize_t got = getrandom(store, sizeof(store), 0);
		assert(got == (ssize_t)sizeof(store));
		left = sizeof(store);
	}
	left -= size;
	memcpy(ret, store + left, size);
	explicit_bzero(store + left, size);
}

struct id id_new(int64_t now)
{
	struct id id;
	uint64_t ms = (uint64_t)now;

	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	take_random(id.b + 6, ID_BYTES - 6);
	return id;
}

int64_t id_time(struct id id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.b[i];
	return ms;
}

bool id_equal(struct id a, struct id b)
{
	return memcmp(a.b, b.b, ID_BYTES) == 0;
}

bool id_is_none(struct id id)
{
	return id_equal(id, (struct id){0});
}

void base32_encode(const uint8_t *data, size_t len, char *out)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = alphabet[bits >> (have - 5) & 31];
	}
	if (have > 0)
		*out++ = alphabet[bits << (5 - have) & 31];
	*out = '\0';
}

static int base32_value(char c)
{
	char lower = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	const char *at = lower ? strchr(alphabet, lower) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

bool base32_decode(struct str text, uint8_t *out, size_t len)
{
	uint32_t bits = 0;
	int have = 0;

	if (text.len != base32_len(len))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (base32_value(text.ptr[i]) < 0)
			return false;
	for (size_t i = 0; i < text.len; i++) {
		bits = bits << 5 | (uint32_t)base32_value(text.ptr[i]);
		have += 5;
		if (have >= 8) {
			have -= 8;
			*out++ = (uint8_t)(bits >> have);
		}
	}
	return (bits & ((1U << have) - 1)) == 0;
}

struct id_text id_text(struct id id)
{
	struct id_text text;

	static_assert(sizeof(text.s) == (ID_BYTES * 8 + 4) / 5 + 1, "text form of an identifier");
	base32_encode(id.b, ID_BYTES, text.s);
	return text;
}

bool id_parse(struct str text, struct id *ret)
{
	struct id id;

	if (!base32_decode(text, id.b, ID_BYTES))
		return false;
	*ret = id;
	return true;
}
