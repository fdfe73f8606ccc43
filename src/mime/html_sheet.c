/* What is looked at is not what a browser would make of the sheet, but it need not be: only what was
 * understood is written again, in characters that mean the same to everyone. */
#include "mime/html_sheet.h"

#include "base/mem.h"
#include "mime/html_style.h"

#define NAME_BYTES 64
#define NAMES_MAX 20
#define SELECTOR_BYTES 200
#define MEDIA_BYTES 200

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static size_t word_len(struct str s)
{
	size_t len = 0;

	while (len < s.len && is_word(s.ptr[len]))
		len++;
	return len;
}

/* Without comments and the marks that hid sheets from old browsers. */
static void strip_comments(struct str css, struct buf *out)
{
	while (css.len > 0) {
		struct str rest = css;
		if (str_starts(css, STR("/*"))) {
			ptrdiff_t end = str_find(str_from(css, 2), STR("*/"));
			rest = end < 0 ? STR_NONE : str_from(css, (size_t)end + 4);
		} else if (str_starts(css, STR("<!--"))) {
			rest = str_from(css, 4);
		} else if (str_starts(css, STR("-->"))) {
			rest = str_from(css, 3);
		} else {
			buf_add_char(out, css.ptr[0]);
			rest = str_from(css, 1);
		}
		css = rest;
	}
}

static bool is_known_pseudo(struct str name)
{
	static const char *const names[] = {"link", "visited", "hover", "active", "first-child", "last-child",
		"only-child", "first-of-type", "last-of-type"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_equal_nocase(name, str_of(names[i])))
			return true;
	return false;
}

/* One of ".class", "#id", ":pseudo", "element" or "*" at the begin of *rest. */
static bool take_simple(struct str *rest, struct buf *out)
{
	char c = rest->ptr[0];
	bool is_element = is_word(c);
	size_t len = word_len(str_from(*rest, !is_element));
	struct str name = str_sub(*rest, !is_element, len);

	if (c == '*') {
		buf_add_char(out, '*');
		*rest = str_from(*rest, 1);
		return !len;
	}
	*rest = str_from(*rest, len + !is_element);
	if (len == 0 || len > NAME_BYTES || (is_element && name.ptr[0] >= '0' && name.ptr[0] <= '9'))
		return false;
	if (c == '.' || c == '#')
		buf_printf(out, ".%s%.*s", c == '.' ? HTML_SHEET_CLASS : HTML_SHEET_ID, STR_ARG(name));
	else if (c == ':' && is_known_pseudo(name))
		buf_printf(out, ":%.*s", STR_ARG(name));
	else if (is_element)
		buf_add(out, name);
	else
		return false;
	return true;
}

/* What stands between two compounds: '>', '+', '~', ' ', or 0 when there is nothing. */
static char take_combinator(struct str *rest)
{
	char found = 0;

	while (rest->len > 0) {
		char c = rest->ptr[0];
		bool is_mark = (c == '>' || c == '+' || c == '~') && (found == 0 || found == ' ');
		if (!is_mark && !is_blank(c))
			break;
		found = is_mark ? c : found ? found : ' ';
		*rest = str_from(*rest, 1);
	}
	return found;
}

/* An element of that name at the begin. */
static bool take_root(struct str *rest, const char *name)
{
	size_t len = word_len(*rest);

	if (!str_equal_nocase(str_sub(*rest, 0, len), str_of(name)))
		return false;
	*rest = str_from(*rest, len);
	return true;
}

enum start {
	START_BLOCK, /* the block itself */
	START_INSIDE,
	START_OUTSIDE
};

/* Takes the mail's own html and body from the begin of a selector, which are the block. */
static enum start take_start(struct str *rest)
{
	if (take_root(rest, "body"))
		return START_BLOCK;
	if (!take_root(rest, "html"))
		return START_INSIDE;
	char combinator = take_combinator(rest);
	if (combinator == 0 || ((combinator == ' ' || combinator == '>') && take_root(rest, "body")))
		return START_BLOCK;
	return combinator == ' ' ? START_INSIDE : START_OUTSIDE;
}

/* A selector inside the block; false for what is not plain. */
static bool add_selector(struct str selector, struct buf *out)
{
	struct str rest = str_trim(selector);

	if (rest.len == 0 || rest.len > SELECTOR_BYTES)
		return false;
	enum start start = take_start(&rest);
	buf_add(out, STR("." HTML_SHEET_BLOCK));
	if (start == START_INSIDE)
		buf_add_char(out, ' ');
	bool is_first = true;
	while (start != START_OUTSIDE && rest.len > 0) {
		char combinator = take_combinator(&rest);
		/* What stands beside the block, or before it, is not the mail's. */
		bool leads_out =
			is_first && (start == START_INSIDE || combinator == '+' || combinator == '~');
		if (combinator && (leads_out || rest.len == 0))
			return false;
		if (combinator)
			buf_add_char(out, combinator);
		if (!take_simple(&rest, out))
			return false;
		is_first = is_first && start == START_BLOCK && !combinator;
	}
	return start != START_OUTSIDE;
}

