/* RFC 2045 parameters with the extensions of RFC 2231, and what mail programs make of them. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "mime/charset.h"
#include "mime/header.h"

#include <string.h>

#define VALUE_BYTES_MAX ((size_t)LIMIT_MIME_HEADER_BYTES) /* a header is no longer */
#define NO_SECTION (-1)

/* One "name*section*=value" as written. */
struct piece {
	struct str name; /* lower case */
	int section;	 /* NO_SECTION: the value is whole */
	bool extended;	 /* charset'language'percent-encoded */
	struct str value;
	bool used;
};

static void skip_blanks_and_comments(struct str *rest)
{
	int depth = 0;

	while (rest->len > 0) {
		char c = rest->ptr[0];
		bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
		if (c == '(')
			depth++;
		else if (depth > 0 && c == ')')
			depth--;
		else if (depth == 0 && !blank)
			return;
		*rest = str_from(*rest, depth > 0 && c == '\\' ? 2 : 1);
	}
}

/* How much of it comes before one of the stop characters. */
static size_t span_before(struct str s, const char *stops)
{
	size_t len = 0;

	while (len < s.len && (s.ptr[len] == '\0' || strchr(stops, s.ptr[len]) == NULL))
		len++;
	return len;
}

/* Everything up to one of the stop characters. */
static struct str take_token(struct str *rest, const char *stops)
{
	size_t len = span_before(*rest, stops);
	struct str token = str_sub(*rest, 0, len);
	*rest = str_from(*rest, len);
	return str_trim(token);
}

static struct str take_value(struct str *rest, struct arena *arena)
{
	skip_blanks_and_comments(rest);
	if (rest->len == 0 || rest->ptr[0] != '"')
		return take_token(rest, ";");
	*rest = str_from(*rest, 1);
	char *value = arena_alloc(arena, rest->len + 1);
	size_t len = 0;
	while (rest->len > 0 && rest->ptr[0] != '"') {
		size_t step = rest->ptr[0] == '\\' && rest->len > 1 ? 1 : 0;
		char c = rest->ptr[step];
		if (c != '\r' && c != '\n')
			value[len++] = c;
		*rest = str_from(*rest, step + 1);
	}
	*rest = str_from(*rest, 1);
	(void)take_token(rest, ";");
	return (struct str){value, len};
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len > 0;
}

/* Splits "filename*1*" into name, section and mark; false when it is none. *ret_past_limit: for its section.
 */
