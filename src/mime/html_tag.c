#include "mime/html_tag.h"

bool html_is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool html_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

struct str html_tag_name(struct str text)
{
	size_t len = 0;

	while (len < text.len && !html_is_blank(text.ptr[len]) && text.ptr[len] != '/' &&
		text.ptr[len] != '>')
		len++;
	return str_sub(text, 0, len);
}

bool html_tag_rest(struct str text, size_t *ret_len)
{
	*ret_len = text.len;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '>') {
			*ret_len = i + 1;
			return true;
		}
		if (text.ptr[i] != '=')
			continue;
		while (i + 1 < text.len && html_is_blank(text.ptr[i + 1]))
			i++;
		char quote = i + 1 < text.len ? text.ptr[i + 1] : ' ';
		if (quote != '"' && quote != '\'')
			continue;
		ptrdiff_t end = str_find_char(str_from(text, i + 2), quote);
		if (end < 0)
			return false;
		i += 2 + (size_t)end;
	}
	return false;
}
