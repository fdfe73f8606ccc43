#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/html_clean.h"

#include <string.h>

static const struct html_clean_options options = {.cid_prefix = {"/image/", 7}};

static void test_vectors(void **state)
{
	static const struct {
		const char *html, *clean;
	} cases[] = {
		{"<p>Hello <b>you</b></p>", "<div><p>Hello <b>you</b></p></div>"},
		{"<body bgcolor=\"#fff\" onload=x()>a", "<div bgcolor=\"#fff\">a</div>"},
		{"a<script>alert(1)</script>b", "<div>ab</div>"},
		{"<style>b{}</style>b<link rel=stylesheet href=//x>", "<div>b</div>"},
		{"<a href=\" java\tscript:alert(1)\">x</a>", "<div><a>x</a></div>"},
		{"<a href=\"data:text/html,x\" id=a name=b class=c onclick=d>x</a>", "<div><a>x</a></div>"},
		{"<a href=\"https://a.example/?a=1&amp;b=%22'\">x</a>",
			"<div><a href=\"https://a.example/?a=1&amp;b=%22&#39;\" target=\"_blank\" "
			"rel=\"noopener noreferrer\">x</a></div>"},
		{"<img src=\"cid:a@b/c\" onerror=x alt='\"><script>'>",
			"<div><img src=\"/image/a%40b%2Fc\" alt=\"&quot;&gt;&lt;script&gt;\"></div>"},
		{"<img src=\"https://t.example/p.gif\" width=1>", "<div><img width=\"1\"></div>"},
		{"<img src=x srcset=\"//t.example/a 2x\">", "<div><img></div>"},
		{"<svg><style><img src=x onerror=alert(1)></style></svg>b", "<div><img>b</div>"},
		{"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
		 "onerror=alert(1)&gt;\">",
			"<div></div>"},
		{"<form action=//x><input name=a>text</form><iframe src=//x></iframe><object "
		 "data=x>y</object>",
			"<div>text</div>"},
		{"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>x",
			"<div><p title=\"&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;\">x</p></div>"},
		{"<base href=//x><meta http-equiv=refresh content=0>x", "<div>x</div>"},
		{"<p style=\"color:red;position:fixed;top:0;background:url(//x);COLOR : rgb(1, 2, 3) "
		 "!important\">x</p>",
			"<div><p style=\"color:red;COLOR:rgb(1, 2, 3);\">x</p></div>"},
		{"<p style=\"width:expression(alert(1));font-family:&quot;A B&quot;;color:r\\65 d\">x</p>",
			"<div><p style=\"font-family:&#39;A B&#39;;\">x</p></div>"},
		{"<p style=\"--a:b;color:var(--a);background-image:u/**/rl(x)\">x</p>",
			"<div><p>x</p></div>"},
		{"<table background=\"http://x/\"><tr><td width=\"10%\" colspan=2>x",
			"<div><table><tbody><tr><td width=\"10%\" colspan=\"2\">x</td></tr></tbody></table></"
			"div>"},
		{"&lt;script&gt; <!-- c --> <xmp><script></xmp>", "<div>&lt;script&gt;  </div>"},
		{"<o:p>x</o:p><template><b>y</b></template><textarea><b></textarea>", "<div>x</div>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(10000);
		struct err err = {0};
		assert_ok(mime_html_clean(str_of(cases[i].html), &options, &out, NULL, &err));
		assert_str(buf_str(&out), cases[i].clean);
	}
}

static void test_facts(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(10000);
	struct html_clean_facts facts;
	struct err err;

	(void)state;
	assert_ok(mime_html_clean(
		STR("<img src=//a/b><img src='http://a/'><p style='background:url(x)'><img src=cid:a>"),
		&options, &out, &facts, &err));
	assert_int_equal(facts.remote, 3);
	assert_int_equal(facts.images, 1);
}

/* Shapes that parsers build large or deep trees of: refused or done, quickly. */
static void test_bombs(void **state)
{
	static const char *const pieces[] = {"<div>", "<b>", "<font size=1>", "<table>", "<p>", "<br>", "<",
		"<!--", "&amp;", "<a href=x>", "<svg>", "<b><p>", "</p>", "<table><tr><td>", "<i a=1><p>",
		"<svg><input>", "<div></x>", "<div><!--</div>-->", "<font a=1></b>",
		"<div><style></div></style>", "<dd><li>", "<!--><b>-->"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		cleanup(buf_done) struct buf html = buf_new(LIMIT_HTML_BYTES), out = buf_new(64 << 20);
		struct err err;
		while (!html.overflow)
			buf_add(&html, str_of(pieces[i]));
		int64_t start = clock_monotonic();
		enum result result = mime_html_clean(buf_str(&html), &options, &out, NULL, &err);
		assert_true(result == RESULT_OK || result == RESULT_TOO_LARGE);
		/* With sanitizers, on a busy machine. */
		assert_true(clock_monotonic() - start < 10000);
		buf_clear(&html);
	}
}

/* Formatting that the parser repeats in every paragraph: its memory is bounded. */
static void test_repeated_formatting(void **state)
{
	cleanup(buf_done) struct buf html = buf_new(LIMIT_HTML_BYTES), out = buf_new(64 << 20);
	struct err err;

	(void)state;
	buf_add(&html, STR("<p>"));
	for (int i = 0; i < 1900; i++)
		buf_printf(&html, "<font size=%d></b>", i);
	for (int i = 0; i < 2000; i++)
		buf_add(&html, STR("<p>a"));
	assert_int_equal(mime_html_clean(buf_str(&html), &options, &out, NULL, &err), RESULT_TOO_LARGE);
}

static void test_deep(void **state)
{
	cleanup(buf_done) struct buf html = buf_new(LIMIT_HTML_BYTES), out = buf_new(1 << 20);
	struct err err;

	(void)state;
	for (int i = 0; i < 1900; i++)
		buf_add(&html, STR("<div>"));
	buf_add(&html, STR("core"));
	assert_ok(mime_html_clean(buf_str(&html), &options, &out, NULL, &err));
	assert_true(str_find(buf_str(&out), STR("core")) > 0);
	assert_true(out.len < LIMIT_HTML_DEPTH * 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_repeated_formatting),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
