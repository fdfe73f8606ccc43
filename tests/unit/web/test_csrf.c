#include "tests/unit/unit.h"

#include "web/csrf.h"

#include <string.h>

static void test_token(void **state)
{
	struct csrf_secret secret = csrf_secret_of(STR("session one"));
	struct csrf_secret other = csrf_secret_of(STR("session two"));
	struct csrf_token token = csrf_token(&secret, STR("/reply"));

	(void)state;
	assert_int_equal(strlen(token.s), CSRF_TOKEN_LEN);
	assert_true(csrf_check(&secret, STR("/reply"), str_of(token.s)));
	assert_false(csrf_check(&secret, STR("/delete"), str_of(token.s)));
	assert_false(csrf_check(&other, STR("/reply"), str_of(token.s)));
	assert_false(csrf_check(&secret, STR("/reply"), STR("")));
	assert_false(csrf_check(&secret, STR("/reply"), STR_NONE));
	assert_false(csrf_check(&secret, STR("/reply"), str_sub(str_of(token.s), 0, CSRF_TOKEN_LEN - 1)));
	for (size_t i = 0; i < CSRF_TOKEN_LEN; i++) {
		struct csrf_token changed = token;
		changed.s[i] = changed.s[i] == '0' ? '1' : '0';
		assert_false(csrf_check(&secret, STR("/reply"), str_of(changed.s)));
	}
}

static void test_visits_differ(void **state)
{
	struct csrf_token a = csrf_new_visit(), b = csrf_new_visit();

	(void)state;
	assert_int_equal(strlen(a.s), CSRF_TOKEN_LEN);
	assert_string_not_equal(a.s, b.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_visits_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
