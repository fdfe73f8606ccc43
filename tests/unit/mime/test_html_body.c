#include "tests/unit/unit.h"

#include "base/mem.h"
#include "mime/html_body.h"

/* '|' marks the place. */
static const char *const sure_cases[] = {
	"|hi",
	"|<p>hi",
	"<body>|hi",
	"<html><BODY class=a>|hi",
	"<!DOCTYPE html><html><head><title><body></title></head><body>|hi</body></html>",
	"<!DOCTYPE html>\r\n|<p>hi",
	"<html><head><style>p > b {}</style></head>|<p>hi",
	"<html><head><style></x></style><body>|hi",
	"<body title='a > b' style=\"x>y\">|hi",
	"<!-- <body> --><body>|hi",
	"<!--[if mso]><body class=\"mso\"><![endif]--><!--[if !mso]><!--><body "
	"class=\"x\">|<!--<![endif]-->hi",
	"<?xml version=\"1.0\"?><html xmlns='u'><head><meta a='>'></head>\n<body\n lang=x >|hi",
	"|<bodyguard>",
	"\xef\xbb\xbf<html><body>|hi",
	"\xef\xbb\xbf|hi",
	"|< body>",
};

static const char *const unsure_cases[] = {
	"|",
	"|<",
	"|<bod",
	"|<body title='a > b",
	"<html>|<head><style> never closed <body>",
	"<html>|<!-- never closed <body>",
	"<!doctype html>|  ",
};

static void check(const char *marked, bool sure)
{
	char html[300];
	size_t place = 0, len = 0;
	bool is_sure;

	for (const char *c = marked; *c; c++)
		if (*c == '|')
			place = len;
		else
			html[len++] = *c;
	size_t found = html_body_start((struct str){html, len}, &is_sure);
	if (found != place || is_sure != sure)
		print_message("%s: %zu, %s\n", marked, found, is_sure ? "sure" : "unsure");
	assert_int_equal(found, place);
	assert_int_equal(is_sure, sure);
}

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sure_cases); i++)
		check(sure_cases[i], true);
	for (size_t i = 0; i < COUNT_OF(unsure_cases); i++)
		check(unsure_cases[i], false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
