#include "preview/picture.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* A picture of letters, three wide and two high, in each of the ways a camera may have been held. */
static void test_pictures_stand_upright(void **state)
{
	static const struct {
		int turn;
		const char *stored, *shown;
		uint32_t width;
	} cases[] = {
		{0, "abcdef", "abcdef", 3},
		{1, "abcdef", "abcdef", 3},
		{2, "cbafed", "abcdef", 3},
		{3, "fedcba", "abcdef", 3},
		{4, "defabc", "abcdef", 3},
		{5, "adbecf", "abcdef", 2},
		{6, "cfbead", "abcdef", 2},
		{7, "fcebda", "abcdef", 2},
		{8, "daebfc", "abcdef", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct picture stored = {0}, shown;
		assert_true(picture_make(&stored, cases[i].width, 6 / cases[i].width));
		stored.turn = cases[i].turn;
		for (size_t p = 0; p < 6; p++)
			memcpy(stored.rgba + 4 * p, (uint8_t[]){(uint8_t)cases[i].stored[p], 0, 0, 255}, 4);
		assert_true(picture_fit(&stored, 100, &shown));
		assert_int_equal(shown.width, 3);
		for (size_t p = 0; p < 6; p++)
			assert_int_equal(shown.rgba[3 * p], cases[i].shown[p]);
		picture_free(&stored);
		picture_free(&shown);
	}
}

static void test_large_pictures_become_small_and_nothing_white(void **state)
{
	struct picture stored = {0}, shown;

	(void)state;
	assert_true(picture_make(&stored, 4000, 3)); /* wholly transparent */
	assert_true(picture_fit(&stored, 1000, &shown));
	assert_int_equal(shown.width, 1000);
	assert_int_equal(shown.height, 1);
	assert_int_equal(shown.rgba[2999], 255);
	picture_free(&stored);
	picture_free(&shown);
}

static void test_absurd_sizes_are_refused(void **state)
{
	struct picture picture = {0};

	(void)state;
	assert_false(picture_make(&picture, 0, 5));
	assert_false(picture_make(&picture, UINT32_MAX, UINT32_MAX));
	assert_false(picture_make(&picture, LIMIT_PREVIEW_PIXELS, 2));
	assert_false(picture_make(&picture, 1, (uint64_t)LIMIT_PREVIEW_PIXELS + 1));
}

static void test_exif(void **state)
{
	static const struct {
		const char *block;
		size_t len;
		int turn;
	} cases[] = {
		{"Exif\0\0MM\0*\0\0\0\x8\0\1\1\x12\0\3\0\0\0\1\0\6\0\0", 28, 6},
		{"Exif\0\0II*\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\x8\0\0\0", 28, 8},
		{"Exif\0\0II*\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\x9\0\0\0", 28, 1},
		{"Exif\0\0II*\0\xff\xff\xff\xff\1\0\x12\1", 18, 1},
		{"Exif\0\0II*\0\x8\0\0\0\xff\xff\1\1", 18, 1},
		{"http://ns.adobe.com/xap/1.0/", 28, 1},
		{"", 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			picture_exif_turn((struct bytes_in){(const uint8_t *)cases[i].block, cases[i].len}),
			cases[i].turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures_stand_upright),
		cmocka_unit_test(test_large_pictures_become_small_and_nothing_white),
		cmocka_unit_test(test_absurd_sizes_are_refused),
		cmocka_unit_test(test_exif),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
