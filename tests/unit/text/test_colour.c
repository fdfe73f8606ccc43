#include "tests/unit/unit.h"

#include "base/mem.h"
#include "text/colour.h"

static const struct colour white = {255, 255, 255}, tint = {0xe8, 0xf0, 0xfc}, dark_tint = {0x22, 0x32, 0x4a},
			   dark_text = {0x0d, 0x1b, 0x30};

static void test_parse(void **state)
{
	static const char *const wrong[] = {"", "12345", "1234567", "12345g", "#12345", "12 456"};
	struct colour colour;

	(void)state;
	assert_true(colour_parse(STR("1D5fa8"), &colour));
	assert_int_equal(colour.red, 0x1d);
	assert_int_equal(colour.green, 0x5f);
	assert_int_equal(colour.blue, 0xa8);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(colour_parse(str_of(wrong[i]), &colour));
}

static void test_contrast(void **state)
{
	struct colour black = {0, 0, 0};

	(void)state;
	assert_true(colour_contrast(black, white) > 20.9);
	assert_true(colour_contrast(white, black) < 21.1);
	assert_true(colour_contrast(white, white) < 1.01);
}

/* Any colour can be read: as a link on the page, and under a button's words. */
static void test_any_colour(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 17 * 17 * 17; i++) {
		struct colour colour = {
			(uint8_t)(i / 289 * 15), (uint8_t)(i / 17 % 17 * 15), (uint8_t)(i % 17 * 15)};
		struct colour light = colour_for_light(colour), dark = colour_for_dark(colour);
		assert_true(colour_contrast(light, tint) >= 4.5);
		assert_true(colour_contrast(light, white) >= 4.5);
		assert_true(colour_contrast(dark, dark_tint) >= 4.5);
		assert_true(colour_contrast(dark, dark_text) >= 4.5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_any_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
