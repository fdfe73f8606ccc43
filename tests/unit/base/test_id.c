#include "base/id.h"
#include "tests/unit/unit.h"

#include <string.h>

static void text_form_returns_and_sorts(void **state)
{
	(void)state;
	struct id early = id_new(1000), late = id_new(2000), back;
	assert_true(strcmp(id_text(early).s, id_text(late).s) < 0);
	assert_true(id_parse(str_of(id_text(early).s), &back));
	assert_true(id_equal(early, back));
	assert_false(id_equal(id_new(1000), early));
	assert_int_equal(id_time(early), 1000);
	assert_int_equal(id_time(id_new(INT64_C(1795460000123))), INT64_C(1795460000123));
}

static void refuses_what_is_no_identifier(void **state)
{
	(void)state;
	struct id id;
	assert_false(id_parse(STR(""), &id));
	assert_false(id_parse(STR("0123456789abcdefghjkmnpqr"), &id));	/* 25 characters */
	assert_false(id_parse(STR("0123456789abcdefghjkmnpqil"), &id)); /* i and l are not in it */
	assert_false(id_parse(STR("zzzzzzzzzzzzzzzzzzzzzzzzzz"), &id)); /* bits left over */
	assert_false(id_parse(STR("../../etc/passwd0000000000"), &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_form_returns_and_sorts),
		cmocka_unit_test(refuses_what_is_no_identifier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
