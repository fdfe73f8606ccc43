#include "base/mem.h"
#include "mime/flowed.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *text;
	bool joined;
	const char *shown;
} cases[] = {
	{"a paragraph", "It is \r\none line.\r\nAnd another.\r\n", false, "It is one line.\nAnd another.\n"},
	{"DelSp", "Donaudampf \r\nschiff  \r\nfahrt\r\n", true, "Donaudampfschiff fahrt\n"},
	{"a blank that was put before", " From here\r\n  two\r\n", false, "From here\n two\n"},
	{"quotes", "> a \r\n> b\r\n>> c \r\n> d\r\n>e\r\n", false, "> a b\n>> c \n> d\n> e\n"},
	{"a quote ends the paragraph", "a \r\n> b\r\n", false, "a \n> b\n"},
	{"a signature", "a \r\n-- \r\nAlice \r\nAdams\r\n", false, "a \n-- \nAlice Adams\n"},
	{"a quoted signature with DelSp", "> a \r\n> -- \r\n> b\r\n", true, "> a\n> -- \n> b\n"},
	{"empty lines", "a\r\n\r\n \r\nb\r\n", false, "a\n\n\nb\n"},
	{"without an end", "a \nb ", false, "a b \n"},
	{"no CR", "a \nb\n", false, "a b\n"},
	{"nothing", "", false, ""},
};

static void test_paragraphs_are_put_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		mime_flowed_text(str_of(cases[i].text), cases[i].joined, &out);
		if (!str_equal(buf_str(&out), str_of(cases[i].shown)))
			fail_msg("%s: '%s' and not '%s'", cases[i].name, out.data, cases[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_paragraphs_are_put_together)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
