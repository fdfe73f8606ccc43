/* The pure part of HTTP (RFC 9110, RFC 9112, RFC 6265): bytes in, slices out, no socket and no state. */
#ifndef WEB_SYNTAX_H
#define WEB_SYNTAX_H

#include "base/arena.h"
#include "base/result.h"

/* A named value, as a query, a form, a cookie field or a path pattern gives it. */
struct pair {
	struct str name;
	struct str value;
};

struct pairs {
	struct pair *items;
	size_t count;
};

/* The value of the first pair so named; STR_NONE when there is none. */
struct str pairs_get(const struct pairs *pairs, const char *name);

/* Percent-decodes into the arena; `plus` turns '+' into a space (forms). INVALID: broken escape, NUL, or the
 * result is not UTF-8. */
enum result percent_decode(struct arena *arena, struct str s, bool plus, struct str *ret) must_check;

/* Appends what may stand in a path segment or a query value as it is; the rest percent-encoded. */
struct str percent_encode(struct arena *arena, struct str s);

/* Splits the path of a request target and decodes its segments: "/a/b%20c" gives "a", "b c"; "/" gives none;
 * a slash at the end gives a last empty segment. INVALID: not starting with one slash, "//", "." or ".."
 * segments, encoded slashes or backslashes, control characters, more than LIMIT_HTTP_SEGMENTS. */
struct segments {
	struct str *items;
	size_t count;
};
enum result path_parse(struct arena *arena, struct str path, struct segments *ret) must_check;

/* application/x-www-form-urlencoded, as in a query. TOO_LARGE past `max` pairs, INVALID as percent_decode. */
enum result urlencoded_parse(struct arena *arena, struct str s, size_t max, struct pairs *ret) must_check;

/* A Cookie field (RFC 6265 section 4.2.1); what is not `name=value` is left out, as are pairs past
 * LIMIT_HTTP_COOKIES. Of a name given twice nothing is kept, since one of the two may be planted. */
struct pairs cookie_parse(struct arena *arena, struct str field);

/* Whether it is a token (RFC 9110 section 5.6.2): field names, methods. */
bool token_is_valid(struct str s);

/* Whether it may be a field value: no control characters but tab. */
bool field_value_is_valid(struct str s);

/* The parameter `name` of a field such as Content-Type or Content-Disposition, unquoted into the arena. A
 * backslash quotes only a quote or a backslash, since browsers write Windows paths. NOT_FOUND without it;
 * INVALID: broken syntax or the parameter given twice. */
enum result field_parameter(
	struct arena *arena, struct str field, const char *name, struct str *ret) must_check;

/* The value before the first ';', trimmed: "text/html" of "text/html; charset=utf-8". */
struct str field_main(struct str field);

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

/* `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266) for any name at all: control and
 * direction-changing characters, path separators and quotes become '_', it never begins with a dot, and it
 * is cut to LIMIT_FILE_NAME_BYTES with the extension kept. An empty name gives "file". */
struct str disposition_attachment(struct arena *arena, struct str name);

/* A file name that a client claims, made harmless as above (for storing and showing). */
struct str file_name_clean(struct arena *arena, struct str name);

#endif
