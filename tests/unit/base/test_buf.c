#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

static void remembers_its_limit(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf b = buf_new(5);
	buf_add(&b, STR("abc"));
	buf_printf(&b, "%d", 12);
	assert_str(buf_str(&b), "abc12");
	assert_false(b.overflow);
	buf_add_char(&b, 'x');
	assert_true(b.overflow);
	buf_add(&b, STR(""));
	assert_str(buf_str(&b), "abc12");
	buf_clear(&b);
	assert_false(b.overflow);
}

static void drops_from_the_front(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf b = buf_new(1000);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%d,", i % 10);
	buf_drop(&b, 196);
	assert_str(buf_str(&b), "8,9,");
	buf_drop(&b, 100);
	assert_int_equal(b.len, 0);
}

static void reserved_bytes_are_not_moved(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf b = buf_new(5000), small = buf_new(3);

	buf_add(&b, STR("begin "));
	buf_reserve(&b, 4000);
	const char *at = b.data;
	assert_str(buf_str(&b), "begin ");
	while (b.len < 4000)
		buf_add_char(&b, 'x');
	assert_ptr_equal(b.data, at);
	assert_int_equal(b.touched, 4001);
	buf_clear(&b);
	assert_int_equal(b.touched, 4001); /* to be wiped all the same */
	buf_reserve(&small, 100);
	buf_add(&small, STR("four"));
	assert_true(small.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_its_limit),
		cmocka_unit_test(drops_from_the_front),
		cmocka_unit_test(reserved_bytes_are_not_moved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
