#include "base/limits.h"
#include "base/thread.h"
#include "seal/password.h"
#include "tests/unit/seal/seal_unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void passwords_verify(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str hash;

	(void)state;
	assert_ok(password_hash(STR("correct horse"), &arena, &hash, NULL));
	assert_ok(password_verify(hash, STR("correct horse"), NULL));
	assert_int_equal(password_verify(hash, STR("correct house"), NULL), RESULT_DENIED);
	assert_int_equal(password_verify(STR_NONE, STR("correct horse"), NULL), RESULT_DENIED);
	assert_int_equal(password_verify(hash, STR_NONE, NULL), RESULT_DENIED);
	assert_int_equal(password_verify(STR("no hash"), STR("correct horse"), NULL), RESULT_DENIED);
	assert_true(str_starts(hash, STR("$argon2id$v=19$m=65536,t=1,p=1$")));
}

static int64_t cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void an_unknown_name_costs_as_much_as_a_known_one(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t known = INT64_MAX, unknown = INT64_MAX;
	struct str hash;

	(void)state;
	assert_ok(password_hash(STR("correct horse"), &arena, &hash, NULL));
	/* The best of a few, since other programs run too. */
	for (int i = 0; i < 5; i++) {
		int64_t start = cpu_us();
		assert_int_equal(password_verify(hash, STR("correct house"), NULL), RESULT_DENIED);
		int64_t middle = cpu_us();
		assert_int_equal(password_verify(STR_NONE, STR("correct house"), NULL), RESULT_DENIED);
		int64_t end = cpu_us();
		known = middle - start < known ? middle - start : known;
		unknown = end - middle < unknown ? end - middle : unknown;
	}
	assert_true(unknown < known * 3 / 2 && known < unknown * 3 / 2);
}

/* What the process has mapped. */
static rlim_t mapped_bytes(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%llu", &pages), 1);
	(void)fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void short_memory_does_not_tell_who_is_known(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct rlimit before, small;
	struct str hash;

	(void)state;
	assert_ok(password_hash(STR("correct horse"), &arena, &hash, NULL));
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	small = (struct rlimit){mapped_bytes() + ((rlim_t)32 << 20), before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	enum result known = password_verify(hash, STR("correct horse"), NULL);
	enum result unknown = password_verify(STR_NONE, STR("correct horse"), NULL);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(known, RESULT_DENIED); /* memory was short */
	assert_int_equal(unknown, RESULT_DENIED);
	assert_ok(password_verify(hash, STR("correct horse"), NULL));
}

/* So that all begin together. */
static pthread_barrier_t start;

static void *verify_in_thread(void *hash)
{
	(void)pthread_barrier_wait(&start);
	enum result result = password_verify(*(struct str *)hash, STR("correct horse"), NULL);

	return (void *)(intptr_t)result;
}

static void more_at_once_than_may_run_all_get_their_turn(void **state)
{
	enum { THREADS = 8 * LIMIT_PASSWORD_HASHES_AT_ONCE };
	cleanup(arena_done) struct arena arena = {0};
	pthread_t threads[THREADS];
	struct rusage usage;
	struct str hash;
	void *result;

	(void)state;
	assert_ok(password_hash(STR("correct horse"), &arena, &hash, NULL));
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	long peak_before = usage.ru_maxrss;
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_ok(thread_start(&threads[i], "verify", verify_in_thread, &hash));
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ok((enum result)(intptr_t)result);
	}
	(void)pthread_barrier_destroy(&start);
	/* Each takes 64 MiB and the peak before has one already, so the limit shows with one to spare. */
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true(usage.ru_maxrss - peak_before < LIMIT_PASSWORD_HASHES_AT_ONCE * 64 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_verify),
		cmocka_unit_test(an_unknown_name_costs_as_much_as_a_known_one),
		cmocka_unit_test(short_memory_does_not_tell_who_is_known),
		cmocka_unit_test(more_at_once_than_may_run_all_get_their_turn),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
