#include "web/head.h"

#include <string.h>

#define CRLF_BYTES 2

bool head_is_strict(const char *method, const char *target, size_t target_len, const char *version,
	const struct head_piece *pieces, size_t count, size_t size)
{
	const char *next = version + strlen(version) + CRLF_BYTES;

	if (method + strlen(method) + 1 != target || target + target_len + 1 != version)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct head_piece *piece = &pieces[i];
		/* Behind the name stood the colon; then only blanks may come before the value. */
		if (piece->name != next || piece->value < piece->name + piece->name_len + 1)
			return false;
		for (const char *p = piece->name + piece->name_len + 1; p < piece->value; p++) {
			if (*p != ' ' && *p != '\t')
				return false;
		}
		next = piece->value + piece->value_len + CRLF_BYTES;
	}
	return next + CRLF_BYTES == method + size;
}
