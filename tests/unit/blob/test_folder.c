#include "blob/blob.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct blob_store *store;

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

static int setup(void **state)
{
	static char folder[] = "/tmp/sealpost-test-XXXXXX";

	(void)state;
	return mkdtemp(folder) && blob_folder_open(folder, &store, NULL) == RESULT_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	blob_store_close(store);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_reads_and_deletes),
		cmocka_unit_test(what_was_not_committed_leaves_nothing),
		cmocka_unit_test(a_full_disk_is_told),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
