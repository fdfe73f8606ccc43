#include "base/mem.h"
#include "flow/destruction_file.h"
#include "tests/unit/temporary_folder.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

static const char line[] = "01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g 1764320000123";

#define ID "01jdq3e0zk5b8v1x2y3z4a5b6c"

static void read_lines(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct destruction_line read = {0};
	static const char *const wrong[] = {"", " ", "01jdq3e0zk5b8v1x2y3z4a5b6c",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g -1",
		"01jdq3e0zk5b8v1x2y3z4a5b6c 01jdq3e0zk5b8v1x2y3z4a5b6g 9223372036854775808",
		"01jdq3e0zk5b8v1x2y3z4a5b6c  01jdq3e0zk5b8v1x2y3z4a5b6g 1", "torn by a cra", "2 ",
		"2 recalled " ID " " ID " 1 - all -", "3 taken " ID " " ID " 1 " ID,
		"2 taken " ID " " ID " 1", "2 taken " ID " " ID " 1 -", "2 deleted " ID " " ID " 1 2",
		"2 deleted " ID " " ID " 1 x", "2 recall " ID " " ID " 1 - all",
		"2 recall " ID " " ID " 1 - none -", "2 recall " ID " " ID " 1 " ID " all u",
		"2 recall " ID " " ID " 1 " ID " all 04 1", "2 extended " ID " " ID " 1 -",
		"2 extended " ID " " ID " 1 - -1"};

	(void)state;
	assert_true(destruction_line_read(str_of(line), &arena, &read));
	assert_string_equal(id_text(read.key.holder_id).s, "01jdq3e0zk5b8v1x2y3z4a5b6c");
	assert_string_equal(id_text(read.key.message_id).s, "01jdq3e0zk5b8v1x2y3z4a5b6g");
	assert_int_equal(read.key.destroyed_at, 1764320000123);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(destruction_line_read(str_of(wrong[i]), &arena, &read));
}

static void read_acts(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct destruction_line read = {0};

	(void)state;
	assert_true(destruction_line_read(
		STR("2 recall " ID " 01jdq3e0zk5b8v1x2y3z4a5b6g 17 - quotes 04"), &arena, &read));
	assert_true(read.is_act && read.act.kind == ACT_RECALL && read.act.scope == ACT_WITH_QUOTES);
	assert_string_equal(id_text(read.act.message_id).s, "01jdq3e0zk5b8v1x2y3z4a5b6g");
	assert_true(id_is_none(read.act.actor_id) && read.act.at == 17);
	assert_true(read.act.reason_box.len == 1 && read.act.reason_box.ptr[0] == 1);
	assert_true(destruction_line_read(STR("2 taken " ID " " ID " 18 " ID), &arena, &read));
	assert_true(read.act.kind == ACT_TAKEN && !id_is_none(read.act.recall_id));
	assert_true(destruction_line_read(STR("2 deleted " ID " " ID " 19"), &arena, &read));
	assert_true(read.act.kind == ACT_DELETED && read.act.at == 19);
	assert_true(destruction_line_read(STR("2 extended " ID " " ID " 20 " ID " 21"), &arena, &read));
	assert_true(read.act.kind == ACT_EXTENDED && read.act.until == 21 && !id_is_none(read.act.actor_id));
}

static size_t read_all(const char *path, size_t *ret_bad)
{
	struct destruction_line lines[DESTRUCTION_LINES_AT_ONCE];
	cleanup(arena_done) struct arena arena = {0};
	size_t all = 0, count, bad;
	int64_t at = 0, before = -1;

	*ret_bad = 0;
	while (at != before) {
		before = at;
		assert_int_equal(
			destruction_file_read(path, &at, &arena, lines, &count, &bad, NULL), RESULT_OK);
		all += count;
		*ret_bad += bad;
	}
	return all;
}

static void append_and_read(void **state)
{
	char file[100];
	struct destruction_line list[3 * DESTRUCTION_LINES_AT_ONCE / 2];
	static const uint8_t box[1100] = {7};
	int64_t end, size;
	size_t bad;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/list", temporary_folder());
	assert_int_equal(destruction_file_size(file, &size, NULL), RESULT_OK);
	assert_int_equal(size, 0);
	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i] = i % 2 ? (struct destruction_line){.key = {id_new(1764320000123), id_new(0),
								    (int64_t)i}}
				: (struct destruction_line){.is_act = true,
					  .act = {.kind = ACT_RECALL,
						  .id = id_new(1),
						  .message_id = id_new(2),
						  .scope = ACT_FROM_ALL,
						  .reason_box = {box, sizeof(box)}}};
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_lines),
		cmocka_unit_test(read_acts),
		cmocka_unit_test(append_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
