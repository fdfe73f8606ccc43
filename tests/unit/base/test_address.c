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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_is_not_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
