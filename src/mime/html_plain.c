#include "mime/html_plain.h"

#include "base/arena.h"
#include "base/mem.h"

#include <stdio.h>

#define LEVELS_MAX 20 /* of lists and quotes within each other; deeper ones look like the last */
#define MARKER_BYTES 12

enum level_kind { LEVEL_QUOTE, LEVEL_LIST, LEVEL_NUMBERS, LEVEL_ITEM };

struct level {
	enum level_kind kind;
	int number;		   /* of LEVEL_NUMBERS: the next item's */
	char marker[MARKER_BYTES]; /* of LEVEL_ITEM */
	bool marker_due;
};

struct plain {
	struct buf *out;
	struct level levels[LEVELS_MAX];
	size_t depth, lowest; /* lowest: since the last word, for empty lines between */
	int breaks;	      /* line ends that stand before the next word */
	bool blank, begun, is_pre;
	struct str href;
	size_t link_at; /* where its words begin in the text; SIZE_MAX: none came yet */
};

static void put_level(struct plain *p, struct level *level)
{
	if (level->kind == LEVEL_QUOTE) {
		buf_add(p->out, STR("> "));
	} else if (level->kind == LEVEL_ITEM) {
		for (size_t i = 0; level->marker[i]; i++)
			buf_add_char(p->out, level->marker_due ? level->marker[i] : ' ');
		level->marker_due = false;
	}
}

/* Ends the line, and the empty ones; the next one begins with what it stands in. */
static void put_breaks(struct plain *p)
{
	for (; p->begun && p->breaks > 0; p->breaks--) {
		buf_add_char(p->out, '\n');
		for (size_t i = 0; p->breaks > 1 && i < p->lowest; i++)
			if (p->levels[i].kind == LEVEL_QUOTE)
				buf_add(p->out, STR("> "));
	}
	for (size_t i = 0; i < p->depth; i++)
		put_level(p, &p->levels[i]);
	p->breaks = 0;
	p->blank = false;
}

static bool begins_item(const struct plain *p)
{
	return p->depth && p->levels[p->depth - 1].marker_due;
}

static void put(struct plain *p, struct str text)
{
	if (!p->begun || p->breaks || begins_item(p))
		put_breaks(p);
	else if (p->blank)
		buf_add_char(p->out, ' ');
	p->blank = false;
	p->begun = true;
	p->lowest = p->depth;
	if (p->link_at == SIZE_MAX)
		p->link_at = p->out->len;
	buf_add(p->out, text);
}

static void break_line(struct plain *p, int lines)
{
	if (p->breaks < lines)
		p->breaks = lines;
}

static void push(struct plain *p, enum level_kind kind)
{
	if (p->depth == LEVELS_MAX)
		return;
	struct level *level = &p->levels[p->depth++];
	*level = (struct level){.kind = kind, .number = 1};
}

static void pop(struct plain *p, enum level_kind kind)
{
	if (p->depth && p->levels[p->depth - 1].kind == kind)
		p->depth--;
	if (p->lowest > p->depth)
		p->lowest = p->depth;
}

static void begin_item(struct plain *p)
{
	struct level *list = p->depth ? &p->levels[p->depth - 1] : NULL;

	push(p, LEVEL_ITEM);
	struct level *item = &p->levels[p->depth - 1];
	if (item->kind != LEVEL_ITEM)
		return;
	if (list && list->kind == LEVEL_NUMBERS)
		(void)snprintf(item->marker, sizeof(item->marker), "%d. ", list->number++);
	else
		(void)snprintf(item->marker, sizeof(item->marker), "- ");
	item->marker_due = true;
}

/* The value as it stands in the tag; cleaning has put it between double quotes. */
static struct str attribute(struct str tag, struct str name_equals)
{
	ptrdiff_t at = str_find(tag, name_equals);

	if (at < 0)
		return STR_NONE;
	struct str rest = str_from(tag, (size_t)at + name_equals.len);
	return str_cut(&rest, '"');
}

