#include "policy/alike.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_what_looks_alike(void **state)
{
	static const struct {
		const char *typed, *known;
		bool alike;
	} cases[] = {
		{"carol@partner.example", "carol@partner.example", false},
		{"Carol@Partner.example", "carol@partner.example", false},
		{"carol@partnr.example", "carol@partner.example", true},
		{"caro1@partner.example", "carol@partner.example", true},
		{"carol.smith@partner.example", "carol@partner.example", false},
		{"carol@elsewhere.example", "carol@partner.example", true},
		{"info@elsewhere.example", "info@partner.example", false},
		{"info@partmer.example", "info@partner.example", true},
		{"bo@partner.example", "al@partner.example", false},
		{"dave@partner.example", "carol@partner.example", false},
		{"", "carol@partner.example", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (address_is_alike(str_of(cases[i].typed), str_of(cases[i].known)) != cases[i].alike)
			fail_msg("%s and %s", cases[i].typed, cases[i].known);
	assert_true(domain_is_alike(STR("acme.examp1e"), STR("acme.example")));
	assert_true(domain_is_alike(STR("acne.example"), STR("acme.example")));
	assert_false(domain_is_alike(STR("ACME.example"), STR("acme.example")));
	assert_false(domain_is_alike(STR("partner.example"), STR("acme.example")));
}

static void test_two_of_one_message(void **state)
{
	(void)state;
	assert_true(address_is_near(STR("martin@a.example"), STR("matrin@A.example")));
	assert_true(address_is_near(STR("sales@customer.example"), STR("Sales@custorner.example")));
	assert_false(address_is_near(STR("sales@partner.example"), STR("sales@customer.example")));
	assert_false(address_is_near(STR("martin@a.example"), STR("Martin@a.example")));
	assert_false(address_is_near(STR("martin@partner.example"), STR("matrin@partmer.example")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_looks_alike), cmocka_unit_test(test_two_of_one_message)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
