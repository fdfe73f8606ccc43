#include "tests/unit/unit.h"

static void finds_and_cuts(void **state)
{
	(void)state;
	struct str rest = STR("a,b,");
	assert_str(str_cut(&rest, ','), "a");
	assert_str(str_cut(&rest, ','), "b");
	assert_non_null(rest.ptr);
	assert_str(str_cut(&rest, ','), "");
	assert_null(rest.ptr);
	assert_int_equal(str_find(STR("hello"), STR("lo")), 3);
	assert_int_equal(str_find(STR("hello"), STR("x")), -1);
	assert_int_equal(str_find_nocase(STR("Say [SECURE] now"), STR("[secure]")), 4);
	assert_str(str_trim(STR(" \t x y\r\n")), "x y");
	assert_true(str_ends_nocase(STR("a.PDF"), STR(".pdf")));
	assert_false(str_ends_nocase(STR("f"), STR(".pdf")));
}

static void reads_numbers_within_their_maximum(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_true(str_to_uint(STR("250"), 255, &n));
	assert_int_equal(n, 250);
	assert_false(str_to_uint(STR("256"), 255, &n));
	assert_false(str_to_uint(STR("18446744073709551616"), UINT64_MAX, &n));
	assert_true(str_to_uint(STR("18446744073709551615"), UINT64_MAX, &n));
	assert_false(str_to_uint(STR("5"), 3, &n));
	assert_false(str_to_uint(STR("-1"), 10, &n));
	assert_false(str_to_uint(STR(""), 10, &n));
}

static void knows_utf8(void **state)
{
	static const struct {
		struct str text;
		bool good;
	} cases[] = {
		{STR(""), true},
		{STR("gr\xc3\xbc\xc3\x9f"), true},
		{STR("\xf0\x9f\x93\x8e"), true},
		{STR("\xc0\xaf"), false},	  /* overlong */
		{STR("\xed\xa0\x80"), false},	  /* surrogate */
		{STR("\xf4\x90\x80\x80"), false}, /* beyond U+10FFFF */
		{STR("\xe2\x82"), false},	  /* cut */
		{STR("\xff"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(str_is_utf8(cases[i].text), cases[i].good);
}

static void knows_one_line(void **state)
{
	static const struct {
		struct str text;
		bool good;
	} cases[] = {
		{STR(""), true},
		{STR("gr\xc3\xbc\xc3\x9f \xc2\xa0 \xf0\x9f\x93\x8e"), true},
		{STR("two\nlines"), false},
		{STR("a\0b"), false},
		{STR("\x1b[31m"), false},
		{STR("\x7f"), false},
		{STR("\xc2\x9b"
		     "31m"),
			false}, /* the same for a terminal */
		{STR("\xff"), false},
		{STR("\xc2"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(str_is_line(cases[i].text), cases[i].good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_and_cuts),
		cmocka_unit_test(reads_numbers_within_their_maximum),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(knows_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
