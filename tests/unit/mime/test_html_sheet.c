/* Style sheets: what newsletters need is kept, and nothing that loads, leaves the mail or meets the page
 * around it. */
#include "base/limits.h"
#include "base/mem.h"
#include "mime/html_sheet.h"
#include "tests/unit/unit.h"

static const struct {
	const char *css, *clean;
} cases[] = {
	/* What newsletters and Outlook write. */
	{"p { color: red; margin: 0 auto }", ".mail-body p{color:red;margin:0 auto;}\n"},
	{"<!-- h1,.Title{font-family:\"Segoe UI\",Arial} -->",
		".mail-body h1,.mail-body .m-Title{font-family:'Segoe UI',Arial;}\n"},
	{"@media only screen and (max-width:600px){.col{width:100%!important}}",
		"@media only screen and (max-width:600px){\n.mail-body .m-col{width:100%!important;}\n}\n"},
	{"#bodyTable td.a>p:first-child , a:hover{padding:1px}",
		".mail-body .mi-bodyTable td.m-a>p:first-child,.mail-body a:hover{padding:1px;}\n"},
	{"body,html,html body p,BODY.x b{color:#333}",
		".mail-body,.mail-body,.mail-body p,.mail-body.m-x b{color:#333;}\n"},
	{"html p,html>body>p{color:red}", ".mail-body p,.mail-body>p{color:red;}\n"},
	{"*{box-sizing:border-box}", ".mail-body *{box-sizing:border-box;}\n"},
	{"@font-face{font-family:\"Cambria Math\";panose-1:2 "
	 "4}p.MsoNormal{mso-style-parent:\"\";font-size:11.0pt}",
		".mail-body p.m-MsoNormal{font-size:11.0pt;}\n"},
	{"v\\:*{behavior:url(#default#VML)}b{color:red}", ".mail-body b{color:red;}\n"},
	{"@page WordSection1{size:8.5in}@charset \"utf-8\";b{color:red}", ".mail-body b{color:red;}\n"},
	{"u + .body .gwfw{width:100%}", ".mail-body u+.m-body .m-gwfw{width:100%;}\n"},
	{"a[x-apple-data-detectors],b{color:inherit}", ".mail-body b{color:inherit;}\n"},
	/* What loads. */
	{"@import url(//x);@import '//x';b{color:red}", ".mail-body b{color:red;}\n"},
	{"@import '//x'", ""},
	{"b{background:url(//x);color:red}", ".mail-body b{color:red;}\n"},
	{"b{background:URL (//x)}i{background:u/**/rl(//x)}u{background:\\75rl(//x)}", ""},
	{"b{background:url(//x;color:red}", ".mail-body b{color:red;}\n"},
	{"b{background:image-set('//x' 1x)}i{background:image('//x')}u{list-style:url(x)}", ""},
	{"@font-face{font-family:x;src:url(//x)}", ""},
	{"b{--a:url(//x)}i{background:var(--a)}u{width:attr(x)}", ""},
	{"@media screen{@import '//x';b{background:url(//x)}}", ""},
	{"@media screen and (x:url(//x)){b{color:red}}", ""},
	/* What runs, or leaves its place. */
	{"b{width:expression(alert(1))}i{behavior:x}u{-moz-binding:x}", ""},
	{"b{position:fixed!important;top:0;z-index:9;color:red!ie}", ".mail-body b{color:red;}\n"},
	{"b{content:'x';cursor:x;filter:x;animation:x;transform:x;opacity:0}", ""},
	{"@keyframes x{from{color:red}}@supports (a:b){b{color:red}}@layer{b{color:red}}", ""},
	{"body.a + p,body.a:hover~p,html+body,html p+html{color:red}", ".mail-body p+html{color:red;}\n"},
	{"html ~ p,body + p,body~p,html>p,~ p,> p,+ p{color:red}", ""},
	{":root,:host,:has(p),:is(html),::before,:not(b),b:target{color:red}", ""},
	{".sealpost-head{color:red}", ".mail-body .m-sealpost-head{color:red;}\n"},
	{"b}</style><script>x</script>{color:red}", ""},
	{"b{color:red</style>}i{color:red}", ".mail-body i{color:red;}\n"},
	{"b{color:red;i{color:red}}u{color:red}", ".mail-body u{color:red;}\n"},
	{"b{color:red", ".mail-body b{color:red;}\n"},
	{"@media screen{b{color:red", "@media screen{\n.mail-body b{color:red;}\n}\n"},
	{"@media screen:x{b{color:red}}@media (a,b){b{color:red}}", ""},
	{"@media print{@media screen{b{color:red}}}", ""},
	{"}b{color:red}i{color:red}", ".mail-body i{color:red;}\n"},
	{"b{}i{color:}", ""},
	{"/* b{color:red}", ""},
	{"", ""},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(10000);
		(void)html_sheet_clean(str_of(cases[i].css), &out);
		if (!str_equal(buf_str(&out), str_of(cases[i].clean)))
			fail_msg("%s\ngot      %.*s\nexpected %s", cases[i].css, STR_ARG(buf_str(&out)),
				cases[i].clean);
	}
}

static void test_what_would_load_is_counted(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(10000);

	(void)state;
	assert_int_equal(html_sheet_clean(STR("@import '//x';b{background:url(//x)}@font-face{src:url(//y)}"
					      "@media screen{i{background:url(//z)}}@import '//y'"),
				 &out),
		5);
}

static void test_names(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(1000);

	(void)state;
	html_sheet_add_names(STR(" a  b-c \"x\" d<e f_1 "), HTML_SHEET_CLASS, &out);
	html_sheet_add_names(STR("top"), HTML_SHEET_ID, &out);
	assert_str(buf_str(&out), "m-a m-b-c m-f_1 mi-top");
}

/* Shapes that would cost more than their length. */
static void test_bombs(void **state)
{
	static const char *const pieces[] = {"a{", "}", "a,", "@media x{", "/*", "<!--", "@import ",
		"a{color:red}", "a{b:c}d,e{", ".a ", "a{color:red;", "@", "{", "html ", "a:hover,"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		cleanup(buf_done) struct buf css = buf_new(LIMIT_HTML_SHEET_BYTES);
		cleanup(buf_done) struct buf out = buf_new(16 * LIMIT_HTML_SHEET_BYTES);
		while (!css.overflow)
			buf_add(&css, str_of(pieces[i]));
		(void)html_sheet_clean(buf_str(&css), &out);
		assert_false(out.overflow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules),
		cmocka_unit_test(test_what_would_load_is_counted), cmocka_unit_test(test_names),
		cmocka_unit_test(test_bombs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
