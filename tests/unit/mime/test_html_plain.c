#include "tests/unit/unit.h"

#include "base/mem.h"
#include "mime/html_clean.h"
#include "mime/html_plain.h"

static const struct {
	const char *html, *text;
	bool is_formatted;
} cases[] = {
	{"", "", false},
	{"<div>a  b</div><div><br></div><div>c</div>", "a b\n\nc", false},
	{"a<br><br>b", "a\n\nb", false},
	{"<p>a</p><p>b</p>", "a\n\nb", false},
	{"a &lt;b&gt; &amp;amp; &quot;c&quot;", "a <b> &amp; \"c\"", false},
	{"a&nbsp;&nbsp;b", "a  b", false},
	{"a <b>bold</b>, then", "a bold, then", true},
	{"<div>buy</div><ul><li>bread</li><li>jam</li></ul><div>now</div>", "buy\n\n- bread\n- jam\n\nnow",
		true},
	{"<ol><li>a<ul><li>b<br>c</li></ul></li><li>d</li></ol>", "1. a\n   - b\n     c\n2. d", true},
	{"he said<blockquote><p>a</p><p>b</p></blockquote>so", "he said\n\n> a\n> \n> b\n\nso", true},
	{"<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n> \n> > b", true},
	{"<blockquote><ul><li>a</li></ul></blockquote>", "> - a", true},
	{"see <a href=\"https://a.example/\">a.example</a>", "see a.example", true},
	{"see <a href=\"https://a.example/?b=1&amp;c\">this</a>.", "see this <https://a.example/?b=1&c>.",
		true},
	{"<a href=\"mailto:a@b.example\">a@b.example</a>", "a@b.example", true},
	{"<a href=\"mailto:a@b.example\">write</a>", "write <a@b.example>", true},
	{"<pre>a\n  b</pre>", "a\n  b", true},
	{"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3", true},
	{"<style>p{color:red}</style><p onclick=x>a<script>b()</script><img src=cid:x>", "a", false},
	{"<ul>", "", true},
	{"<li>a", "- a", true},
};

static void test_text_beside(void **state)
{
	struct html_clean_options options = {.is_written = true};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf clean = buf_new(10000), out = buf_new(1000);
		struct err err;
		assert_int_equal(
			mime_html_clean(str_of(cases[i].html), &options, &clean, NULL, &err), RESULT_OK);
		mime_html_plain(buf_str(&clean), &out);
		assert_str(buf_str(&out), cases[i].text);
		assert_int_equal(mime_html_is_formatted(buf_str(&clean)), cases[i].is_formatted);
	}
}

/* Cleaning what is clean changes nothing, so that a draft does not change each time it is saved. */
static void test_clean_stays(void **state)
{
	struct html_clean_options options = {.is_written = true};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf once = buf_new(10000), twice = buf_new(10000);
		struct err err;
		assert_int_equal(
			mime_html_clean(str_of(cases[i].html), &options, &once, NULL, &err), RESULT_OK);
		assert_int_equal(mime_html_clean(buf_str(&once), &options, &twice, NULL, &err), RESULT_OK);
		assert_true(str_equal(buf_str(&twice), buf_str(&once)));
	}
}

/* What is no clean HTML, and deep or long. */
static void test_hostile(void **state)
{
	static const char *const pieces[] = {
		"<", "<a href=\"", "<blockquote>", "<li>", "<ol><li>x", "&", "</ul>", "<a>"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		cleanup(buf_done) struct buf html = buf_new(1 << 20), out = buf_new(1 << 20);
		while (!html.overflow)
			buf_add(&html, str_of(pieces[i]));
		mime_html_plain(buf_str(&html), &out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text_beside),
		cmocka_unit_test(test_clean_stays), cmocka_unit_test(test_hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
