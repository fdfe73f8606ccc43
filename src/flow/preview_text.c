#include "flow/preview_text.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/html_text.h"
#include "mime/rtf_text.h"

#define PIECE_BYTES ((size_t)16 * 1024)

enum kind { KIND_NONE, KIND_TEXT, KIND_RTF };

static const struct {
	const char *type, *extension;
	enum kind kind;
} known[] = {
	{"text/plain", ".txt", KIND_TEXT},
	{"text/csv", ".csv", KIND_TEXT},
	{"text/rtf", ".rtf", KIND_RTF},
	{"application/rtf", ".rtf", KIND_RTF},
	{"application/x-rtf", ".rtf", KIND_RTF},
};

/* Windows says of RTF that it is Word's. */
static bool tells_little(struct str type)
{
	return str_equal(type, STR("application/octet-stream")) || str_equal(type, STR("application/msword"));
}

static enum kind kind_of(const struct mime_part *part)
{
	bool by_name = tells_little(part->type) && part->name_count;

	if (part->decoded_size == 0 || part->decoded_size > LIMIT_PREVIEW_SOURCE_BYTES)
		return KIND_NONE;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_equal(part->type, str_of(known[i].type)) ||
			(by_name && str_ends_nocase(part->names[0], str_of(known[i].extension))))
			return known[i].kind;
	return KIND_NONE;
}

bool preview_is_text(const struct mime_part *part)
{
	return kind_of(part) != KIND_NONE;
}

static enum result rtf_words(
	const struct open_message *message, const struct mime_part *part, struct buf *text, struct err *err)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *file =
		mime_part_reader_new(&message->content, part);
	cleanup(mime_rtf_text_free_at) struct mime_rtf_text *rtf = mime_rtf_text_new();
	cleanup(buf_done) struct buf said = buf_new(LIMIT_TEXT_SHOWN_BYTES);
	struct reader bytes = mime_part_reader_bytes(file);
	char piece[PIECE_BYTES];
	size_t got = 0;
	uint64_t at = 0;

	do {
		TRY(reader_read(&bytes, at, piece, sizeof(piece), &got, err));
		at += got;
		(void)mime_rtf_text_add(rtf, (struct str){piece, got}, &said);
	} while (got > 0 && !said.overflow);
	(void)mime_rtf_text_end(rtf, &said);
	if (mime_rtf_text_kind(rtf) == MIME_RTF_PACKED_HTML)
		mime_html_text(buf_str(&said), text);
	else
		buf_add(text, buf_str(&said));
	text->overflow |= said.overflow;
	return RESULT_OK;
}

enum result preview_text(const struct open_message *message, const struct mime_part *part, struct buf *text,
	bool *ret_cut, struct err *err)
{
	TRY(kind_of(part) == KIND_RTF ? rtf_words(message, part, text, err)
				      : mime_part_text(&message->content, part, text, ret_cut, err));
	*ret_cut = text->overflow;
	if (str_trim(buf_str(text)).len == 0)
		return err_code(err, RESULT_INVALID, "preview", "the file says nothing");
	return RESULT_OK;
}