static bool read_name(struct str written, struct arena *arena, struct piece *piece, bool *ret_past_limit)
{
	struct str rest = arena_lower(arena, written);
	uint64_t section;

	piece->name = str_cut(&rest, '*');
	piece->section = NO_SECTION;
	if (rest.ptr == NULL)
		return piece->name.len > 0;
	struct str number = str_cut(&rest, '*');
	if (number.len == 0) { /* name*= */
		piece->extended = true;
		return piece->name.len > 0;
	}
	piece->extended = rest.ptr != NULL;
	if (!str_to_uint(number, LIMIT_MIME_PARAMETERS - 1, &section)) {
		*ret_past_limit = *ret_past_limit || is_number(number);
		return false;
	}
	piece->section = (int)section;
	return piece->name.len > 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int lower = c | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void add_percent_decoded(struct buf *buf, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		int high = value.ptr[i] == '%' && i + 2 < value.len ? hex_value(value.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_value(value.ptr[i + 2]) : -1;
		if (low >= 0)
			i += 2;
		buf_add_char(buf, (char)(low >= 0 ? high << 4 | low : value.ptr[i]));
	}
}

static struct str to_utf8(struct str charset_name, struct str raw, struct arena *arena)
{
	cleanup(buf_done) struct buf utf8 = buf_new(VALUE_BYTES_MAX * 3);
	struct mime_charset *charset = mime_charset_new(charset_name);

	mime_charset_add(charset, raw, &utf8);
	mime_charset_end(charset, &utf8);
	mime_charset_free(charset);
	return arena_str(arena, buf_str(&utf8));
}

/* The piece that is this section of the parameter; `first` stands for section 0 whatever it is. used_too: of
 * all pieces of that name. */
static struct piece *find_section(
	struct piece *pieces, size_t count, size_t first, int section, bool used_too)
{
	if (section == 0 && !used_too)
		return &pieces[first];
	for (size_t i = 0; i < count; i++)
		if ((used_too || !pieces[i].used) && pieces[i].section == section &&
			str_equal(pieces[i].name, pieces[first].name))
			return &pieces[i];
	return NULL;
}

/* Of a first section "charset'language'text" the text. */
static struct str take_charset(struct str value, struct str *ret_charset)
{
	struct str rest = value, name = str_cut(&rest, '\'');

	if (!rest.ptr)
		return value;
	*ret_charset = name;
	(void)str_cut(&rest, '\'');
	return rest;
}

/* Joins the sections that belong to the first one, as far as their numbers are dense; over_gaps: all sections
 * of that name, as some programs do. */
static struct str join(struct piece *pieces, size_t count, size_t first, bool over_gaps, struct arena *arena)
{
	cleanup(buf_done) struct buf raw = buf_new(VALUE_BYTES_MAX);
	struct str charset = STR_NONE;
	bool extended = false;

	for (int section = 0; section < LIMIT_MIME_PARAMETERS; section++) {
		struct piece *found = find_section(pieces, count, first, section, over_gaps);
		if (found == NULL && over_gaps)
			continue;
		if (found == NULL)
			break;
		found->used = true;
		struct str value = found->value;
		if (section == 0 && found->extended) {
			value = take_charset(value, &charset);
			extended = true;
		}
		if (found->extended)
			add_percent_decoded(&raw, value);
		else
			buf_add(&raw, value);
		if (found->section == NO_SECTION)
			break;
	}
	return extended ? to_utf8(charset, buf_str(&raw), arena) : arena_str(arena, buf_str(&raw));
}

/* What stands before the first parameter; a comment may stand inside. */
static struct str take_first(struct str *rest, struct arena *arena)
{
	static const char stops[] = ";( \t\r\n";

	skip_blanks_and_comments(rest);
	struct str first = take_token(rest, stops);
	if (first.len && first.ptr[first.len - 1] == '/' && str_starts(*rest, STR("("))) {
		skip_blanks_and_comments(rest);
		struct str more = take_token(rest, stops);
		first = arena_printf(arena, "%.*s%.*s", STR_ARG(first), STR_ARG(more));
	}
	skip_blanks_and_comments(rest);
	/* Some forget the semicolon before the first parameter. */
	size_t word = span_before(*rest, "=; \t\r\n");
	if (word == 0 || word == rest->len || rest->ptr[word] != '=')
		(void)take_token(rest, ";");
	return arena_lower(arena, first);
}

/* The pieces as written; *ret_past_limit when there are more, or one has too high a number. */
static size_t read_pieces(struct str rest, struct piece *pieces, struct arena *arena, bool *ret_past_limit)
{
	size_t count = 0;

	while (rest.len > 0 && count < LIMIT_MIME_PARAMETERS) {
		rest = str_from(rest, rest.ptr[0] == ';');
		skip_blanks_and_comments(&rest);
		struct piece piece = {0};
		struct str name = take_token(&rest, "=;(");
		skip_blanks_and_comments(&rest);
		if (rest.len > 0 && rest.ptr[0] == '=') {
			rest = str_from(rest, 1);
			piece.value = take_value(&rest, arena);
			if (read_name(name, arena, &piece, ret_past_limit))
				pieces[count++] = piece;
		}
	}
	*ret_past_limit = *ret_past_limit || str_find_char(rest, '=') >= 0;
	return count;
}

struct mime_parameters mime_parameters_parse(struct str value, struct arena *arena)
{
	struct piece pieces[LIMIT_MIME_PARAMETERS];
	struct list items = list_new(arena, sizeof(struct mime_parameter));
	struct str rest = value;
	bool past_limit = false;
	struct str first = take_first(&rest, arena);
	size_t count = read_pieces(rest, pieces, arena, &past_limit);

	for (size_t i = 0; i < count; i++) {
		bool starts = !pieces[i].used && (pieces[i].section == NO_SECTION || pieces[i].section == 0);
		if (starts)
			*(struct mime_parameter *)list_add(&items) =
				(struct mime_parameter){pieces[i].name, join(pieces, count, i, false, arena)};
	}
	/* What is left has gaps before it, or no begin. */
	for (size_t i = 0; i < count; i++)
		if (!pieces[i].used) {
			*(struct mime_parameter *)list_add(&items) =
				(struct mime_parameter){pieces[i].name, join(pieces, count, i, true, arena)};
			pieces[i].used = true; /* a second one of the same number */
		}
	return (struct mime_parameters){first, items.items, items.count, past_limit};
}

struct str mime_parameter_get(const struct mime_parameters *parameters, struct str name)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (str_equal(parameters->items[i].name, name))
			return parameters->items[i].value;
	return STR_NONE;
}