static size_t entity_len(struct str text, char *ret)
{
	static const struct {
		struct str name;
		char c;
	} entities[] = {{{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'}, {{"&gt;", 4}, '>'}, {{"&quot;", 6}, '"'},
		{{"&#39;", 5}, '\''}};

	for (size_t i = 0; i < COUNT_OF(entities); i++)
		if (str_starts(text, entities[i].name)) {
			*ret = entities[i].c;
			return entities[i].name.len;
		}
	return 0;
}

static struct str without_entities(struct str text, struct arena *arena)
{
	char *plain = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	while (text.len) {
		char c = text.ptr[0];
		size_t taken = c == '&' ? entity_len(text, &c) : 0;
		plain[len++] = c;
		text = str_from(text, taken ? taken : 1);
	}
	return (struct str){plain, len};
}

static struct str without_prefix(struct str text, struct str prefix)
{
	return str_starts_nocase(text, prefix) ? str_from(text, prefix.len) : text;
}

/* What browsers and people leave out of an address. */
static struct str bare(struct str url)
{
	url = without_prefix(str_trim(url), STR("mailto:"));
	url = without_prefix(without_prefix(url, STR("https://")), STR("http://"));
	if (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	return url;
}

static void end_link(struct plain *p)
{
	cleanup(arena_done) struct arena arena = {0};

	if (p->href.len == 0)
		return;
	struct str href = without_entities(p->href, &arena);
	size_t at = p->link_at < p->out->len ? p->link_at : p->out->len;
	struct str words = str_trim(str_from(buf_str(p->out), at));
	p->href = STR_NONE;
	if (words.len == 0 || str_equal_nocase(bare(words), bare(href)))
		return;
	p->blank = true;
	put(p, STR("<"));
	buf_add(p->out, without_prefix(href, STR("mailto:")));
	buf_add_char(p->out, '>');
}

static struct str tag_name(struct str tag)
{
	size_t len = 0;

	while (len < tag.len && tag.ptr[len] != ' ' && tag.ptr[len] != '/' && tag.ptr[len] != '>')
		len++;
	return str_sub(tag, 0, len);
}

static bool is_one_of(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_equal(name, str_of(*names)))
			return true;
	return false;
}

static void take_list(struct plain *p, enum level_kind kind, bool closes)
{
	bool is_inside = closes ? p->depth > 1 : p->depth > 0;

	break_line(p, is_inside && kind != LEVEL_QUOTE ? 1 : 2);
	if (closes)
		pop(p, kind);
	else
		push(p, kind);
}

static void take_block(struct plain *p, struct str name, bool closes)
{
	static const char *const paragraphs[] = {
		"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "dl", NULL};
	static const char *const lines[] = {"div", "tr", "hr", "dt", "dd", "section", "article", "header",
		"footer", "address", "center", "aside", "nav", "main", "figure", "figcaption", "caption",
		NULL};

	if (str_equal(name, STR("br")))
		p->breaks++;
	else if (is_one_of(name, paragraphs))
		break_line(p, 2);
	else if (is_one_of(name, lines))
		break_line(p, 1);
	else if (str_equal(name, STR("td")) || str_equal(name, STR("th")))
		p->blank = true;
	if (str_equal(name, STR("pre")))
		p->is_pre = !closes;
}

static void take_item(struct plain *p, bool closes)
{
	break_line(p, 1);
	if (closes)
		pop(p, LEVEL_ITEM);
	else
		begin_item(p);
}

static void begin_link(struct plain *p, struct str tag)
{
	end_link(p);
	p->href = attribute(tag, STR(" href=\""));
	p->link_at = SIZE_MAX;
}

/* Takes the tag at the begin of the text; returns its length. */
static size_t take_tag(struct plain *p, struct str text)
{
	ptrdiff_t end = str_find_char(text, '>');

	if (end < 0)
		return text.len;
	bool closes = text.len > 1 && text.ptr[1] == '/';
	struct str tag = str_sub(text, closes ? 2 : 1, (size_t)end - 1);
	struct str name = tag_name(tag);
	if (str_equal(name, STR("a")))
		closes ? end_link(p) : begin_link(p, tag);
	else if (str_equal(name, STR("ul")))
		take_list(p, LEVEL_LIST, closes);
	else if (str_equal(name, STR("ol")))
		take_list(p, LEVEL_NUMBERS, closes);
	else if (str_equal(name, STR("blockquote")))
		take_list(p, LEVEL_QUOTE, closes);
	else if (str_equal(name, STR("li")))
		take_item(p, closes);
	else
		take_block(p, name, closes);
	return (size_t)end + 1;
}

/* A blank that does not give way is one that was typed. */
#define FIRM_BLANK STR("\xc2\xa0")

static size_t take_blank(struct plain *p, char c)
{
	if (p->is_pre && c == '\n')
		p->breaks++;
	else if (p->is_pre)
		put(p, STR(" "));
	else
		p->blank = true;
	return 1;
}

static size_t take_word(struct plain *p, struct str text)
{
	size_t len = 1;
	char c;

	if (str_starts(text, FIRM_BLANK)) {
		put(p, STR(" "));
		return FIRM_BLANK.len;
	}
	size_t entity = text.ptr[0] == '&' ? entity_len(text, &c) : 0;
	if (entity) {
		put(p, (struct str){&c, 1});
		return entity;
	}
	while (len < text.len && (unsigned char)text.ptr[len] > 0x20 && text.ptr[len] != '<' &&
		text.ptr[len] != '&' && text.ptr[len] != FIRM_BLANK.ptr[0])
		len++;
	put(p, str_sub(text, 0, len));
	return len;
}

/* Behind the sheet, which cleaning puts first. */
static struct str without_sheet(struct str html)
{
	ptrdiff_t end = str_starts(html, STR("<style>")) ? str_find(html, STR("</style>")) : -1;

	return end < 0 ? html : str_from(html, (size_t)end + STR("</style>").len);
}

void mime_html_plain(struct str html, struct buf *out)
{
	struct plain p = {.out = out};

	html = without_sheet(html);
	while (html.len && !out->overflow) {
		size_t len;
		if (html.ptr[0] == '<')
			len = take_tag(&p, html);
		else if ((unsigned char)html.ptr[0] <= 0x20)
			len = take_blank(&p, html.ptr[0]);
		else
			len = take_word(&p, html);
		html = str_from(html, len);
	}
}

bool mime_html_is_formatted(struct str html)
{
	static const char *const plain[] = {"p", "div", "br", "span", "font", NULL};

	html = without_sheet(html);
	for (ptrdiff_t at; (at = str_find_char(html, '<')) >= 0;) {
		html = str_from(html, (size_t)at + 1);
		if (html.len && html.ptr[0] == '/')
			continue;
		if (!is_one_of(tag_name(html), plain))
			return true;
	}
	return false;
}
