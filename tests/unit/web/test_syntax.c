#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "web/syntax.h"

static void test_path(void **state)
{
	static const struct {
		const char *path;
		const char *joined; /* segments with '|' behind each; NULL: refused */
	} cases[] = {
		{"/", ""},
		{"/a", "a|"},
		{"/a/", "a||"},
		{"/a/b%20c", "a|b c|"},
		{"/%C3%A4", "\xc3\xa4|"},
		{"/a+b", "a+b|"},
		{"/...", "...|"},
		{"", NULL},
		{"a", NULL},
		{"//", NULL},
		{"//a", NULL},
		{"/a//b", NULL},
		{"/.", NULL},
		{"/a/..", NULL},
		{"/%2e%2E/a", NULL},
		{"/a%2Fb", NULL},
		{"/a%5Cb", NULL},
		{"/a\\b", NULL},
		{"/a%00", NULL},
		{"/a%0a", NULL},
		{"/a%7f", NULL},
		{"/a%", NULL},
		{"/a%4", NULL},
		{"/a%4g", NULL},
		{"/%c3", NULL},
		{"/%c0%af", NULL},
		{"/%ed%a0%80", NULL},
		{"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		cleanup(buf_done) struct buf joined = buf_new(1000);
		struct segments segments = {0};
		enum result result = path_parse(&arena, str_of(cases[i].path), &segments);
		if (result != (cases[i].joined ? RESULT_OK : RESULT_INVALID))
			fail_msg("%s: %s", cases[i].path, result_name(result));
		for (size_t j = 0; j < segments.count; j++)
			buf_printf(&joined, "%.*s|", STR_ARG(segments.items[j]));
		if (cases[i].joined)
			assert_str(buf_str(&joined), cases[i].joined);
	}
}

static void test_urlencoded(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct pairs pairs = {0};

	(void)state;
	assert_ok(urlencoded_parse(&arena, STR("a=1&b=x+y%26z&&c&d=&=e&a=2"), 10, &pairs));
	assert_int_equal(pairs.count, 6);
	assert_str(pairs_get(&pairs, "a"), "1");
	assert_str(pairs_get(&pairs, "b"), "x y&z");
	assert_str(pairs_get(&pairs, "c"), "");
	assert_str(pairs_get(&pairs, ""), "e");
	assert_null(pairs_get(&pairs, "e").ptr);
	assert_int_equal(urlencoded_parse(&arena, STR("a&b&c"), 2, &pairs), RESULT_TOO_LARGE);
	assert_int_equal(urlencoded_parse(&arena, STR("a=%ff"), 2, &pairs), RESULT_INVALID);
	assert_int_equal(urlencoded_parse(&arena, STR("a=%00"), 2, &pairs), RESULT_INVALID);
	assert_int_equal(urlencoded_parse(&arena, STR("%4=a"), 2, &pairs), RESULT_INVALID);
}

static void test_percent_encode(void **state)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	assert_str(percent_encode(&arena, STR("a b/\xc3\xa4?&=-._~")), "a%20b%2F%C3%A4%3F%26%3D-._~");
	assert_str(percent_encode(&arena, STR("")), "");
}

static void test_cookies(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct pairs pairs;

	(void)state;
	pairs = cookie_parse(&arena, STR("__Host-session=abc; theme=dark;bad;=x; sp ace=1; c=\x01; d=a=b"));
	assert_int_equal(pairs.count, 3);
	assert_str(pairs_get(&pairs, "__Host-session"), "abc");
	assert_str(pairs_get(&pairs, "theme"), "dark");
	assert_str(pairs_get(&pairs, "d"), "a=b");
	/* A planted second one takes both away. */
	pairs = cookie_parse(&arena, STR("s=evil; s=good; t=1"));
	assert_int_equal(pairs.count, 1);
	assert_null(pairs_get(&pairs, "s").ptr);
	assert_int_equal(cookie_parse(&arena, STR("")).count, 0);
}

static void test_field_parameter(void **state)
{
	static const struct {
		const char *field, *name;
		enum result result;
		const char *value;
	} cases[] = {
		{"form-data; name=\"a\"; filename=\"b\"", "filename", RESULT_OK, "b"},
		{"form-data; name=\"a\"; filename=\"b\"", "name", RESULT_OK, "a"},
		{"form-data; NAME = a", "name", RESULT_OK, "a"},
		{"form-data;name=\"\"", "name", RESULT_OK, ""},
		{"form-data; name=\"a;b=\\\"c\\\\d\"", "name", RESULT_OK, "a;b=\"c\\d"},
		{"form-data; name=\"C:\\dir\\x\"", "name", RESULT_OK, "C:\\dir\\x"},
		{"form-data; x=\"; name=y\"; name=z", "name", RESULT_OK, "z"},
		{"form-data;;; name=z;", "name", RESULT_OK, "z"},
		{"form-data", "name", RESULT_NOT_FOUND, NULL},
		{"form-data; name*=a", "name", RESULT_NOT_FOUND, NULL},
		{"form-data; name=a; name=b", "name", RESULT_INVALID, NULL},
		{"form-data; name=\"a", "name", RESULT_INVALID, NULL},
		{"form-data; name=\"a\\\"", "name", RESULT_INVALID, NULL},
		{"form-data; name=\"a\"b", "name", RESULT_INVALID, NULL},
		{"form-data; name=a b", "name", RESULT_INVALID, NULL},
		{"form-data; name=", "name", RESULT_INVALID, NULL},
		{"form-data; =a", "name", RESULT_INVALID, NULL},
		{"form-data; name", "name", RESULT_INVALID, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct str value = STR_NONE;
		enum result result = field_parameter(&arena, str_of(cases[i].field), cases[i].name, &value);
		if (result != cases[i].result)
			fail_msg("%s: %s", cases[i].field, result_name(result));
		if (cases[i].value)
			assert_str(value, cases[i].value);
	}
	assert_str(field_main(STR(" text/html ; charset=utf-8")), "text/html");
}

static void test_target(void **state)
{
	(void)state;
	assert_true(target_is_valid(STR("/")));
	assert_true(target_is_valid(STR("/a?b=c/d?e")));
	assert_false(target_is_valid(STR("")));
	assert_false(target_is_valid(STR("*")));
	assert_false(target_is_valid(STR("http://x/")));
	assert_false(target_is_valid(STR("/a b")));
	assert_false(target_is_valid(STR("/a#b")));
	assert_false(target_is_valid(STR("/\x80")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_urlencoded),
		cmocka_unit_test(test_percent_encode),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_field_parameter),
		cmocka_unit_test(test_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
