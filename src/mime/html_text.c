#include "mime/html_text.h"

#include "base/mem.h"

#define ENTITY_BYTES 10

/* Writes words with single blanks between them, and lines with at most one empty line between them. */
struct words {
	struct buf *out;
	int breaks; /* line ends that stand before the next word */
	bool blank; /* a blank stands before the next word */
	bool begun;
};

static void put(struct words *words, struct str text)
{
	if (words->begun && words->breaks)
		buf_add(words->out, words->breaks > 1 ? STR("\n\n") : STR("\n"));
	else if (words->begun && words->blank)
		buf_add_char(words->out, ' ');
	words->breaks = 0;
	words->blank = false;
	words->begun = true;
	buf_add(words->out, text);
}

static void break_line(struct words *words, int lines)
{
	if (words->breaks < lines)
		words->breaks = lines;
}

static void put_code_point(struct words *words, uint64_t c)
{
	char utf8[4];
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c <= 0x20 || c == 0xa0) {
		words->blank = true;
		return;
	}
	if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff || (c >= 0x7f && c < 0xa0))
		return;
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		utf8[i] = (char)(0x80 | (c & 0x3f));
	utf8[0] = (char)(len == 1 ? c : (0xf00u >> len & 0xff) | c);
	put(words, (struct str){utf8, len});
}

/* Takes the reference at the begin of the text, "&amp;" or "&#38;"; returns its length, 0 when it is none. */
static size_t take_entity(struct words *words, struct str text)
{
	static const struct {
		struct str name;
		uint64_t c;
	} entities[] = {
		{{"amp", 3}, '&'},
		{{"lt", 2}, '<'},
		{{"gt", 2}, '>'},
		{{"quot", 4}, '"'},
		{{"apos", 4}, '\''},
		{{"nbsp", 4}, 0xa0},
		{{"auml", 4}, 0xe4},
		{{"ouml", 4}, 0xf6},
		{{"uuml", 4}, 0xfc},
		{{"Auml", 4}, 0xc4},
		{{"Ouml", 4}, 0xd6},
		{{"Uuml", 4}, 0xdc},
		{{"szlig", 5}, 0xdf},
		{{"euro", 4}, 0x20ac},
		{{"ndash", 5}, 0x2013},
		{{"mdash", 5}, 0x2014},
		{{"hellip", 6}, 0x2026},
	};
	ptrdiff_t end = str_find_char(str_sub(text, 0, ENTITY_BYTES), ';');
	struct str name = end > 0 ? str_sub(text, 1, (size_t)end - 1) : STR_NONE;
	uint64_t c;

	if (name.len > 1 && name.ptr[0] == '#' && str_to_uint(str_from(name, 1), 0x10ffff, &c)) {
		put_code_point(words, c);
		return (size_t)end + 1;
	}
	for (size_t i = 0; i < COUNT_OF(entities); i++)
		if (str_equal(name, entities[i].name)) {
			put_code_point(words, entities[i].c);
			return (size_t)end + 1;
		}
	return 0;
}

static bool is_one_of(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_equal_nocase(name, str_of(*names)))
			return true;
	return false;
}

static struct str tag_name(struct str tag)
{
	size_t len = 0;

	while (len < tag.len &&
		((tag.ptr[len] | 0x20) >= 'a' || (tag.ptr[len] >= '0' && tag.ptr[len] <= '9')) &&
		(tag.ptr[len] | 0x20) <= 'z')
		len++;
	return str_sub(tag, 0, len);
}

/* What stands in these is no text: its length up to the end tag. */
static size_t skip_len(struct str text, struct str name)
{
	for (size_t at = 0;;) {
		ptrdiff_t found = str_find(str_from(text, at), STR("</"));
		if (found < 0)
			return text.len;
		at += (size_t)found;
		if (str_starts_nocase(str_from(text, at + 2), name))
			return at;
		at += 2;
	}
}

/* Takes the tag at the begin of the text; returns its length. */
static size_t take_tag(struct words *words, struct str text)
{
	static const char *const paragraphs[] = {
		"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", NULL};
	static const char *const lines[] = {"br", "div", "tr", "li", "hr", "dt", "dd", "section", "article",
		"header", "footer", "address", "center", NULL};
	static const char *const cells[] = {"td", "th", NULL};
	static const char *const hidden[] = {"style", "script", "title", "template", "noscript", NULL};

	if (str_starts(text, STR("<!--"))) {
		ptrdiff_t end = str_find(text, STR("-->"));
		return end < 0 ? text.len : (size_t)end + 3;
	}
	ptrdiff_t end = str_find_char(text, '>');
	if (end < 0)
		return text.len;
	bool closes = text.len > 1 && text.ptr[1] == '/';
	struct str name = tag_name(str_sub(text, closes ? 2 : 1, (size_t)end));
	size_t len = (size_t)end + 1;
	if (is_one_of(name, paragraphs))
		break_line(words, 2);
	else if (is_one_of(name, lines))
		break_line(words, 1);
	else if (is_one_of(name, cells))
		words->blank = true;
	if (!closes && is_one_of(name, hidden))
		len += skip_len(str_from(text, len), name);
	return len;
}

static bool begins_tag(struct str text)
{
	char next = text.len > 1 ? text.ptr[1] : ' ';

	return text.ptr[0] == '<' &&
	       (next == '/' || next == '!' || next == '?' || ((next | 0x20) >= 'a' && (next | 0x20) <= 'z'));
}

/* Bytes up to the next one that means something. */
static size_t plain_len(struct str text)
{
	size_t len = 1;

	while (len < text.len && (unsigned char)text.ptr[len] > 0x20 && text.ptr[len] != '<' &&
		text.ptr[len] != '&')
		len++;
	return len;
}

void mime_html_text(struct str html, struct buf *out)
{
	struct words words = {.out = out};

	while (html.len && !out->overflow) {
		size_t len = 0;
		if (begins_tag(html)) {
			len = take_tag(&words, html);
		} else if (html.ptr[0] == '&') {
			len = take_entity(&words, html);
		} else if ((unsigned char)html.ptr[0] <= 0x20) {
			words.blank = true;
			len = 1;
		}
		if (len == 0) {
			len = plain_len(html);
			put(&words, str_sub(html, 0, len));
		}
		html = str_from(html, len);
	}
}
