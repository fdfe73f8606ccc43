#include "mime/html_measure.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/html_tag.h"

#define NAMES 128

/* Counts what is open, by name. Never less than the parser will have open: start tags count wherever they
 * seem to stand, end tags only where the parser surely sees them. */
struct measure {
	struct {
		struct str name;
		size_t open;
	} names[NAMES];
	size_t name_count;
	size_t open;
	size_t tags;
	struct str raw;	   /* the element whose content is text, and we are in it */
	bool ignore_ends;  /* something came that we do not follow */
	bool foreign_seen; /* SVG or MathML, where no end tag is implied */
};

static bool is_in(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static void start_tag(struct measure *measure, struct str name)
{
	/* These have no content, or close their like before they begin. */
	static const char *const flat[] = {"br", "img", "hr", "meta", "link", "input", "col", "wbr", "base",
		"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "html", "head", "body"};
	static const char *const raw[] = {
		"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"};
	size_t i = 0;

	measure->tags++;
	if (measure->raw.len && str_equal_nocase(name, STR("script")))
		measure->ignore_ends = true;
	if (str_equal_nocase(name, STR("plaintext")))
		measure->ignore_ends = true;
	if (str_equal_nocase(name, STR("svg")) || str_equal_nocase(name, STR("math")))
		measure->foreign_seen = true;
	if (!measure->raw.len && is_in(name, raw, COUNT_OF(raw)))
		measure->raw = name;
	if (!measure->foreign_seen && is_in(name, flat, COUNT_OF(flat)))
		return;
	measure->open++;
	while (i < measure->name_count && !str_equal_nocase(measure->names[i].name, name))
		i++;
	if (i == measure->name_count) {
		if (i == NAMES)
			return;
		measure->names[measure->name_count++].name = name;
	}
	measure->names[i].open++;
}

static void end_tag(struct measure *measure, struct str name)
{
	measure->tags++;
	if (measure->raw.len && !str_equal_nocase(name, measure->raw))
		return;
	measure->raw = STR_NONE;
	for (size_t i = 0; i < measure->name_count && !measure->ignore_ends; i++)
		if (measure->names[i].open && str_equal_nocase(measure->names[i].name, name)) {
			measure->names[i].open--;
			measure->open--;
			return;
		}
}

/* Counts the start tags of what the parser may or may not see. */
static void count_starts(struct measure *measure, struct str text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.ptr[i] == '<' && html_is_letter(text.ptr[i + 1]))
			start_tag(measure, html_tag_name(str_from(text, i + 1)));
}

/* Takes the markup that begins with '<'; returns its length. */
static size_t take_markup(struct measure *measure, struct str text)
{
	bool closes = text.len > 1 && text.ptr[1] == '/';
	size_t at = closes ? 2 : 1;

	if (text.len > at && html_is_letter(text.ptr[at])) {
		struct str name = html_tag_name(str_from(text, at));
		size_t rest;
		(void)html_tag_rest(str_from(text, at + name.len), &rest);
		if (closes) {
			end_tag(measure, name);
		} else {
			start_tag(measure, name);
		}
		return measure->raw.len ? at + name.len : at + name.len + rest;
	}
	if (measure->raw.len || text.len == at)
		return at;
	if (!closes && text.ptr[at] != '!' && text.ptr[at] != '?')
		return 1;
	if (str_starts_nocase(text, STR("<![CDATA[")))
		measure->ignore_ends = true;
	if (!str_starts(text, STR("<!--"))) {
		ptrdiff_t end = str_find_char(text, '>');
		return end < 0 ? text.len : (size_t)end + 1;
	}
	ptrdiff_t end = str_find(str_from(text, 2), STR("-->"));
	size_t len = end < 0 ? text.len : (size_t)end + 5;
	/* A comment may end before "-->" for the parser ("--!>", "<!-->"), so tags in it may be tags. */
	struct str inner = str_sub(text, 4, len > 4 ? len - 4 : 0);
	if (str_starts(inner, STR(">")) || str_starts(inner, STR("->")) || str_find(inner, STR("--!>")) >= 0)
		count_starts(measure, inner);
	return len;
}

bool html_is_bounded(struct str html)
{
	struct measure measure = {0};
	size_t at = 0;

	while (at < html.len && measure.tags <= LIMIT_HTML_NODES && measure.open <= LIMIT_HTML_OPEN) {
		ptrdiff_t found = str_find_char(str_from(html, at), '<');
		if (found < 0)
			break;
		at += (size_t)found;
		at += take_markup(&measure, str_from(html, at));
	}
	return measure.tags <= LIMIT_HTML_NODES && measure.open <= LIMIT_HTML_OPEN;
}
