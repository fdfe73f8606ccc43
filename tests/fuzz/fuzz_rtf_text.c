/* What RTF says: text that is well formed, the same in whatever pieces it comes, within its growth. */
#include "mime/header.h"
#include "mime/rtf_text.h"

#include <assert.h>

#define RTF_BYTES ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_in(struct str rtf, size_t step, struct buf *out)
{
	cleanup(mime_rtf_text_free_at) struct mime_rtf_text *text = mime_rtf_text_new();

	for (; rtf.len; rtf = str_from(rtf, step)) {
		struct str piece = str_sub(rtf, 0, step);
		size_t got = mime_rtf_text_add(text, piece, out);
		assert(got <= piece.len * MIME_RTF_TEXT_GROWTH_MAX + MIME_RTF_TEXT_KEPT_MAX);
	}
	(void)mime_rtf_text_end(text, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > RTF_BYTES)
		return 0;
	cleanup(buf_done) struct buf whole = buf_new(4 * RTF_BYTES), pieces = buf_new(4 * RTF_BYTES);
	struct str rtf = {(const char *)data + 1, size - 1};

	mime_init();
	read_in(rtf, RTF_BYTES, &whole);
	read_in(rtf, (size_t)data[0] + 1, &pieces);
	assert(str_is_utf8(buf_str(&whole)));
	assert(str_equal(buf_str(&whole), buf_str(&pieces)));
	return 0;
}
