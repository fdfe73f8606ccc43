#include "delivery/watch.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GAP 10
#define SILENCE 60

static struct node_run run(uint8_t number, int64_t beats)
{
	return (struct node_run){.id = {.b = {number}}, .beats = beats};
}

/* Looks every 5 from `from` to `to`, at two runs that beat as often as said in all that time. */
static void look(struct watch *watch, int64_t from, int64_t to, int64_t first, int64_t second)
{
	struct node_run runs[] = {run(1, first), run(2, second)};

	for (int64_t now = from; now <= to; now += 5)
		watch_note(watch, runs, COUNT_OF(runs), now, GAP);
}

static void test_only_what_stays_silent_for_so_long_is_silent(void **state)
{
	struct watch watch = {0};
	struct node_run one = run(1, 0), two = run(2, 0);

	(void)state;
	look(&watch, 1000, 1055, 3, 7);
	assert_false(watch_is_silent(&watch, one.id, SILENCE));
	look(&watch, 1060, 1060, 3, 8);
	assert_true(watch_is_silent(&watch, one.id, SILENCE));
	assert_false(watch_is_silent(&watch, two.id, SILENCE));
	look(&watch, 1065, 1065, 4, 8);
	assert_false(watch_is_silent(&watch, one.id, SILENCE));
	look(&watch, 1070, 1120, 4, 8);
	assert_true(watch_is_silent(&watch, two.id, SILENCE));
}

static void test_who_did_not_look_calls_nobody_silent(void **state)
{
	struct watch watch = {0};
	struct node_run one = run(1, 0);

	(void)state;
	look(&watch, 1000, 1050, 3, 7);
	look(&watch, 1061, 1061, 3, 7);
	assert_false(watch_is_silent(&watch, one.id, SILENCE));
	look(&watch, 1066, 1121, 3, 7);
	assert_true(watch_is_silent(&watch, one.id, SILENCE));
}

static void test_a_run_that_went_is_forgotten(void **state)
{
	struct watch watch = {0};
	struct node_run one = run(1, 3);

	(void)state;
	look(&watch, 1000, 1060, 3, 7);
	watch_note(&watch, NULL, 0, 1065, GAP);
	assert_false(watch_is_silent(&watch, one.id, SILENCE));
	watch_note(&watch, &one, 1, 1070, GAP);
	assert_false(watch_is_silent(&watch, one.id, SILENCE));
}

static void test_more_nodes_than_are_watched_do_no_harm(void **state)
{
	struct watch watch = {0};
	struct node_run runs[LIMIT_NODES + 1];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(runs); i++)
		runs[i] = run((uint8_t)(i + 1), 1);
	for (int64_t now = 1000; now <= 1100; now += 5)
		watch_note(&watch, runs, COUNT_OF(runs), now, GAP);
	assert_true(watch_is_silent(&watch, runs[0].id, SILENCE));
	assert_false(watch_is_silent(&watch, runs[LIMIT_NODES].id, SILENCE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_stays_silent_for_so_long_is_silent),
		cmocka_unit_test(test_who_did_not_look_calls_nobody_silent),
		cmocka_unit_test(test_a_run_that_went_is_forgotten),
		cmocka_unit_test(test_more_nodes_than_are_watched_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
