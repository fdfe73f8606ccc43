#include "blob/blob.h"
#include "tests/unit/blob/store.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static enum result put(struct id name, struct str data)
{
	cleanup(blob_writer_free_at) struct blob_writer *writer = NULL;

	TRY(blob_writer_new(store, name, &writer, NULL));
	TRY(blob_writer_write(writer, data, NULL));
	return blob_writer_commit(writer, NULL);
}

static enum result get(struct id name, struct buf *data)
{
	cleanup(blob_reader_free_at) struct blob_reader *reader = NULL;

	TRY(blob_reader_new(store, name, &reader, NULL));
	struct reader bytes = blob_reader_bytes(reader);
	return reader_to_buf(&bytes, 0, bytes.size, data, NULL);
}

static void keeps_reads_and_deletes(void **state)
{
	cleanup(buf_done) struct buf data = buf_new(1000);
	struct id name = id_new(1);

	(void)state;
	assert_int_equal(get(name, &data), RESULT_NOT_FOUND);
	assert_ok(put(name, STR("sealed")));
	assert_ok(get(name, &data));
	assert_str(buf_str(&data), "sealed");
	assert_int_equal(put(name, STR("other")), RESULT_CONFLICT);
	assert_ok(blob_delete(store, name, NULL));
	assert_ok(blob_delete(store, name, NULL));
	assert_int_equal(get(name, &data), RESULT_NOT_FOUND);
}

static void what_was_not_committed_leaves_nothing(void **state)
{
	struct blob_writer *writer;
	struct id name = id_new(1);
	cleanup(buf_done) struct buf data = buf_new(1000);
	size_t swept;

	(void)state;
	assert_ok(blob_writer_new(store, name, &writer, NULL));
	assert_ok(blob_writer_write(writer, STR("half"), NULL));
	assert_int_equal(get(name, &data), RESULT_NOT_FOUND);
	blob_writer_free(writer);
	assert_ok(blob_sweep(store, &swept, NULL));
	assert_int_equal(swept, 0);
	assert_ok(blob_writer_new(store, name, &writer, NULL));
	assert_ok(blob_sweep(store, &swept, NULL));
	assert_int_equal(swept, 1);
	blob_writer_free(writer);
}

static void a_full_disk_is_told(void **state)
{
	struct rlimit before, small = {4096, RLIM_INFINITY};
	struct blob_writer *writer;
	struct err err = {0};
	char data[8192] = {0};

	(void)state;
	assert_ok(blob_writer_new(store, id_new(1), &writer, NULL));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum result result = blob_writer_write(writer, (struct str){data, sizeof(data)}, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_UNAVAILABLE);
	assert_string_equal(err.code, "disk-full");
	blob_writer_free(writer);
}

static void a_full_file_system_is_told_and_recovers(void **state)
{
	enum { PIECE = 64 * 1024 };
	cleanup(blob_store_close_at) struct blob_store *small = NULL;
	const char *path = temporary_folder();
	char *piece = mem_new(PIECE);
	struct err err = {0};
	uint64_t space;

	(void)state;
	if (mount("sealpost-test", path, "tmpfs", 0, "size=512k") < 0) {
		free(piece);
		print_message("skipped: may not mount\n");
		skip();
	}
	assert_ok(blob_folder_open(path, &small, NULL));
	for (int round = 0; round < 2; round++) {
		cleanup(blob_writer_free_at) struct blob_writer *writer = NULL;
		enum result result = blob_writer_new(small, id_new(1), &writer, &err);
		for (int i = 0; i < 16 && result == RESULT_OK; i++)
			result = blob_writer_write(writer, (struct str){piece, PIECE}, &err);
		assert_int_equal(result, RESULT_UNAVAILABLE);
		assert_string_equal(err.code, "disk-full");
		assert_ok(blob_free_space(small, &space, NULL));
		assert_true(space < PIECE);
	}
	/* What did not fit has left its room. */
	assert_ok(blob_free_space(small, &space, NULL));
	assert_true(space > 4 * PIECE);
	blob_store_close(TAKE(small));
	assert_int_equal(umount(path), 0);
	free(piece);
}

