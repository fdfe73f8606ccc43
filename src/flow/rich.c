#include "flow/rich.h"

#include "base/mem.h"
#include "mime/html_clean.h"
#include "mime/html_plain.h"

#define PLAIN_GROWS 6 /* "&quot;" of a quotation mark */

static enum result too_long(struct err *err)
{
	return err_code(err, RESULT_TOO_LARGE, "text-too-long", "the text is too long");
}

enum result rich_read(struct str html, struct arena *arena, struct rich *ret, struct err *err)
{
	cleanup(buf_done) struct buf clean = buf_new(2 * RICH_BYTES_MAX), text = buf_new(RICH_BYTES_MAX);
	struct html_clean_options options = {.is_written = true};

	*ret = (struct rich){0};
	if (html.len == 0)
		return RESULT_OK;
	if (html.len > RICH_BYTES_MAX)
		return too_long(err);
	if (!str_is_utf8(html))
		return err_set(err, RESULT_INVALID, "the text is no UTF-8");
	if (mime_html_clean(html, &options, &clean, NULL, err) != RESULT_OK)
		return too_long(err);
	mime_html_plain(buf_str(&clean), &text);
	if (text.overflow)
		return too_long(err);
	ret->text = arena_str(arena, buf_str(&text));
	if (mime_html_is_formatted(buf_str(&clean)))
		ret->html = arena_str(arena, buf_str(&clean));
	return RESULT_OK;
}

static void add_plain(struct buf *html, char c)
{
	switch (c) {
	case '&':
		buf_add(html, STR("&amp;"));
		break;
	case '<':
		buf_add(html, STR("&lt;"));
		break;
	case '>':
		buf_add(html, STR("&gt;"));
		break;
	case '\r':
		break;
	case '\n':
		buf_add(html, STR("<br>\n"));
		break;
	default:
		buf_add_char(html, c);
	}
}

struct str rich_of_plain(struct str text, struct arena *arena)
{
	cleanup(buf_done) struct buf html = buf_new(text.len * PLAIN_GROWS + 1);

	for (size_t i = 0; i < text.len; i++)
		add_plain(&html, text.ptr[i]);
	return arena_str(arena, buf_str(&html));
}
