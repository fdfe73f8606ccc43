#include "mime/rtf_text.h"

#include "base/limits.h"
#include "mime/header.h"
#include "tests/unit/unit.h"

#define OUT_BYTES ((size_t)1 << 20)

/* The same whatever pieces it comes in. */
static void assert_says(const char *rtf, enum mime_rtf_kind kind, const char *expected)
{
	static const size_t steps[] = {1, 2, 7, OUT_BYTES};

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		cleanup(buf_done) struct buf out = buf_new(OUT_BYTES);
		cleanup(mime_rtf_text_free_at) struct mime_rtf_text *text = mime_rtf_text_new();
		struct str left = str_of(rtf);
		size_t counted = 0;
		for (; left.len; left = str_from(left, steps[i]))
			counted += mime_rtf_text_add(text, str_sub(left, 0, steps[i]), &out);
		counted += mime_rtf_text_end(text, &out);
		assert_str(buf_str(&out), expected);
		assert_int_equal(counted, out.len);
		assert_int_equal(mime_rtf_text_kind(text), kind);
	}
}

static void test_packed_html_comes_back(void **state)
{
	(void)state;
	/* After the example of MS-OXRTFEX. */
	assert_says(
		"{\\rtf1\\ANSI\\ansicpg1251\\fromhtml1 \\deff0\r\n"
		"{\\fonttbl {\\f0\\fmodern Courier New;}{\\f1\\fswiss Arial;}"
		"{\\f2\\fswiss\\fcharset0 Arial;}}\r\n"
		"{\\colortbl\\red0\\green0\\blue0;\\red0\\green0\\blue255;}\r\n"
		"{\\*\\htmltag64}\r\n\\uc1\\pard\\plain\\deftab360 \\f0\\fs24\r\n"
		"{\\*\\htmltag19 <HTML>}\r\n{\\*\\htmltag3 \\par }\r\n"
		"{\\*\\htmltag50 <BODY>}{\\*\\mhtmltag50 <other>}\r\n"
		"\\htmlrtf \\li1000 \\htmlrtf0 {\\*\\htmltag64 <P>}\\htmlrtf {\\htmlrtf0 \r\n"
		"Note that {\\*\\htmltag84 <b>}\\htmlrtf {\\b \\htmlrtf0 \\'e4 \\u8364?"
		"\\htmlrtf }\\htmlrtf0 {\\*\\htmltag92 </b>}{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 \r\n"
		"{\\pntext\\f1\\'b7\\tab}{\\*\\htmltag244 <o:p>}{\\*\\htmltag252 "
		"</o:p>}\\htmlrtf\\par}\\htmlrtf0\r\n"
		"{\\*\\htmltag58 </BODY>}{\\*\\htmltag27 </HTML>}}\r\nbehind the end",
		MIME_RTF_PACKED_HTML, "<HTML>\r\n<BODY><P>Note that <b>д €</b>&lt;<o:p></o:p></BODY></HTML>");
}

static void test_packed_text_comes_back(void **state)
{
	(void)state;
	assert_says("{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\r\n"
		    "\\uc1\\pard\\plain\\f0\\fs20 Dear all,\\par\r\n\\tab a \\{b\\} \\\\c\\~d\\line\r\n"
		    "<tag> \\lquote x\\rquote\\par}",
		MIME_RTF_PACKED_TEXT, "Dear all,\r\n\ta {b} \\c\u00a0d\r\n<tag> \u2018x\u2019\r\n");
}

static void test_other_rtf_gives_its_text(void **state)
{
	(void)state;
	assert_says("{\\rtf1\\ansi{\\info{\\title secret}}{\\stylesheet{\\s1 Normal;}}{\\*\\generator x;}"
		    "{\\header top}\\pard One\\b  two\\b0\\par{\\pict\\wmetafile8 0100}{\\v hidden}"
		    "{\\field{\\*\\fldinst HYPERLINK \"http://x\"}{\\fldrslt link}}\\cell\\row three}",
		MIME_RTF_PLAIN, "One two\r\nlink\t\r\nthree");
	/* \fromhtml1 behind text is no header. */
	assert_says("{\\rtf1 a\\fromhtml1 {\\*\\htmltag <b>}}", MIME_RTF_PLAIN, "a");
	assert_says("no RTF \\par at all", MIME_RTF_PLAIN, "");
	assert_says("{\\rtf1 cut in a {group", MIME_RTF_PLAIN, "cut in a group");
}

static void test_characters_of_all_kinds(void **state)
{
	(void)state;
	assert_says("{\\rtf1\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset128 B;}"
		    "{\\f2\\fcharset204 C;}{\\f3\\cpg1253 D;}}\\deff0\\f1\\'93\\'fa\\'96\\'7b{\\f2 \\'c4}"
		    "\\'8c\\'ea\\f3\\'c4\\plain\\'c4}",
		MIME_RTF_PLAIN, "日本Д語ΔÄ");
	assert_says("{\\rtf1\\uc1\\u-10179?\\u-8704?\\uc2\\u8364\\'80\\'80x{\\uc0\\u65 B}\\u66 12C}",
		MIME_RTF_PLAIN, "😀€xABBC");
	assert_says("{\\rtf1\\u-10179?x\\u-8704?\\u1?\\u9?.}", MIME_RTF_PLAIN, "x\ufffd\t.");
	assert_says("{\\rtf1 a\\bin3 }}}b\\bin2{{c\\bin0 d\\'4g\\'zz.}", MIME_RTF_PLAIN, "abcdgzz.");
	assert_says("{\\rtf1\\mac\\ansicpg65001 \xc3\xa4\\'c3\\'a4\\'c3}", MIME_RTF_PLAIN, "ää\ufffd");
}

static void test_limits(void **state)
{
	cleanup(buf_done) struct buf deep = buf_new(OUT_BYTES), pages = buf_new(OUT_BYTES);

	(void)state;
	buf_add(&deep, STR("{\\rtf1 a"));
	for (int i = 1; i < LIMIT_RTF_DEPTH - 1; i++)
		buf_add(&deep, STR("{"));
	buf_add(&deep, STR("b{c{d}}e"));
	for (int i = 1; i < LIMIT_RTF_DEPTH; i++)
		buf_add(&deep, STR("}"));
	buf_add(&deep, STR("f"));
	assert_says(deep.data, MIME_RTF_PLAIN, "abe");
	buf_add(&pages, STR("{\\rtf1{\\fonttbl"));
	for (int i = 1; i <= LIMIT_RTF_PAGES; i++)
		buf_printf(&pages, "{\\f%d\\cpg%d x;}", i, i < LIMIT_RTF_PAGES - 1 ? 10100 + i : 1251);
	buf_printf(&pages, "{\\f70\\cpg1253 x;}}\\f%d\\'c4\\f70\\'c4\\f99999\\'c4}", LIMIT_RTF_PAGES);
	assert_says(pages.data, MIME_RTF_PLAIN, "ДÄÄ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packed_html_comes_back),
		cmocka_unit_test(test_packed_text_comes_back),
		cmocka_unit_test(test_other_rtf_gives_its_text),
		cmocka_unit_test(test_characters_of_all_kinds),
		cmocka_unit_test(test_limits),
	};

	mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
