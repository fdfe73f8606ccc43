/* Cleaning HTML: whatever comes in, what comes out holds nothing that runs or loads, and the words of it are
 * found without stumbling. */
#include "base/limits.h"
#include "mime/html_clean.h"
#include "mime/html_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tags that are never written; attribute values cannot hold '<'. */
static void check(struct str clean)
{
	static const char *const never[] = {"<script", "<style", "<iframe", "<object", "<embed", "<svg",
		"<math", "<form", "<input", "<link", "<meta", "<base", "<template", "<noscript", "<!--"};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (str_find_nocase(clean, str_of(never[i])) >= 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html_clean_options options = {.cid_prefix = STR("/image/")};
	struct str html = {(const char *)data, size};
	struct buf once = buf_new(LIMIT_HTML_BYTES), words = buf_new(LIMIT_HTML_BYTES);
	struct err err;

	mime_html_text(html, &words);
	if (str_is_utf8(html) && mime_html_clean(html, &options, &once, NULL, &err) == RESULT_OK)
		check(buf_str(&once));
	buf_done(&once);
	buf_done(&words);
	return 0;
}
