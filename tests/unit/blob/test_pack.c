#include "base/thread.h"
#include "blob/blob.h"
#include "tests/unit/blob/store.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct bytes bytes_of(struct str text)
{
	return (struct bytes){(const uint8_t *)text.ptr, text.len};
}

/* In place of the system's. */
static _Atomic bool disk_fails;
static _Atomic int syncs;

int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (atomic_load(&disk_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static enum result read_place(const struct blob_place *place, struct buf *data)
{
	cleanup(blob_reader_free_at) struct blob_reader *reader = NULL;

	buf_clear(data);
	TRY(blob_pack_reader_new(store, place, &reader, NULL));
	struct reader bytes = blob_reader_bytes(reader);
	return reader_to_buf(&bytes, 0, bytes.size, data, NULL);
}

/* Appends and waits. */
static enum result append(
	struct blob_store *in, struct bytes data, int64_t now, struct blob_place *ret, struct err *err)
{
	struct blob_append one;

	TRY(blob_pack_append(in, data, now, &one, err));
	*ret = one.place;
	return blob_pack_settle(in, &one, err);
}

static void places_read_as_they_were_appended(void **state)
{
	cleanup(buf_done) struct buf data = buf_new(1000);
	struct blob_place first, second;
	size_t got;

	(void)state;
	assert_ok(append(store, bytes_of(STR("the first")), 1000, &first, NULL));
	assert_ok(append(store, bytes_of(STR("second")), 1000, &second, NULL));
	assert_true(id_equal(first.pack, second.pack));
	assert_ok(read_place(&second, &data));
	assert_str(buf_str(&data), "second");
	assert_ok(read_place(&first, &data));
	assert_str(buf_str(&data), "the first");
	/* Nothing is read past the place. */
	cleanup(blob_reader_free_at) struct blob_reader *reader = NULL;
	assert_ok(blob_pack_reader_new(store, &first, &reader, NULL));
	struct reader bytes = blob_reader_bytes(reader);
	char text[100];
	assert_ok(reader_read(&bytes, 4, text, sizeof(text), &got, NULL));
	assert_int_equal(got, 5);
	assert_memory_equal(text, "first", 5);
}

static void a_discarded_place_is_gone_and_its_neighbours_stay(void **state)
{
	enum { SIZE = 20000 };
	cleanup(buf_done) struct buf data = buf_new(SIZE);
	struct blob_place places[3];
	char content[3][SIZE];

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(content[i], 'a' + i, SIZE);
		assert_ok(append(store, (struct bytes){(uint8_t *)content[i], SIZE}, 1000, &places[i], NULL));
	}
	assert_ok(blob_pack_discard(store, &places[1], NULL));
	for (int i = 0; i < 3; i++) {
		assert_ok(read_place(&places[i], &data));
		if (i == 1)
			memset(content[i], 0, SIZE);
		assert_memory_equal(data.data, content[i], SIZE);
	}
}

static void a_pack_ends_after_a_day(void **state)
{
	struct blob_place before, after, back;

	(void)state;
	assert_ok(append(store, bytes_of(STR("a")), MS_DAY, &before, NULL));
	assert_ok(append(store, bytes_of(STR("b")), 2 * MS_DAY, &after, NULL));
	assert_false(id_equal(before.pack, after.pack));
	assert_int_equal(id_time(after.pack), 2 * MS_DAY);
	/* A clock that was set back must not let a pack live longer. */
	assert_ok(append(store, bytes_of(STR("c")), MS_DAY, &back, NULL));
	assert_int_equal(id_time(back.pack), MS_DAY);
}

static void a_full_disk_is_told_and_the_next_append_works(void **state)
{
	struct rlimit before, small;
	struct blob_place place;
	cleanup(buf_done) struct buf data = buf_new(100);
	char content[8192] = {0};
	struct err err = {0};

	(void)state;
	assert_ok(append(store, bytes_of(STR("x")), 5 * MS_DAY, &place, NULL));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){4096, before.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum result result =
		append(store, (struct bytes){(uint8_t *)content, sizeof(content)}, 5 * MS_DAY, &place, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_UNAVAILABLE);
	assert_string_equal(err.code, "disk-full");
	assert_ok(append(store, bytes_of(STR("fits")), 5 * MS_DAY, &place, NULL));
	assert_ok(read_place(&place, &data));
	assert_str(buf_str(&data), "fits");
}

static void appends_are_settled_in_any_order(void **state)
{
	cleanup(buf_done) struct buf data = buf_new(100);
	struct blob_append first, second, third;

	(void)state;
	assert_ok(blob_pack_append(store, bytes_of(STR("one")), 7 * MS_DAY, &first, NULL));
	assert_ok(blob_pack_append(store, bytes_of(STR("two")), 7 * MS_DAY, &second, NULL));
	assert_ok(blob_pack_append(store, bytes_of(STR("three")), 7 * MS_DAY, &third, NULL));
	int before = atomic_load(&syncs);
	assert_ok(blob_pack_settle(store, &third, NULL));
	assert_null(third.pack);
	assert_ok(blob_pack_settle(store, &first, NULL));
	assert_int_equal(atomic_load(&syncs), before + 1); /* it was on disk with the third */
	blob_pack_abandon(store, &second);
	assert_ok(read_place(&first.place, &data));
	assert_str(buf_str(&data), "one");
	assert_ok(read_place(&third.place, &data));
	assert_str(buf_str(&data), "three");
	assert_ok(read_place(&second.place, &data));
	assert_memory_equal(data.data, "\0\0\0", 3);
}

static void a_sync_that_fails_loses_what_waits_for_none_yet(void **state)
{
	struct blob_append first, second;
	struct blob_place place;

	(void)state;
	assert_ok(blob_pack_append(store, bytes_of(STR("one")), 8 * MS_DAY, &first, NULL));
	assert_ok(blob_pack_append(store, bytes_of(STR("two")), 8 * MS_DAY, &second, NULL));
	atomic_store(&disk_fails, true);
	assert_int_equal(blob_pack_settle(store, &first, NULL), RESULT_UNAVAILABLE);
	atomic_store(&disk_fails, false);
	assert_int_equal(blob_pack_settle(store, &second, NULL), RESULT_UNAVAILABLE);
	assert_ok(append(store, bytes_of(STR("new")), 8 * MS_DAY, &place, NULL));
	assert_false(id_equal(place.pack, first.place.pack));
}

enum { THREADS = 8, APPENDS = 50 };

static void *append_many(void *arg)
{
	struct blob_place *places = arg;
	char text[40];

	for (int i = 0; i < APPENDS; i++) {
		int len = snprintf(text, sizeof(text), "%p %d", arg, i);
		assert_ok(append(
			store, (struct bytes){(uint8_t *)text, (size_t)len}, 9 * MS_DAY, &places[i], NULL));
	}
	return NULL;
}

static void threads_append_at_once(void **state)
{
	static struct blob_place places[THREADS][APPENDS];
	pthread_t threads[THREADS];
	cleanup(buf_done) struct buf data = buf_new(100);

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_ok(thread_start(&threads[i], "append", append_many, places[i]));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < APPENDS; k++) {
			char text[40];
			(void)snprintf(text, sizeof(text), "%p %d", (void *)places[i], k);
			assert_ok(read_place(&places[i][k], &data));
			assert_string_equal(data.data, text);
		}
}

