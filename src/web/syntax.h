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

/* For a path segment or a query value: unreserved characters as they are, the rest percent-encoded. */
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

/* Whether a request's target is a path with or without a query (origin-form, RFC 9112 section 3.2.1), in
 * visible ASCII. */
bool target_is_valid(struct str target);

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

#endif