/* The selectors of a list that are plain; false when there are none. */
static bool add_selectors(struct str list, struct buf *out)
{
	size_t count = 0;

	while (list.ptr) {
		cleanup(buf_done) struct buf one = buf_new(8 * SELECTOR_BYTES);
		if (!add_selector(str_cut(&list, ','), &one) || one.overflow)
			continue;
		if (count++)
			buf_add_char(out, ',');
		buf_add(out, buf_str(&one));
	}
	return count > 0;
}

static size_t add_rule(struct str selectors, struct str block, struct buf *out)
{
	cleanup(buf_done) struct buf style = buf_new(block.len * 2 + 1);
	cleanup(buf_done) struct buf list = buf_new(selectors.len * 16 + 64);
	bool is_nested = str_find_char(block, '{') >= 0;
	size_t remote = is_nested ? 0 : html_style_clean(block, HTML_STYLE_SHEET, &style);

	if (style.len && add_selectors(selectors, &list) && !list.overflow && !style.overflow) {
		buf_add(out, buf_str(&list));
		buf_add_char(out, '{');
		buf_add(out, buf_str(&style));
		buf_add(out, STR("}\n"));
	}
	return remote;
}

/* Words, numbers, and the marks of "only screen and (max-width:600px), print". */
static bool is_plain_media(struct str query)
{
	int depth = 0;

	for (size_t i = 0; i < query.len; i++) {
		char c = query.ptr[i];
		depth += (c == '(') - (c == ')');
		bool is_mark = str_find_char(depth ? STR("(:.") : STR("(),"), c) >= 0 || c == ')';
		if (depth < 0 || depth > 1 || !(is_word(c) || is_blank(c) || is_mark))
			return false;
	}
	return depth == 0 && query.len > 0 && query.len <= MEDIA_BYTES;
}

/* The length of a block's content up to the brace that ends it, or to the end. */
static size_t block_len(struct str s)
{
	int depth = 1;

	for (size_t i = 0; i < s.len; i++) {
		depth += (s.ptr[i] == '{') - (s.ptr[i] == '}');
		if (depth == 0)
			return i;
	}
	return s.len;
}

static size_t add_rules(struct str css, bool in_media, struct buf *out);

static size_t add_at_rule(struct str head, struct str block, bool in_media, struct buf *out)
{
	cleanup(buf_done) struct buf rules = buf_new(out->limit);
	struct str query = str_trim(str_from(head, sizeof("@media") - 1));
	size_t remote = 0;

	if (in_media || !str_starts_nocase(head, STR("@media")) || !is_plain_media(query))
		return str_find_nocase(block, STR("url(")) >= 0;
	remote = add_rules(block, true, &rules);
	if (rules.len && !rules.overflow) {
		buf_printf(out, "@media %.*s{\n", STR_ARG(query));
		buf_add(out, buf_str(&rules));
		buf_add(out, STR("}\n"));
	}
	return remote;
}

/* Steps from rule to rule; in_media: at-rules inside are left out. */
static size_t add_rules(struct str css, bool in_media, struct buf *out)
{
	size_t remote = 0;

	while (!out->overflow) {
		css = str_trim(css);
		size_t len = 0;
		bool is_at = str_starts(css, STR("@"));
		while (len < css.len && css.ptr[len] != '{' && !(is_at && css.ptr[len] == ';'))
			len++;
		if (len == css.len)
			return remote + (is_at && str_starts_nocase(css, STR("@import")));
		struct str head = str_trim(str_sub(css, 0, len));
		if (css.ptr[len] == ';') {
			remote += str_starts_nocase(head, STR("@import"));
			css = str_from(css, len + 1);
			continue;
		}
		css = str_from(css, len + 1);
		struct str block = str_sub(css, 0, block_len(css));
		css = str_from(css, block.len + 1);
		remote += is_at ? add_at_rule(head, block, in_media, out) : add_rule(head, block, out);
	}
	return remote;
}

size_t html_sheet_clean(struct str css, struct buf *out)
{
	cleanup(buf_done) struct buf stripped = buf_new(css.len + 1);

	strip_comments(css, &stripped);
	return add_rules(buf_str(&stripped), false, out);
}

void html_sheet_add_names(struct str names, const char *prefix, struct buf *out)
{
	int count = 0;

	while (names.len > 0 && count < NAMES_MAX) {
		size_t len = word_len(names);
		bool is_whole = len == names.len || is_blank(names.ptr[len]);
		if (len > 0 && len <= NAME_BYTES && is_whole) {
			buf_printf(out, "%s%s%.*s", out->len ? " " : "", prefix, (int)len, names.ptr);
			count++;
		}
		while (len < names.len && !is_blank(names.ptr[len]))
			len++;
		names = str_from(names, len + (len < names.len));
	}
}
