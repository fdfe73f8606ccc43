#include "mime/flowed.h"

struct line {
	size_t depth;	 /* of quotes */
	struct str text; /* without quote marks and the blank that was put before it */
	bool flows;	 /* on into the next line */
};

static struct line take_line(struct str *rest, bool joined)
{
	struct str text = str_cut(rest, '\n');
	struct line line = {0};

	if (text.len && text.ptr[text.len - 1] == '\r')
		text.len--;
	while (line.depth < text.len && text.ptr[line.depth] == '>')
		line.depth++;
	text = str_from(text, line.depth);
	if (str_starts(text, STR(" ")))
		text = str_from(text, 1);
	line.flows = text.len && text.ptr[text.len - 1] == ' ' && !str_equal(text, STR("-- "));
	line.text = str_sub(text, 0, text.len - (line.flows && joined));
	return line;
}

static void begin_paragraph(size_t depth, struct buf *out)
{
	for (size_t i = 0; i < depth; i++)
		buf_add_char(out, '>');
	if (depth)
		buf_add_char(out, ' ');
}

void mime_flowed_text(struct str text, bool joined, struct buf *out)
{
	bool open = false; /* the paragraph goes on */
	size_t depth = 0;

	while (text.len > 0 && !out->overflow) {
		struct line line = take_line(&text, joined);
		bool is_signature = str_equal(line.text, STR("-- "));
		/* Another depth, or the signature, ends a paragraph even when it says that it goes on. */
		if (open && (line.depth != depth || is_signature)) {
			buf_add_char(out, '\n');
			open = false;
		}
		if (!open)
			begin_paragraph(line.depth, out);
		buf_add(out, line.text);
		if (!line.flows)
			buf_add_char(out, '\n');
		open = line.flows;
		depth = line.depth;
	}
	if (open)
		buf_add_char(out, '\n');
}

enum result mime_part_plain_text(const struct reader *message, const struct mime_part *part, struct buf *utf8,
	bool *ret_cut, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(utf8->limit);

	if (!part->flowed)
		return mime_part_text(message, part, utf8, ret_cut, err);
	TRY(mime_part_text(message, part, &text, ret_cut, err));
	mime_flowed_text(buf_str(&text), part->flowed_joined, utf8);
	*ret_cut = *ret_cut || utf8->overflow;
	return RESULT_OK;
}
