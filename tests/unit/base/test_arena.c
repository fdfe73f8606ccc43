#include "base/arena.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

static void copies_and_formats(void **state)
{
	(void)state;
	cleanup(arena_done) struct arena a = {0};
	struct str copy = arena_str(&a, STR("abc"));
	assert_str(copy, "abc");
	assert_int_equal(copy.ptr[3], '\0');
	assert_str(arena_printf(&a, "%d-%s", 5, "x"), "5-x");
	assert_str(arena_lower(&a, STR("AbZ[")), "abz[");
}

static void large_and_small_pieces_do_not_overlap(void **state)
{
	(void)state;
	cleanup(arena_done) struct arena a = {0};
	char *small = arena_alloc(&a, 1);
	char *large = arena_alloc(&a, 100000);
	char *next = arena_alloc(&a, 1);
	large[0] = large[99999] = 'x';
	assert_int_equal(*small, 0);
	assert_int_equal(*next, 0);
	assert_true((uintptr_t)next % _Alignof(max_align_t) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_and_formats),
		cmocka_unit_test(large_and_small_pieces_do_not_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
