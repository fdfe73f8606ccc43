/* The words of an opened message, as its page shows them and replies quote them. */
#include "flow/open.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/flowed.h"
#include "mime/html_text.h"

static enum result add_part(const struct open_message *message, const struct mime_part *part,
	struct buf *text, bool *ret_cut, struct err *err)
{
	cleanup(buf_done) struct buf html = buf_new(LIMIT_HTML_BYTES);

	if (!str_equal(part->type, STR("text/html")))
		return mime_part_plain_text(&message->content, part, text, ret_cut, err);
	TRY(mime_part_text(&message->content, part, &html, ret_cut, err));
	mime_html_text(buf_str(&html), text);
	return RESULT_OK;
}

enum result open_text(const struct open_message *message, struct arena *arena, struct buf *text,
	bool *ret_cut, struct err *err)
{
	const struct mime_part **parts;
	size_t count = mime_index_body(message->index, false, arena, &parts);
	uint64_t size = 0;
	bool cut = false;

	for (size_t i = 0; i < count && !cut && !text->overflow; i++) {
		size += parts[i]->decoded_size;
		if (i > 0 && size > LIMIT_TEXT_READ_BYTES) {
			cut = true;
			break;
		}
		if (text->len)
			buf_add(text, text->data[text->len - 1] == '\n' ? STR("\n") : STR("\n\n"));
		TRY(add_part(message, parts[i], text, &cut, err));
	}
	*ret_cut = cut || text->overflow;
	return RESULT_OK;
}
