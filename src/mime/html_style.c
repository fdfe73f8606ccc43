#include "mime/html_style.h"

#include "base/mem.h"

#define VALUE_BYTES 200

static bool is_kept(struct str property)
{
	static const char *const names[] = {"color", "background", "background-color", "font", "font-family",
		"font-size", "font-style", "font-weight", "font-variant", "text-align", "text-decoration",
		"text-transform", "text-indent", "line-height", "letter-spacing", "word-spacing",
		"vertical-align", "white-space", "direction", "width", "max-width", "min-width", "height",
		"margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "padding",
		"padding-top", "padding-right", "padding-bottom", "padding-left", "border", "border-top",
		"border-right", "border-bottom", "border-left", "border-color", "border-style",
		"border-width", "border-collapse", "border-spacing", "border-radius", "list-style-type",
		"display", "float", "clear", "table-layout", "box-sizing", "min-height", "max-height",
		"word-break", "word-wrap", "overflow-wrap", "border-top-color", "border-right-color",
		"border-bottom-color", "border-left-color", "border-top-width", "border-right-width",
		"border-bottom-width", "border-left-width", "border-top-style", "border-right-style",
		"border-bottom-style", "border-left-style"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_equal_nocase(property, str_of(names[i])))
			return true;
	return false;
}

/* Words, numbers, colours, and quoted font names; of functions the colours alone. No escapes, comments, or
 * at-rules, so what is looked at is what a browser reads. */
static bool is_plain(struct str value)
{
	size_t quotes = 0;

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '#' ||
			    c == '%' || c == '.' || c == ',' || c == '-' || c == '+' || c == ' ' ||
			    c == '_' || c == ')';
		quotes += c == '\'';
		if (c == '(' && !str_ends_nocase(str_sub(value, 0, i), STR("rgb")) &&
			!str_ends_nocase(str_sub(value, 0, i), STR("rgba")) &&
			!str_ends_nocase(str_sub(value, 0, i), STR("hsl")))
			return false;
		if (!word && c != '\'' && c != '(')
			return false;
	}
	return value.len > 0 && value.len <= VALUE_BYTES && quotes % 2 == 0;
}

static void add_declaration(struct str property, struct str value, bool keep_important, struct buf *out)
{
	ptrdiff_t important = str_find_char(value, '!');
	struct str kept = str_trim(important < 0 ? value : str_sub(value, 0, (size_t)important));

	if (!is_kept(property) || !is_plain(kept))
		return;
	buf_add(out, property);
	buf_add_char(out, ':');
	buf_add(out, kept);
	if (keep_important && important >= 0 &&
		str_equal_nocase(str_trim(str_from(value, (size_t)important + 1)), STR("important")))
		buf_add(out, STR("!important"));
	buf_add_char(out, ';');
}

/* Double quotes say the same as single ones. */
static void unify_quotes(struct str style, struct buf *out)
{
	for (size_t i = 0; i < style.len; i++)
		buf_add_char(out, style.ptr[i] == '"' ? '\'' : style.ptr[i]);
}

size_t html_style_clean(struct str style, enum html_style_place place, struct buf *out)
{
	cleanup(buf_done) struct buf unified = buf_new(style.len + 1);
	size_t remote = 0;

	unify_quotes(style, &unified);
	for (struct str rest = buf_str(&unified); rest.ptr;) {
		struct str value = str_cut(&rest, ';');
		struct str property = str_trim(str_cut(&value, ':'));
		remote += str_find_nocase(value, STR("url(")) >= 0;
		if (value.ptr)
			add_declaration(property, value, place == HTML_STYLE_SHEET, out);
	}
	return remote;
}