static void ranges_read_like_the_whole(void **state)
{
	cleanup(blob_writer_free_at) struct blob_writer *writer = NULL;
	cleanup(blob_reader_free_at) struct blob_reader *reader = NULL;
	cleanup(buf_done) struct buf data = buf_new(1 << 20);
	struct id name = id_new(1);
	char got[1000];
	size_t len;

	(void)state;
	assert_ok(blob_writer_new(store, name, &writer, NULL));
	for (size_t i = 0; data.len < 300000; i++) {
		size_t before = data.len;
		buf_printf(&data, "%zu,", i);
		assert_ok(blob_writer_write(writer, str_from(buf_str(&data), before), NULL));
	}
	assert_ok(blob_writer_commit(writer, NULL));
	assert_ok(blob_reader_new(store, name, &reader, NULL));
	struct reader bytes = blob_reader_bytes(reader);
	assert_int_equal(bytes.size, data.len);
	for (size_t at = 0; at < data.len + 2000; at += 997) {
		assert_ok(reader_read(&bytes, at, got, sizeof(got), &len, NULL));
		assert_true(str_equal((struct str){got, len}, str_sub(buf_str(&data), at, sizeof(got))));
	}
	assert_ok(reader_read(&bytes, UINT64_MAX, got, sizeof(got), &len, NULL));
	assert_int_equal(len, 0);
	/* A reader keeps what it opened. */
	assert_ok(blob_delete(store, name, NULL));
	assert_ok(reader_read(&bytes, 0, got, sizeof(got), &len, NULL));
	assert_int_equal(len, sizeof(got));
}

static void a_name_is_never_written_twice(void **state)
{
	struct id name = id_new(1);
	struct blob_writer *first, *second;
	cleanup(buf_done) struct buf data = buf_new(1000);

	(void)state;
	assert_ok(blob_writer_new(store, name, &first, NULL));
	assert_int_equal(blob_writer_new(store, name, &second, NULL), RESULT_CONFLICT);
	assert_ok(blob_writer_write(first, STR("first"), NULL));
	assert_ok(blob_writer_commit(first, NULL));
	blob_writer_free(first);
	assert_ok(blob_writer_new(store, name, &second, NULL));
	assert_ok(blob_writer_write(second, STR("second"), NULL));
	assert_int_equal(blob_writer_commit(second, NULL), RESULT_CONFLICT);
	blob_writer_free(second);
	assert_ok(get(name, &data));
	assert_str(buf_str(&data), "first");
	assert_ok(blob_delete(store, name, NULL));
}

struct visited {
	struct id names[50];
	unsigned times[50];
	size_t limit, count;
};

static enum result visit(void *context, struct id name, struct err *err)
{
	struct visited *visited = context;

	if (visited->count == visited->limit)
		return err_set(err, RESULT_BUSY, "enough");
	visited->count++;
	for (size_t i = 0; i < COUNT_OF(visited->names); i++)
		visited->times[i] += id_equal(visited->names[i], name);
	return blob_delete(store, name, err);
}

static void every_blob_is_visited_once(void **state)
{
	struct visited visited = {.limit = 20};
	struct blob_writer *begun;
	char path[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(visited.names); i++) {
		visited.names[i] = id_new(1000);
		assert_ok(put(visited.names[i], STR("sealed")));
	}
	/* Neither begun blobs nor what others left in the folder. */
	assert_ok(blob_writer_new(store, id_new(1), &begun, NULL));
	(void)snprintf(path, sizeof(path), "%s/7/README", folder);
	FILE *other = fopen(path, "w");
	assert_non_null(other);
	(void)fclose(other);
	/* Stopped by a visit, then to the end. */
	assert_int_equal(blob_each(store, visit, &visited, NULL), RESULT_BUSY);
	visited.limit = SIZE_MAX;
	assert_ok(blob_each(store, visit, &visited, NULL));
	assert_int_equal(visited.count, COUNT_OF(visited.names));
	for (size_t i = 0; i < COUNT_OF(visited.names); i++)
		assert_int_equal(visited.times[i], 1);
	assert_ok(blob_each(store, visit, &visited, NULL));
	assert_int_equal(visited.count, COUNT_OF(visited.names));
	assert_int_equal(unlink(path), 0);
	blob_writer_free(begun);
}

static void a_folder_that_cannot_be_used_is_refused(void **state)
{
	struct blob_store *none = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(blob_folder_open("/nowhere/blobs", &none, &err), RESULT_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/nowhere/blobs"));
	assert_int_equal(blob_folder_open("/dev/null", &none, &err), RESULT_UNAVAILABLE);
	assert_null(none);
	/* Opened again, it is as it was. */
	struct id name = id_new(1);
	assert_ok(put(name, STR("kept")));
	blob_store_close(store);
	assert_ok(blob_folder_open(folder, &store, NULL));
	cleanup(buf_done) struct buf data = buf_new(1000);
	assert_ok(get(name, &data));
	assert_str(buf_str(&data), "kept");
	assert_ok(blob_delete(store, name, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_reads_and_deletes),
		cmocka_unit_test(what_was_not_committed_leaves_nothing),
		cmocka_unit_test(a_name_is_never_written_twice),
		cmocka_unit_test(ranges_read_like_the_whole),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_full_file_system_is_told_and_recovers),
		cmocka_unit_test(every_blob_is_visited_once),
		cmocka_unit_test(a_folder_that_cannot_be_used_is_refused),
	};
	return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
