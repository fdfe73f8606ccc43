/* Ranges and entity tags (RFC 9110 sections 8.8, 13 and 14). */
#ifndef WEB_CONDITIONS_H
#define WEB_CONDITIONS_H

#include "base/result.h"
#include "base/str.h"

/* A Range field for a body of `size` bytes (RFC 9110 section 14). OK: one satisfiable range in *ret.
 * NOT_FOUND: none, several, another unit or not understood: the whole body is answered. TOO_LARGE: not
 * satisfiable: 416. */
struct byte_range {
	uint64_t start;
	uint64_t len;
};
enum result range_parse(struct str field, uint64_t size, struct byte_range *ret) must_check;

/* Whether a list of entity tags (If-None-Match) names this strong tag, quotes included, or is "*". Weak
 * comparison (RFC 9110 section 8.8.3.2). */
bool etag_matches(struct str list, struct str etag);

#endif
