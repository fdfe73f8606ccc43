/* Cleaning HTML: whatever comes in, what comes out holds nothing that runs or loads, and the words of it are
 * found without stumbling. */
#include "base/limits.h"
#include "mime/html_body.h"
#include "mime/html_clean.h"
#include "mime/html_plain.h"
#include "mime/html_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tags that are never written; attribute values cannot hold '<'. */
static void check(struct str clean)
{
	static const char *const never[] = {"<script", "<iframe", "<object", "<embed", "<svg", "<math",
		"<form", "<input", "<link", "<meta", "<base", "<template", "<noscript", "<!--"};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (str_find_nocase(clean, str_of(never[i])) >= 0)
			abort();
}

/* Of a text that was written here not even looks are left. */
static void check_written(struct str html)
{
	struct html_clean_options options = {.is_written = true};
	struct buf clean = buf_new(LIMIT_HTML_BYTES);
	struct err err;

	if (mime_html_clean(html, &options, &clean, NULL, &err) == RESULT_OK) {
		check(buf_str(&clean));
		if (str_find_nocase(buf_str(&clean), STR("<style")) >= 0 ||
			str_find_nocase(buf_str(&clean), STR("<img")) >= 0)
			abort();
	}
	buf_done(&clean);
}

/* The one sheet stands first; nothing in it loads or ends it early. */
static void check_sheet(struct str clean)
{
	static const char *const never[] = {"<", "\\", "/*", "url(", "@import", "@font-face", "expression(",
		"var(", "{position:", ";position:", "{behavior:", ";behavior:"};
	struct str rest = clean;

	if (str_starts(clean, STR("<style>"))) {
		ptrdiff_t end = str_find(clean, STR("</style>"));
		if (end < 0)
			abort();
		struct str sheet = str_sub(clean, 7, (size_t)end - 7);
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			if (str_find_nocase(sheet, str_of(never[i])) >= 0)
				abort();
		rest = str_from(clean, (size_t)end + 8);
	}
	if (str_find_nocase(rest, STR("<style")) >= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html_clean_options options = {.cid_prefix = STR("/image/")};
	struct str html = {(const char *)data, size};
	struct buf once = buf_new(LIMIT_HTML_BYTES), words = buf_new(LIMIT_HTML_BYTES);
	struct err err;
	bool sure;

	if (html_body_start(html, &sure) > size)
		abort();
	mime_html_text(html, &words);
	buf_clear(&words);
	mime_html_plain(html, &words);
	if (str_is_utf8(html) && mime_html_clean(html, &options, &once, NULL, &err) == RESULT_OK) {
		check(buf_str(&once));
		check_sheet(buf_str(&once));
	}
	if (str_is_utf8(html))
		check_written(html);
	buf_done(&once);
	buf_done(&words);
	return 0;
}
