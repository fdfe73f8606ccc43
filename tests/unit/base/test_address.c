#include "tests/unit/unit.h"

#include "base/address.h"
#include "base/mem.h"

static void escapes_what_is_not_ascii(void **state)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	assert_str(address_escape(STR("carol@partner.example"), "", &arena), "carol@partner.example");
	assert_str(address_escape(STR("J\xc3\xb6rg@b\xc3\xbc.example"), "", &arena),
		"J\\x{F6}rg@b\\x{FC}.example");
	assert_str(address_escape(STR("\xe2\x82\xac@\xf0\x9f\x93\x8e.example"), "", &arena),
		"\\x{20AC}@\\x{1F4CE}.example");
	assert_str(address_escape(STR("\xc3\xb6+\\x=@d.example"), "", &arena), "\\x{F6}+\\x=@d.example");
	assert_str(address_escape(STR("\xc3\xb6+\\x=@d.example"), "\\+= ", &arena),
		"\\x{F6}\\x{2B}\\x{5C}x\\x{3D}@d.example");
	assert_str(address_escape(STR_NONE, "", &arena), "");
}

static void takes_what_can_be_seen_and_typed(void **state)
{
	static const char *const good[] = {"carol@partner.example", "J\xc3\xb6rg@b\xc3\xbc.example",
		"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae@x.example" /* a joiner inside a word */};
	static const char *const bad[] = {"x\xc2\x85y@d.example",
		"x\xe2\x80\xae"
		"y@d.example",
		"x\xe2\x80\xa8y@d.example",
		"x\xe2\x80\x8b"
		"y@d.example",
		"x\xc2\xady@d.example",
		"x@d\xe2\x80\xae"
		"e.example",
		"\xef\xbb\xbfx@d.example", "x\xe2\x81\xa9y@d.example"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(is_address(str_of(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(is_address(str_of(bad[i])));
		assert_string_equal(address_fault(str_of(bad[i])), "holds a character that cannot be seen");
	}
	assert_string_equal(address_fault(STR("x y@d.example")), "is not a mail address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_is_not_ascii),
		cmocka_unit_test(takes_what_can_be_seen_and_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
