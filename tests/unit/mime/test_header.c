#include "mime/header.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REPLACED "\xef\xbf\xbd"

static void assert_str(struct str is, const char *wanted)
{
	if (!str_equal(is, str_of(wanted)))
		fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(is), wanted);
}

static void test_text_of_fields(void **state)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{"plain", "plain"},
		{"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f"
						"e"},
		{"=?iso-8859-1?B?R3L832U=?=", "Gr\xc3\xbc\xc3\x9f"
					      "e"},
		{"=?utf-8?B?R3I=?=\r\n =?utf-8?B?w7w=?=", "Gr\xc3\xbc"}, /* RFC 2047 6.2: no blank between */
		{"=?utf-8?B?w7w=?=  =?utf-8?B?w7w=?= =?utf-8?B?w7w=?= x", "\xc3\xbc\xc3\xbc\xc3\xbc x"},
		{"=?utf-8?B?R3LDvA==?= =?iso-8859-1?B?3w==?=", "Gr\xc3\xbc\xc3\x9f"},
		{"folded\r\n line", "folded line"}, {"raw Gr\xc3\xbc", "raw Gr\xc3\xbc"},
		{"=?no-such-charset?Q?abc?=", "abc"},
		/* As mail programs name and mean them. */
		{"=?ks_c_5601-1987?B?jGO55g==?=", "똠방"}, {"=?gb2312?B?6UbW7A==?=", "镕朱"},
		{"=?iso-8859-1?Q?=93x=94_=80?=", "“x” €"}, {"=?shift_jis?B?h0D7/A==?=", "①髙"},
		{"=?iso-8859-8-i?B?+ezl7Q==?=", "שלום"},
		{"right\xe2\x80\xaeleft", "right left"}, /* U+202E turns what follows around */
	};
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_str(
			mime_header_text(str_of(cases[i].value), LIMIT_SUBJECT_BYTES, &arena), cases[i].text);
}

/* iconv knows sequences of five bytes; nobody else does, JSON least of all. */
static void test_what_is_no_utf8_is_replaced(void **state)
{
	static const char *const bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf6\xbc\x90\x91", "\xf8\xa2\x99\x9a\x83"};
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct str text = mime_clean_text(str_of(bad[i]), 100, &arena);
		assert_true(str_is_utf8(text));
		assert_true(str_starts(text, STR(REPLACED)));
	}
}

static void test_text_keeps_its_limit_and_whole_characters(void **state)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	assert_str(mime_clean_text(STR("a\xc3\xbc"), 2, &arena), "a");
	assert_str(mime_clean_text(STR("a\xc3\xbc"), 3, &arena), "a\xc3\xbc");
}

static void test_addresses(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mime_address *addresses;

	(void)state;
	size_t count = mime_addresses(STR("\"Doe, Jane\" <jane@example.org>, team: a@b.example, "
					  "=?utf-8?B?w7w=?= =?utf-8?B?w7w=?= <c@d.example>;"),
		&arena, &addresses);
	assert_int_equal(count, 3);
	assert_str(addresses[0].name, "Doe, Jane");
	assert_str(addresses[0].address, "jane@example.org");
	assert_str(addresses[1].address, "a@b.example");
	assert_str(addresses[2].name, "\xc3\xbc\xc3\xbc");
}

static void test_typed_addresses_are_understood_or_kept_whole(void **state)
{
	static const struct {
		const char *typed;
		size_t count;
		const char *addresses[4];
	} cases[] = {
		{"", 0, {0}},
		{" , ;\n ", 0, {0}},
		{"carol@x.example; Dave <dave@x.example>\nerin@x.example", 3,
			{"carol@x.example", "dave@x.example", "erin@x.example"}},
		{"\"Smith; J, \\\"x\" <j@x.example>, k@x.example", 2, {"j@x.example", "k@x.example"}},
		{"a@x.example b@x.example", 2, {"a@x.example", "b@x.example"}},
		{"Carol Smith, dave@x.example", 2, {"Carol Smith", "dave@x.example"}},
		{"a@b@c, d@x.example", 2, {"a@b@c", "d@x.example"}},
		{"<foo>, k@x.example", 2, {"<foo>", "k@x.example"}},
		{"\"open, k@x.example", 1, {"\"open, k@x.example"}},
		{"\"open\\", 1, {"\"open\\"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct mime_address *addresses;
		size_t count = mime_addresses_typed(str_of(cases[i].typed), &arena, &addresses);
		assert_int_equal(count, cases[i].count);
		for (size_t k = 0; k < count; k++)
			assert_str(addresses[k].address, cases[i].addresses[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_of_fields),
		cmocka_unit_test(test_what_is_no_utf8_is_replaced),
		cmocka_unit_test(test_text_keeps_its_limit_and_whole_characters),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_typed_addresses_are_understood_or_kept_whole),
	};

	mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
