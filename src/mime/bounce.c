#include "mime/bounce.h"

#include "base/mem.h"
#include "mime/header.h"

/* Forms by words that their programs always write. A text is of a form when it has `begin` at its start
 and `says`. */
static const struct {
	struct str begin, says;
} forms[] = {
	/* qmail's QSBMF; the first words may be changed, the rest may not. */
	{{"Hi. This is the", 15}, {"<", 1}},
	{{"This message was created automatically by mail delivery", 55}, {"could not be delivered to", 25}},
	{{"Your message", 12}, {"did not reach the following recipient", 37}},
};

/* What stands above the copy of the mail that came back. */
static const struct str copies[] = {
	{"--- Below this line is a copy", 29},
	{"------ This is a copy of", 24},
	{"------ This is the original", 27},
};

static struct str without_copy(struct str text)
{
	struct str said = str_sub(text, 0, MIME_BOUNCE_TEXT_MAX);

	for (size_t i = 0; i < COUNT_OF(copies); i++) {
		ptrdiff_t at = str_find(said, copies[i]);
		if (at >= 0)
			said = str_sub(said, 0, (size_t)at);
	}
	return said;
}

static bool is_digit(struct str s, size_t at)
{
	return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

/* ".1" to ".999" at the place; 0 when it is none. */
static size_t number_length(struct str s, size_t at)
{
	size_t digits = 0;

	if (at >= s.len || s.ptr[at] != '.')
		return 0;
	while (digits < 4 && is_digit(s, at + 1 + digits))
		digits++;
	return digits >= 1 && digits <= 3 ? digits + 1 : 0;
}

/* The status code (RFC 3463) at the place, or nothing: an address of the net has four numbers. */
static struct str status_at(struct str s, size_t at)
{
	bool begins = at == 0 || (!is_digit(s, at - 1) && s.ptr[at - 1] != '.' && s.ptr[at - 1] != '-');

	if (!begins || (s.ptr[at] != '5' && s.ptr[at] != '4'))
		return STR_NONE;
	size_t subject = number_length(s, at + 1);
	size_t detail = subject ? number_length(s, at + 1 + subject) : 0;
	size_t end = at + 1 + subject + detail;
	if (detail == 0 || number_length(s, end) != 0 || is_digit(s, end))
		return STR_NONE;
	return str_sub(s, at, end - at);
}

static struct str find_status(struct str said)
{
	for (size_t i = 0; i < said.len; i++) {
		struct str status = status_at(said, i);
		if (status.len)
			return status;
	}
	return STR("5.0.0");
}

static bool has_form(struct str said)
{
	struct str text = str_trim(said);

	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (str_starts(text, forms[i].begin) && str_find(text, forms[i].says) >= 0)
			return true;
	return false;
}

bool mime_bounce_read(struct str header, struct str text, struct mime_bounce *ret)
{
	struct str said = without_copy(text);
	/* Exim's words may be in any language; its warnings do not have this field. */
	bool is_bounce = mime_header_get(header, STR("X-Failed-Recipients")).len > 0 || has_form(said);

	*ret = (struct mime_bounce){is_bounce ? find_status(said) : STR_NONE};
	return is_bounce;
}
