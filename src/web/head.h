/* Whether the head of a request had the strict form of RFC 9112: one space between the parts of the request
 * line, every line ended by CRLF, no NUL, no line folded, no space before a colon.
 *
 * libmicrohttpd 0.9.75 accepts all of these and hands out only the parsed pieces; but it parses in place, so
 * the distances between the pieces show what stood between them. Later versions (from 0.9.77 on) refuse them
 * by themselves at client discipline level 1, and then nothing is looked at here. */
#ifndef WEB_HEAD_H
#define WEB_HEAD_H

#include "base/str.h"

struct head_piece {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* `target` as it was before decoding; `size` counts from the method to behind the empty line. */
bool head_is_strict(const char *method, const char *target, size_t target_len, const char *version,
	const struct head_piece *pieces, size_t count, size_t size);

#endif
