#include "mime/html_charset.h"

#include <string.h>

static struct str behind(struct str text, struct str what)
{
	ptrdiff_t at = str_find_nocase(text, what);

	return at < 0 ? STR_NONE : str_from(text, (size_t)at + what.len);
}

/* The name behind "charset", as in charset="x" and in content="text/html; charset=x". */
static struct str name_in(struct str element)
{
	struct str rest = str_trim(behind(element, STR("charset")));
	size_t len = 0;

	if (rest.len == 0 || rest.ptr[0] != '=')
		return STR_NONE;
	rest = str_trim(str_from(rest, 1));
	while (rest.len > 0 && strchr("\"'", rest.ptr[0]))
		rest = str_from(rest, 1);
	while (len < rest.len && !strchr("\"'; \t\r\n/>", rest.ptr[len]))
		len++;
	return str_sub(rest, 0, len);
}

static bool is_wide(struct str name)
{
	return str_equal_nocase(str_sub(name, 0, 6), STR("utf-16")) ||
	       str_equal_nocase(str_sub(name, 0, 6), STR("utf-32"));
}

struct str mime_html_charset(struct str begin)
{
	struct str rest = str_sub(begin, 0, MIME_HTML_CHARSET_BYTES);

	while ((rest = behind(rest, STR("<meta"))).len > 0) {
		ptrdiff_t end = str_find_char(rest, '>');
		struct str name = name_in(end < 0 ? rest : str_sub(rest, 0, (size_t)end));
		if (name.len > 0)
			return is_wide(name) ? STR_NONE : name;
	}
	return STR_NONE;
}
