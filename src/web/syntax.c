#include "web/syntax.h"

#include "base/limits.h"
#include "base/list.h"

#include <string.h>

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct str pairs_get(const struct pairs *pairs, const char *name)
{
	struct str wanted = str_of(name);

	for (size_t i = 0; i < pairs->count; i++) {
		if (str_equal(pairs->items[i].name, wanted))
			return pairs->items[i].value;
	}
	return STR_NONE;
}

enum result percent_decode(struct arena *arena, struct str s, bool plus, struct str *ret)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '%') {
			int high = s.len - i > 2 ? hex_value(s.ptr[i + 1]) : -1;
			int low = s.len - i > 2 ? hex_value(s.ptr[i + 2]) : -1;
			if (high < 0 || low < 0)
				return RESULT_INVALID;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return RESULT_INVALID;
		out[len++] = c;
	}
	if (!str_is_utf8((struct str){out, len}))
		return RESULT_INVALID;
	*ret = (struct str){out, len};
	return RESULT_OK;
}

struct str percent_encode(struct arena *arena, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, s.len * 3 + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
			out[len++] = c;
		} else {
			out[len++] = '%';
			out[len++] = digits[(unsigned char)c >> 4];
			out[len++] = digits[(unsigned char)c & 15];
		}
	}
	return (struct str){out, len};
}

/* What no segment may hold once decoded: it would read as something else further on. */
static bool segment_is_safe(struct str segment)
{
	if (str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
		return false;
	for (size_t i = 0; i < segment.len; i++) {
		unsigned char c = (unsigned char)segment.ptr[i];
		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return true;
}

enum result path_parse(struct arena *arena, struct str path, struct segments *ret)
{
	struct list list = list_new(arena, sizeof(struct str));

	if (!path.len || path.ptr[0] != '/')
		return RESULT_INVALID;
	for (struct str rest = str_from(path, 1); rest.ptr && path.len > 1;) {
		struct str raw = str_cut(&rest, '/');
		struct str segment = STR("");
		if (list.count == LIMIT_HTTP_SEGMENTS || (!raw.len && rest.ptr))
			return RESULT_INVALID;
		if (raw.len)
			TRY(percent_decode(arena, raw, /* plus= */ false, &segment));
		if (!segment_is_safe(segment))
			return RESULT_INVALID;
		*(struct str *)list_add(&list) = segment;
	}
	*ret = (struct segments){list.items, list.count};
	return RESULT_OK;
}

enum result urlencoded_parse(struct arena *arena, struct str s, size_t max, struct pairs *ret)
{
	struct list list = list_new(arena, sizeof(struct pair));

	for (struct str rest = s; rest.ptr;) {
		struct str value = str_cut(&rest, '&');
		if (!value.len)
			continue;
		if (list.count == max)
			return RESULT_TOO_LARGE;
		struct str name = str_cut(&value, '=');
		struct pair pair = {0};
		TRY(percent_decode(arena, name, /* plus= */ true, &pair.name));
		TRY(percent_decode(arena, value, /* plus= */ true, &pair.value));
		*(struct pair *)list_add(&list) = pair;
	}
	*ret = (struct pairs){list.items, list.count};
	return RESULT_OK;
}

/* cookie-octet of RFC 6265, with the quotes some servers put around. */
static bool cookie_value_is_valid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
			return false;
	}
	return true;
}

struct pairs cookie_parse(struct arena *arena, struct str field)
{
	struct pair *items = arena_array(arena, struct pair, LIMIT_HTTP_COOKIES);
	size_t count = 0, kept = 0;

	for (struct str rest = field; rest.ptr && count < LIMIT_HTTP_COOKIES;) {
		struct str value = str_cut(&rest, ';');
		if (str_find_char(value, '=') < 0)
			continue;
		struct str name = str_trim(str_cut(&value, '='));
		value = str_trim(value);
		if (token_is_valid(name) && cookie_value_is_valid(value))
			items[count++] = (struct pair){name, value.ptr ? value : STR("")};
	}
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;
		for (size_t j = 0; j < count; j++)
			same += str_equal(items[i].name, items[j].name);
		if (same > 1)
			items[i].value = STR_NONE;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].value.ptr)
			items[kept++] = items[i];
	}
	return (struct pairs){items, kept};
}

bool target_is_valid(struct str target)
{
	for (size_t i = 0; i < target.len; i++) {
		unsigned char c = (unsigned char)target.ptr[i];
		if (c <= 0x20 || c >= 0x7f || c == '#')
			return false;
	}
	return target.len > 0 && target.ptr[0] == '/';
}

bool token_is_valid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!is_alnum(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.len > 0;
}

bool field_value_is_valid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

struct str field_main(struct str field)
{
	return str_trim(str_cut(&field, ';'));
}

/* Whether a backslash at `i` quotes what follows it. */
static bool is_quoting(struct str s, size_t i)
{
	return s.ptr[i] == '\\' && i + 1 < s.len && (s.ptr[i + 1] == '"' || s.ptr[i + 1] == '\\');
}

/* Reads a quoted string that begins at `rest`, and moves behind it. */
static enum result cut_quoted(struct arena *arena, struct str *rest, struct str *ret)
{
	size_t end = 1, len = 0;

	while (end < rest->len && rest->ptr[end] != '"')
		end += is_quoting(*rest, end) ? 2 : 1;
	if (end >= rest->len)
		return RESULT_INVALID;
	char *out = arena_alloc(arena, end);
	for (size_t i = 1; i < end; i++) {
		if (is_quoting(*rest, i))
			i++;
		out[len++] = rest->ptr[i];
	}
	*rest = str_from(*rest, end + 1);
	*ret = (struct str){out, len};
	return RESULT_OK;
}

/* Reads `name=value` or `name="value"` at `rest`, and moves to the ';' behind it or the end. */
static enum result cut_parameter(struct arena *arena, struct str *rest, struct pair *ret)
{
	ptrdiff_t equals = str_find_char(*rest, '=');

	if (equals <= 0)
		return RESULT_INVALID;
	ret->name = str_trim(str_sub(*rest, 0, (size_t)equals));
	if (!token_is_valid(ret->name))
		return RESULT_INVALID;
	*rest = str_trim(str_from(*rest, (size_t)equals + 1));
	if (rest->len && rest->ptr[0] == '"') {
		TRY(cut_quoted(arena, rest, &ret->value));
		*rest = str_trim(*rest);
		return rest->len && rest->ptr[0] != ';' ? RESULT_INVALID : RESULT_OK;
	}
	ptrdiff_t end = str_find_char(*rest, ';');
	ret->value = str_trim(end < 0 ? *rest : str_sub(*rest, 0, (size_t)end));
	*rest = end < 0 ? STR_NONE : str_from(*rest, (size_t)end);
	return token_is_valid(ret->value) ? RESULT_OK : RESULT_INVALID;
}

enum result field_parameter(struct arena *arena, struct str field, const char *name, struct str *ret)
{
	struct str rest = field, found = STR_NONE;
	bool is_found = false;

	(void)str_cut(&rest, ';');
	while ((rest = str_trim(rest)).len) {
		struct pair pair = {0};
		if (rest.ptr[0] == ';') {
			rest = str_from(rest, 1);
			continue;
		}
		TRY(cut_parameter(arena, &rest, &pair));
		if (!str_equal_nocase(pair.name, str_of(name)))
			continue;
		if (is_found)
			return RESULT_INVALID;
		is_found = true;
		found = pair.value;
	}
	if (!is_found)
		return RESULT_NOT_FOUND;
	*ret = found;
	return RESULT_OK;
}
