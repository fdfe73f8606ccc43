#include "base/mem.h"
#include "flow/password_rule.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct password_owner alice = {.address = STR("alice.miller@acme-tools.example"),
	.name = STR("Alice \"Ally\" Müller"),
	.account_name = STR("acme"),
	.account_display_name = STR("Acme Tools Ltd")};

static const char *code_of(const char *password)
{
	struct err err = {0};

	return password_check(str_of(password), &alice, &err) == RESULT_OK ? "" : err.code;
}

static void passwords_are_judged(void **state)
{
	static const struct {
		const char *password, *code;
	} cases[] = {
		{"", "password-short"},
		{"x7#kQ2mZp", "password-short"},
		{"äöüßéèàùâ", "password-short"}, /* nine characters, eighteen bytes */
		{"äöüßéèàùâê", ""},
		{"password1!", "password-common"},
		{"P@ssw0rd2027", "password-common"},
		{"Password123456", "password-common"},
		{"passwordpassword", "password-common"},
		{"1234567891", "password-common"},
		{"0987654321", "password-common"},
		{"1212121212", "password-common"},
		{"aaaaaaaaaa", "password-common"},
		{"ääääääääää", "password-common"},
		{"abcabcabcabc", "password-common"},
		{"Sommer2027", "password-common"},
		{"Winter2031!!", "password-common"},
		{"München1972", "password-common"},
		{"13.07.1985", "password-common"},
		{"13071985 13071985", "password-common"},
		{"1985-07-13", "password-common"},
		{"Michael1985!", "password-common"},
		{"jennifer13071985", "password-common"},
		{"qwertzuiop", "password-common"},
		{"poiuztrewq", "password-common"},
		{"1q2w3e4r5t", "password-common"},
		{"1qaz2wsx3edc", "password-common"},
		{"zaqwsxzaqwsx", "password-common"},
		{"iloveyou123", "password-common"},
		{"acme123456", "password-personal"},
		{"Acme2027!!", "password-personal"},
		{"alice2027!", "password-personal"},
		{"Müller1985", "password-personal"},
		{"alice.miller@acme-tools.example", "password-personal"},
		{"ALICE.MILLER", "password-personal"},
		{"ally-miller-tools", "password-personal"},
		{"correct horse battery", ""},
		{"other horse battery", ""},
		{"rain guitar", ""}, /* two words are not tried first */
		{"Summer and 3 dry trees", ""},
		{"4829301756", ""},
		{"x7#kQ2mZpL", ""},
		{"pass\xffword", "password-long"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (strcmp(code_of(cases[i].password), cases[i].code) != 0)
			fail_msg("\"%s\" is \"%s\", expected \"%s\"", cases[i].password,
				code_of(cases[i].password), cases[i].code);
}

static void the_longest_password_is_judged_and_one_longer_refused(void **state)
{
	char text[258];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('!' + i * 37 % 90);
	text[256] = '\0';
	assert_string_equal(code_of(text), "");
	text[256] = 'x';
	text[257] = '\0';
	assert_string_equal(code_of(text), "password-long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_are_judged),
		cmocka_unit_test(the_longest_password_is_judged_and_one_longer_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
