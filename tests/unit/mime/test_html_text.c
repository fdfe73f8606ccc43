#include "tests/unit/unit.h"

#include "base/mem.h"
#include "mime/html_text.h"

#include <string.h>

static void test_words(void **state)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
		{"", ""},
		{"plain  words\n here", "plain words here"},
		{"<p>One</p><p>Two</p>", "One\n\nTwo"},
		{"a<br>b<BR/>c", "a\nb\nc"},
		{"a<b>b</b>c", "abc"},
		{"<div>a</div>\n\n<div>b</div>", "a\nb"},
		{"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"},
		{"<head><title>t</title><style>p{a:b}</style></head><body>x", "x"},
		{"<script>if (a<b) c()</script>x", "x"},
		{"<style>never closed", ""},
		{"a<!-- <b> -->b", "ab"},
		{"a<!-- never closed", "a"},
		{"a < b & c > d", "a < b & c > d"},
		{"&lt;b&gt; &amp;amp; &#228;&#x41; &euro;5&nbsp;x", "<b> &amp; ä&#x41; €5 x"},
		{"&#0;&#55296;&#1114111;x", "\xf4\x8f\xbf\xbfx"},
		{"&unknown; &", "&unknown; &"},
		{"a<b", "a"},
		{"<a href=\"https://a.example/\">link</a>", "link"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		mime_html_text(str_of(cases[i].html), &out);
		assert_str(buf_str(&out), cases[i].text);
	}
}

/* What would be slow for a program that looks back or ahead again and again. */
static void test_hostile(void **state)
{
	static const char *const pieces[] = {"<", "<a", "</", "<!--", "<style>", "&", "&#1", "<p>", " "};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		cleanup(buf_done) struct buf html = buf_new(8 << 20), out = buf_new(1 << 20);
		while (!html.overflow)
			buf_add(&html, str_of(pieces[i]));
		mime_html_text(buf_str(&html), &out);
		assert_true(out.len <= 1 << 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
