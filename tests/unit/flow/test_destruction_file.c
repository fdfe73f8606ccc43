#include "base/mem.h"
#include "flow/destruction_file.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

static const char line[] = "01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g 1764320000123";

static void read_lines(void **state)
{
	struct destruction read = {0};
	static const char *const wrong[] = {"", " ", "01jdq3e0zk5b8v1x2y3z4a5b6c",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g -1",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g 9223372036854775808",
		"01jdq3e0zk5b8v1x2y3z4a5b6c  01jdq3e0zk5b8v1x2y3z4a5b6g 1", "torn by a cra"};

	(void)state;
	assert_true(destruction_line_read(str_of(line), &read));
	assert_string_equal(id_text(read.holder_id).s, "01jdq3e0zk5b8v1x2y3z4a5b6c");
	assert_string_equal(id_text(read.message_id).s, "01jdq3e0zk5b8v1x2y3z4a5b6g");
	assert_int_equal(read.destroyed_at, 1764320000123);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(destruction_line_read(str_of(wrong[i]), &read));
}

static size_t read_all(const char *path, size_t *ret_bad)
{
	struct destruction lines[DESTRUCTION_LINES_AT_ONCE];
	size_t all = 0, count, bad;
	int64_t at = 0, before = -1;

	*ret_bad = 0;
	while (at != before) {
		before = at;
		assert_int_equal(destruction_file_read(path, &at, lines, &count, &bad, NULL), RESULT_OK);
		all += count;
		*ret_bad += bad;
	}
	return all;
}

static void append_and_read(void **state)
{
	char path[] = "/tmp/sealpost-test-destructions-XXXXXX";
	struct destruction list[3 * DESTRUCTION_LINES_AT_ONCE / 2];
	int64_t end, size;
	size_t bad;

	(void)state;
	assert_true(mkdtemp(path) != NULL);
	char file[sizeof(path) + 8];
	(void)snprintf(file, sizeof(file), "%s/list", path);
	assert_int_equal(destruction_file_size(file, &size, NULL), RESULT_OK);
	assert_int_equal(size, 0);
	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i] = (struct destruction){id_new(1764320000123), id_new(0), (int64_t)i};
	assert_int_equal(destruction_file_append(file, list, COUNT_OF(list), &end, NULL), RESULT_OK);
	/* A line that a crash cut does not take the next one with it; neither does a long one of others. */
	FILE *f = fopen(file, "a");
	assert_non_null(f);
	for (int i = 0; i < 2000; i++)
		(void)fprintf(f, "%s ", line);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(destruction_file_append(file, list, COUNT_OF(list), &end, NULL), RESULT_OK);
	assert_int_equal(destruction_file_size(file, &size, NULL), RESULT_OK);
	assert_int_equal(size, end);
	assert_int_equal(read_all(file, &bad), 2 * COUNT_OF(list));
	assert_true(bad > 0);
	(void)unlink(file);
	(void)rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_lines),
		cmocka_unit_test(append_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
