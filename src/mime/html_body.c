#include "mime/html_body.h"

#include "base/mem.h"
#include "mime/html_tag.h"

struct walk {
	struct str html;
	size_t at;    /* everything before is no content */
	size_t place; /* the last one outside of <head> */
	bool found;
};

static bool is_one_of(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(name, str_of(names[i])))
			return true;
	return false;
}

/* Goes behind the next `end`; false when there is none. */
static bool pass(struct walk *w, size_t from, struct str end)
{
	ptrdiff_t found = str_find_nocase(str_from(w->html, from), end);

	if (found >= 0)
		w->at = from + (size_t)found + end.len;
	return found >= 0;
}

/* A comment, document type or instruction. */
static bool pass_declaration(struct walk *w, struct str text)
{
	if (str_starts(text, STR("<!--")))
		return pass(w, w->at + 2, STR("-->"));
	bool is_type = str_starts_nocase(text, STR("<!doctype"));
	if (!pass(w, w->at, STR(">")))
		return false;
	if (is_type)
		w->place = w->at;
	return true;
}

static bool pass_element_of_text(struct walk *w, struct str name)
{
	if (!pass(w, w->at, STR("</")))
		return false;
	while (!str_starts_nocase(str_from(w->html, w->at), name))
		if (!pass(w, w->at, STR("</")))
			return false;
	return pass(w, w->at, STR(">"));
}

/* A tag that begins no content; false, with `found` set, at any other. */
static bool pass_tag(struct walk *w, struct str text)
{
	static const char *const of_head[] = {"html", "head", "meta", "link", "base", "basefont", "bgsound"};
	static const char *const of_text[] = {"title", "style", "script", "noscript", "template"};
	size_t begin = text.len > 1 && text.ptr[1] == '/' ? 2 : 1, rest;
	struct str name = html_tag_name(str_from(text, begin));

	if (!html_tag_rest(str_from(text, begin + name.len), &rest))
		return false;
	size_t end = w->at + begin + name.len + rest;
	bool is_text = begin == 1 && is_one_of(name, of_text, COUNT_OF(of_text));
	bool is_body = begin == 1 && str_equal_nocase(name, STR("body"));
	if (begin == 1 && !is_text && !is_body && !is_one_of(name, of_head, COUNT_OF(of_head))) {
		w->found = true;
		w->place = w->at;
		return false;
	}
	w->at = end;
	if (is_body || str_equal_nocase(name, STR("html")) ||
		(begin == 2 && str_equal_nocase(name, STR("head"))))
		w->place = end;
	w->found = is_body;
	return is_text ? pass_element_of_text(w, name) : !is_body;
}

static bool pass_markup(struct walk *w)
{
	struct str text = str_from(w->html, w->at);

	if (text.len < 2)
		return false;
	if (text.ptr[0] == '<' && (text.ptr[1] == '!' || text.ptr[1] == '?'))
		return pass_declaration(w, text);
	if (text.ptr[0] == '<' && (text.ptr[1] == '/' || html_is_letter(text.ptr[1])))
		return pass_tag(w, text);
	w->found = true;
	w->place = w->at;
	return false;
}

size_t html_body_start(struct str html, bool *ret_sure)
{
	struct walk w = {.html = html};

	if (str_starts(html, STR("\xef\xbb\xbf")))
		w.at = w.place = 3;
	do {
		while (w.at < html.len && html_is_blank(html.ptr[w.at]))
			w.at++;
	} while (pass_markup(&w));
	*ret_sure = w.found;
	return w.place;
}
