#include "mime/charset.h"

#include "base/mem.h"
#include "mime/html_charset.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* The bytes a few at a time, so that sequences are cut. */
static void assert_reads(const char *name, const char *bytes, const char *text)
{
	for (size_t step = 1; step < 4; step++) {
		cleanup(buf_done) struct buf utf8 = buf_new(1000);
		struct mime_charset *charset = mime_charset_new(str_of(name));
		for (struct str rest = str_of(bytes); rest.len;
			rest = str_from(rest, step < rest.len ? step : rest.len))
			mime_charset_add(charset, str_sub(rest, 0, step), &utf8);
		mime_charset_end(charset, &utf8);
		mime_charset_free(charset);
		assert_memory_equal(utf8.data, text, strlen(text));
		assert_int_equal(utf8.len, strlen(text));
	}
}

static void names_mean_what_they_do_in_mail_programs(void **state)
{
	(void)state;

	assert_reads("ISO-8859-1",
		"\x93Gr\xfc\xdf"
		"e\x94 \x80",
		"“Grüße” €");
	assert_reads("iso-8859-9", "\xdd\x80", "İ€");
	assert_reads("iso-8859-8-i", "\xf9\xec\xe5\xed", "שלום");
	assert_reads("TIS-620", "\xa1\x85", "ก…");
	assert_reads("gb2312", "\xe9\x46\xd6\xec", "镕朱");
	assert_reads("ks_c_5601-1987", "\x8c\x63\xb9\xe6", "똠방");
	assert_reads("EUC-KR", "\x8c\x63", "똠");
	assert_reads("shift_jis", "\x87\x40\xfb\xfc", "①髙");
	assert_reads("x-sjis", "\x93\xfa\x96\x7b", "日本");
	assert_reads("big5", "\xf9\xd8", "裏");
	assert_reads("x-mac-roman", "\x8a", "ä");
	assert_reads("utf8mb4", "\xc3\xa9", "é");
}

static void unknown_ones_are_read_as_windows_1252(void **state)
{
	(void)state;

	assert_reads("x-foo", "caf\xe9 \x80", "café €");
	assert_reads("utf-8//TRANSLIT", "\xe9", "é");
	assert_reads("utf-8", "a\xffz", "a\xef\xbf\xbdz");
}

static bool is_lossy(const char *name, const char *bytes)
{
	cleanup(buf_done) struct buf utf8 = buf_new(1000);
	struct mime_charset *charset = mime_charset_new(str_of(name));

	mime_charset_add(charset, str_of(bytes), &utf8);
	mime_charset_end(charset, &utf8);
	bool result = mime_charset_is_lossy(charset);
	mime_charset_free(charset);
	return result;
}

static void unnamed_bytes_are_utf8_or_windows_1252(void **state)
{
	(void)state;

	assert_reads("", "caf\xe9 cr\xe8me \x80 \x93x\x94", "café crème € “x”");
	assert_reads("us-ascii", "caf\xc3\xa9 and caf\xe9", "café and café");
	assert_reads("", "ends in \xe2\x82", "ends in â‚");
	assert_reads("", "\x81-", "\xef\xbf\xbd-"); /* which windows-1252 does not have either */
	assert_reads("utf-8", "ends in \xe2\x82", "ends in \xef\xbf\xbd");
}

static void what_is_guessed_or_lost_is_told(void **state)
{
	(void)state;

	assert_false(is_lossy("", "plain caf\xc3\xa9"));
	assert_false(is_lossy("gb2312", "\xe9\x46\xd6\xec"));
	assert_true(is_lossy("", "caf\xe9"));
	assert_true(is_lossy("utf-8", "caf\xe9"));
	assert_true(is_lossy("x-foo", "plain"));
}

static void assert_says(const char *html, const char *name)
{
	assert_str(mime_html_charset(str_of(html)), name);
}

static void html_says_its_charset_itself(void **state)
{
	char late[2000];

	(void)state;
	assert_says("<html><head><meta charset=\"iso-2022-jp\">", "iso-2022-jp");
	assert_says("<META http-equiv=Content-Type content=\"text/html; charset=koi8-r\">", "koi8-r");
	assert_says("<meta name=viewport content=x><meta charset = 'gbk' />", "gbk");
	assert_says("<meta charset=big5", "big5");
	assert_says("<p>charset=gbk</p>", "");
	assert_says("<meta charset>", "");
	assert_says("<meta charset=\"\">", "");
	assert_says("<meta name=\"charset\" content=gbk>", "");
	/* It could not be read if it were true. */
	assert_says("<meta charset=utf-16le>", "");
	(void)snprintf(late, sizeof(late), "%1100s<meta charset=gbk>", "");
	assert_says(late, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_mean_what_they_do_in_mail_programs),
		cmocka_unit_test(unknown_ones_are_read_as_windows_1252),
		cmocka_unit_test(unnamed_bytes_are_utf8_or_windows_1252),
		cmocka_unit_test(what_is_guessed_or_lost_is_told),
		cmocka_unit_test(html_says_its_charset_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
