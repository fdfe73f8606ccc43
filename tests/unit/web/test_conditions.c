#include "tests/unit/unit.h"

#include "base/mem.h"
#include "web/conditions.h"

static void test_range(void **state)
{
	static const struct {
		const char *field;
		uint64_t size;
		enum result result;
		uint64_t start, len;
	} cases[] = {
		{"bytes=0-0", 10, RESULT_OK, 0, 1},
		{"bytes=0-9", 10, RESULT_OK, 0, 10},
		{"bytes=3-", 10, RESULT_OK, 3, 7},
		{"bytes=-3", 10, RESULT_OK, 7, 3},
		{"bytes=-99", 10, RESULT_OK, 0, 10},
		{"bytes=5-99", 10, RESULT_OK, 5, 5},
		{"bytes=9-18446744073709551615", 10, RESULT_OK, 9, 1},
		{"Bytes= 1-2 ", 10, RESULT_OK, 1, 2},
		{"bytes=10-", 10, RESULT_TOO_LARGE, 0, 0},
		{"bytes=10-12", 10, RESULT_TOO_LARGE, 0, 0},
		{"bytes=-0", 10, RESULT_TOO_LARGE, 0, 0},
		{"bytes=0-0", 0, RESULT_TOO_LARGE, 0, 0},
		{"bytes=-1", 0, RESULT_TOO_LARGE, 0, 0},
		{"bytes=5-4", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=0-1,3-4", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=-", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=a-b", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=--1", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=+1-2", 10, RESULT_NOT_FOUND, 0, 0},
		{"bytes=99999999999999999999-", 10, RESULT_NOT_FOUND, 0, 0},
		{"lines=0-1", 10, RESULT_NOT_FOUND, 0, 0},
		{"", 10, RESULT_NOT_FOUND, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct byte_range range = {0, 0};
		enum result result = range_parse(str_of(cases[i].field), cases[i].size, &range);
		if (result != cases[i].result || range.start != cases[i].start || range.len != cases[i].len)
			fail_msg("%s of %llu: %s, %llu+%llu", cases[i].field,
				(unsigned long long)cases[i].size, result_name(result),
				(unsigned long long)range.start, (unsigned long long)range.len);
	}
}

static void test_etags(void **state)
{
	(void)state;
	assert_true(etag_matches(STR("\"a\""), STR("\"a\"")));
	assert_true(etag_matches(STR("\"b\", W/\"a\" "), STR("\"a\"")));
	assert_true(etag_matches(STR("*"), STR("\"a\"")));
	assert_false(etag_matches(STR("\"b\""), STR("\"a\"")));
	assert_false(etag_matches(STR("a"), STR("\"a\"")));
	assert_false(etag_matches(STR_NONE, STR("\"a\"")));
	assert_false(etag_matches(STR("*"), STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_etags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
