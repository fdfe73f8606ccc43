#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/html_clean.h"

#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct html_clean_options options = {.cid_prefix = {"/image/", 7}};

static void test_vectors(void **state)
{
	static const struct {
		const char *html, *clean;
	} cases[] = {
		{"<p>Hello <b>you</b></p>", "<div><p>Hello <b>you</b></p></div>"},
		{"<body bgcolor=\"#fff\" onload=x()>a", "<div style=\"background-color:#fff;\">a</div>"},
		{"<body text=112233 style='color:red'>a", "<div style=\"color:#112233;color:red;\">a</div>"},
		{"<body text='red;x:y' bgcolor='url(x)'>a", "<div>a</div>"},
		{"a<script>alert(1)</script>b", "<div>ab</div>"},
		{"<style>b{}</style>b<link rel=stylesheet href=//x>", "<div>b</div>"},
		{"<style>.c{color:red}</style><body class=\"c d\"><b id=i class='c\"' "
		 "style=color:red>x</b><i class=c>y</i>",
			"<style>\n.mail-body .m-c{color:red;}\n</style><div class=\"mail-body m-c m-d\"><b "
			"class=\"mi-i\" style=\"color:red;\">x</b><i class=\"m-c\">y</i></div>"},
		{"a<style media=print>b{color:red}</style><style "
		 "type=x>b{color:red}</style><svg><style>b{color:red}"
		 "</style></svg>",
			"<div>a</div>"},
		{"<style>b{color:red;font-family:'</style><img src=x onerror=alert(1)>'}</style>",
			"<style>\n.mail-body b{color:red;}\n</style><div "
			"class=\"mail-body\"><img>&#39;}</div>"},
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

static void assert_harmless_attribute(const char *payload, const GumboAttribute *attribute)
{
	const char *name = attribute->name;
	struct str value = str_of(attribute->value);

	if (!strncmp(name, "on", 2) || !strcmp(name, "srcset") || !strcmp(name, "action"))
		fail_msg("attribute %s of %s", name, payload);
	if (!strcmp(name, "href") && !str_starts_nocase(value, STR("http://")) &&
		!str_starts_nocase(value, STR("https://")) && !str_starts_nocase(value, STR("mailto:")) &&
		!str_starts_nocase(value, STR("tel:")))
		fail_msg("link %s of %s", attribute->value, payload);
	if ((!strcmp(name, "src") || !strcmp(name, "background")) && !str_starts(value, STR("/image/")) &&
		!str_starts_nocase(value, STR("data:image/")))
		fail_msg("image %s of %s", attribute->value, payload);
	if (!strcmp(name, "style") &&
		(str_find_nocase(value, STR("url(\"http")) >= 0 || str_find_char(value, '\\') >= 0))
		fail_msg("style %s of %s", attribute->value, payload);
}

static void assert_harmless_sheet(const char *payload, struct str css)
{
	static const char *const never[] = {"<", "\\", "/*", "url(", "@import", "@font-face", "expression(",
		"var(", "position:", "behavior:", "binding"};

	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (str_find_nocase(css, str_of(never[i])) >= 0)
			fail_msg("%s in the sheet of %s", never[i], payload);
}

static void assert_harmless(const char *payload, const GumboNode *node)
{
	static const char *const bad[] = {"script", "meta", "base", "link", "object", "embed", "svg", "math",
		"iframe", "form", "input", "button", "textarea", "select", "option", "noscript", "template",
		"xmp", "plaintext", "noembed", "noframes", "title", "video", "audio", "", NULL};

	if (node->type == GUMBO_NODE_COMMENT || node->type == GUMBO_NODE_CDATA)
		fail_msg("comment of %s", payload);
	if (node->type == GUMBO_NODE_TEXT && node->parent->type == GUMBO_NODE_ELEMENT &&
		node->parent->v.element.tag == GUMBO_TAG_STYLE)
		assert_harmless_sheet(payload, str_of(node->v.text.text));
	if (node->type != GUMBO_NODE_ELEMENT)
		return;
	const GumboElement *element = &node->v.element;
	for (size_t i = 0; bad[i]; i++)
		if (!strcmp(gumbo_normalized_tagname(element->tag), bad[i]) &&
			(element->tag != GUMBO_TAG_META ||
				strcmp(((GumboAttribute *)element->attributes.data[0])->name, "charset") !=
					0))
			fail_msg("element %s of %s", bad[i], payload);
	for (unsigned i = 0; i < element->attributes.length; i++)
		assert_harmless_attribute(payload, element->attributes.data[i]);
	for (unsigned i = 0; i < element->children.length; i++)
		assert_harmless(payload, element->children.data[i]);
}

/* Cleans and reads again, twice: what is clean must stay so. */
static void check(struct str payload)
{
	cleanup(buf_done) struct buf once = buf_new(LIMIT_HTML_BYTES * 8),
				     twice = buf_new(LIMIT_HTML_BYTES * 8);
	struct err err;

	assert_ok(mime_html_clean(payload, &options, &once, NULL, &err));
	assert_ok(mime_html_clean(buf_str(&once), &options, &twice, NULL, &err));
	for (int i = 0; i < 2; i++) {
		const struct buf *document = i ? &twice : &once;
		GumboOutput *tree =
			gumbo_parse_with_options(&kGumboDefaultOptions, document->data, document->len);
		assert_harmless(payload.ptr, tree->root);
		gumbo_destroy_output(&kGumboDefaultOptions, tree);
	}
}

static void test_dompurify(void **state)
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	cleanup(buf_done) struct buf command = buf_new(4096), text = buf_new(8 << 20);
	char chunk[65536];
	size_t len, count = 0;

	(void)state;
	if (corpora == NULL || access(corpora, R_OK) != 0) {
		print_message("skipped: no corpora\n");
		skip();
	}
	buf_printf(&command,
		"node --input-type=module -e \"import v from '%s/dompurify/expect.mjs';"
		"for (const x of v) process.stdout.write(x.payload + '\\\\0')\" 2>/dev/null",
		corpora);
	FILE *file = popen(command.data, "r"); /* of the test's own making */
	while (file && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add_bytes(&text, chunk, len);
	if (file)
		pclose(file);
	for (size_t at = 0; at < text.len; count++) {
		struct str payload = str_of(text.data + at);
		check(payload);
		at += payload.len + 1;
	}
	assert_true(count > 0);
	printf("%zu vectors\n", count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_repeated_formatting),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_dompurify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