static void *append_in_vain(void *arg)
{
	struct blob_place place;

	*(enum result *)arg = append(store, bytes_of(STR("lost")), 11 * MS_DAY, &place, NULL);
	return NULL;
}

static void a_disk_that_fails_is_told_to_all_who_wait(void **state)
{
	enum result results[THREADS];
	pthread_t threads[THREADS];
	struct blob_place place;
	cleanup(buf_done) struct buf data = buf_new(100);

	(void)state;
	atomic_store(&disk_fails, true);
	for (int i = 0; i < THREADS; i++)
		assert_ok(thread_start(&threads[i], "append", append_in_vain, &results[i]));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(results[i], RESULT_UNAVAILABLE);
	atomic_store(&disk_fails, false);
	assert_ok(append(store, bytes_of(STR("kept")), 11 * MS_DAY, &place, NULL));
	assert_ok(read_place(&place, &data));
	assert_str(buf_str(&data), "kept");
}

static enum result count_and_delete(void *context, struct id name, struct err *err)
{
	++*(int *)context;
	return blob_pack_delete(store, name, err);
}

static void every_pack_is_visited(void **state)
{
	cleanup(buf_done) struct buf data = buf_new(100);
	struct blob_place place;
	int count = 0;

	(void)state;
	assert_ok(append(store, bytes_of(STR("x")), 20 * MS_DAY, &place, NULL));
	assert_ok(blob_each_pack(store, count_and_delete, &count, NULL));
	assert_true(count >= 1);
	assert_int_equal(read_place(&place, &data), RESULT_NOT_FOUND);
	assert_ok(blob_pack_discard(store, &place, NULL));
	count = 0;
	assert_ok(blob_each_pack(store, count_and_delete, &count, NULL));
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_read_as_they_were_appended),
		cmocka_unit_test(a_discarded_place_is_gone_and_its_neighbours_stay),
		cmocka_unit_test(a_pack_ends_after_a_day),
		cmocka_unit_test(a_full_disk_is_told_and_the_next_append_works),
		cmocka_unit_test(appends_are_settled_in_any_order),
		cmocka_unit_test(a_sync_that_fails_loses_what_waits_for_none_yet),
		cmocka_unit_test(threads_append_at_once),
		cmocka_unit_test(a_disk_that_fails_is_told_to_all_who_wait),
		cmocka_unit_test(every_pack_is_visited),
	};
	return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
