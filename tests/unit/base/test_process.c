#include "base/process.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#include <signal.h>

#define OUTPUT_BYTES (1 << 20)
#define LONG_MS (60 * MS_SECOND)

static const char zeros[OUTPUT_BYTES];

static enum result run(
	const char *script, struct str input, int64_t most_ms, struct buf *out, int *ret_status)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct bytes bytes = str_bytes(input);
	struct reader reader = reader_of_bytes(&bytes);

	return process_run(argv, &reader, most_ms, out, ret_status, NULL);
}

static void test_bytes_go_through(void **state)
{
	cleanup(buf_done) struct buf input = buf_new(OUTPUT_BYTES), out = buf_new(2 * OUTPUT_BYTES);
	int status;

	(void)state;
	while (input.len < OUTPUT_BYTES - 10)
		buf_printf(&input, "%zu ", input.len);
	assert_ok(run("cat; exit 7", buf_str(&input), LONG_MS, &out, &status));
	assert_int_equal(status, 7);
	assert_true(str_equal(buf_str(&out), buf_str(&input)));
}

static void test_nothing_of_ours_goes_along(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(OUTPUT_BYTES);
	int status;

	(void)state;
	/* Not read to the end; no environment but what the shell makes; no other files. */
	assert_ok(run("env | grep -v -e PWD -e _= -e SHLVL; ls /proc/self/fd | wc -l; kill -9 $$",
		(struct str){zeros, sizeof(zeros)}, LONG_MS, &out, &status));
	assert_int_equal(status, -1);
	assert_str(str_trim(buf_str(&out)), "4");
}

static void test_time_and_output_are_bounded(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(100);
	int64_t begin = clock_monotonic();
	int status;

	(void)state;
	assert_int_equal(run("exec sleep 1000", STR(""), 200, &out, &status), RESULT_UNAVAILABLE);
	assert_int_equal(run("exec >&-; exec sleep 1000", STR(""), 200, &out, &status), RESULT_OK);
	assert_int_equal(status, -1);
	assert_int_equal(run("exec yes", STR(""), LONG_MS, &out, &status), RESULT_TOO_LARGE);
	assert_true(clock_monotonic() - begin < LONG_MS);
	const char *const argv[] = {"/no/such/program", NULL};
	struct bytes none = {0};
	struct reader nothing = reader_of_bytes(&none);
	assert_int_equal(process_run(argv, &nothing, LONG_MS, &out, &status, NULL), RESULT_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_go_through),
		cmocka_unit_test(test_nothing_of_ours_goes_along),
		cmocka_unit_test(test_time_and_output_are_bounded),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
