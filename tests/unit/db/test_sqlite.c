#include "tests/unit/db/databases.h"

#include "base/thread.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char url[200];
static struct db *db;

/* What SQLite finds in place of the system's. */
#define STANDS_IN __attribute__((visibility("default")))

static _Atomic bool disk_fails;
static _Atomic int syncs;

STANDS_IN int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (atomic_load(&disk_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static _Atomic bool writes_fail, signal_comes;
static _Atomic int frames, lone_heads;

STANDS_IN ssize_t pwritev(int fd, const struct iovec *parts, int count, off64_t at)
{
	if (atomic_load(&writes_fail)) {
		errno = EIO;
		return -1;
	}
	if (atomic_exchange(&signal_comes, false)) {
		errno = EINTR;
		return -1;
	}
	atomic_fetch_add(&frames, 1);
	return (ssize_t)syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
}

STANDS_IN ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at)
{
	if (atomic_load(&writes_fail)) {
		errno = EIO;
		return -1;
	}
	atomic_fetch_add(&lone_heads, count == 24);
	return (ssize_t)syscall(SYS_pwrite64, fd, data, count, at);
}

struct job {
	int64_t number;
	size_t bytes; /* to be written beside it */
	bool quiet;   /* hand no reason on */
	enum result result;
	struct err err;
};

static enum result make_tables(struct tx *tx, void *context, struct err *err)
{
	(void)context;
	return db_exec(
		tx, "CREATE TABLE slot (number BIGINT PRIMARY KEY, data BYTEA)", DB_NO_ARGS, NULL, err);
}

/* Takes a number that nobody may have twice; CONFLICT when it is taken. */
static enum result take(struct tx *tx, void *context, struct err *err)
{
	struct job *job = context;
	static const uint8_t data[1 << 20];
	int64_t changed = 0;

	TRY(db_exec(tx, "INSERT INTO slot (number, data) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		DB_ARGS(db_int(job->number), db_bytes((struct bytes){data, job->bytes})), &changed,
		job->quiet ? NULL : err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "taken");
}

static enum result count_number(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	int64_t *number = context;

	TRY(db_query_one(
		tx, "SELECT COUNT(*) FROM slot WHERE number = $1", DB_ARGS(db_int(*number)), &rows, err));
	*number = row_int(&rows, 0);
	return rows_end(&rows, err);
}

static int64_t count_of(int64_t number)
{
	assert_ok(db_read(db, count_number, &number, NULL));
	return number;
}

/* How many pages the file may have; 1 means as many as it has now. */
static enum result set_room(struct tx *tx, void *context, struct err *err)
{
	const char *sql = context;

	return db_exec(tx, sql, DB_NO_ARGS, NULL, err);
}

static char no_room[] = "PRAGMA max_page_count = 1";
static char some_room[] = "PRAGMA max_page_count = 60";
static char much_room[] = "PRAGMA max_page_count = 1000000";

/* Holds the writer until the others are about to wait for it, so that they come as one batch. */
static _Atomic int coming;

static enum result hold(struct tx *tx, void *context, struct err *err)
{
	(void)tx, (void)err;
	while (atomic_load(&coming) < *(int *)context)
		(void)sched_yield();
	return RESULT_OK;
}

static void *write_one(void *arg)
{
	struct job *job = arg;

	atomic_fetch_add(&coming, 1);
	job->result = db_write(db, take, job, &job->err);
	return NULL;
}

static void *write_hold(void *arg)
{
	static int count;

	count = *(int *)arg;
	(void)!db_write(db, hold, &count, NULL);
	return NULL;
}

static void run_together(struct job *jobs, int count)
{
	pthread_t holder, threads[32];

	assert_true(count <= 32);
	atomic_store(&coming, 0);
	assert_ok(thread_start(&holder, "holder", write_hold, &count));
	for (int i = 0; i < count; i++)
		assert_ok(thread_start(&threads[i], "job", write_one, &jobs[i]));
	assert_int_equal(pthread_join(holder, NULL), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* Whatever a batch's end is: an OK is kept, a CONFLICT was refused by something kept, the rest left nothing.
 */
static void a_batch_without_room_answers_nothing_false(void **state)
{
	(void)state;
	bool saw_full = false;

	for (int round = 0; round < 20; round++) {
		int64_t base = 1000 * (round + 1);
		struct job jobs[24] = {0};
		for (int i = 0; i < 24; i++)
			jobs[i] = (struct job){.number = base + i / 4, .bytes = 10};
		jobs[22] = (struct job){.number = base + 22, .bytes = 1 << 20};
		jobs[23] = (struct job){.number = base + 23, .bytes = 1 << 20, .quiet = true};
		assert_ok(db_write(db, set_room, some_room, NULL));
		run_together(jobs, 24);
		assert_ok(db_write(db, set_room, much_room, NULL));
		for (int i = 0; i < 24; i++) {
			if (jobs[i].result == RESULT_OK || jobs[i].result == RESULT_CONFLICT) {
				assert_int_equal(count_of(jobs[i].number), 1);
				continue;
			}
			assert_int_equal(jobs[i].result, RESULT_UNAVAILABLE);
			assert_string_equal(jobs[i].err.code, "db-full");
			saw_full = true;
		}
		assert_int_equal(count_of(base + 22) + count_of(base + 23), 0);
	}
	assert_true(saw_full);
}

static void writing_goes_on_when_there_is_room_again(void **state)
{
	(void)state;
	struct job job = {.number = 1, .bytes = 1 << 20};

	assert_ok(db_write(db, set_room, no_room, NULL));
	assert_int_equal(db_write(db, take, &job, &job.err), RESULT_UNAVAILABLE);
	assert_string_equal(job.err.code, "db-full");
	assert_ok(db_write(db, set_room, much_room, NULL));
	assert_ok(db_write(db, take, &job, &job.err));
	assert_int_equal(count_of(1), 1);
}

static enum result overlook_full(struct tx *tx, void *context, struct err *err)
{
	(void)!db_try(tx, take, context, err);
	return RESULT_DENIED;
}

static void a_tried_part_without_room_fails_the_whole(void **state)
{
	(void)state;
	struct job job = {.number = 2, .bytes = 1 << 20};

	assert_ok(db_write(db, set_room, no_room, NULL));
	assert_int_equal(db_write(db, overlook_full, &job, &job.err), RESULT_UNAVAILABLE);
	assert_string_equal(job.err.code, "db-full");
	assert_ok(db_write(db, set_room, much_room, NULL));
}

static enum result insert_uncommitted(struct tx *tx, void *context, struct err *err)
{
	struct job *job = context;
	static const struct job other = {.number = 3};
	struct job first = other;

	TRY(take(tx, &first, err));
	atomic_store(&coming, 1);
	while (atomic_load(&coming) != 2)
		(void)sched_yield();
	return take(tx, job, err);
}

static void *write_uncommitted(void *arg)
{
	struct job *job = arg;

	job->result = db_write(db, insert_uncommitted, job, NULL);
	return NULL;
}

static void readers_see_nothing_before_the_commit(void **state)
{
	(void)state;
	struct job job = {.number = 4};
	pthread_t writer;

	atomic_store(&coming, 0);
	assert_ok(thread_start(&writer, "writer", write_uncommitted, &job));
	while (atomic_load(&coming) != 1)
		(void)sched_yield();
	assert_int_equal(count_of(3), 0);
	atomic_store(&coming, 2);
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_ok(job.result);
	assert_int_equal(count_of(3), 1);
	assert_int_equal(count_of(4), 1);
}

static enum result run_twice(struct tx *tx, void *context, struct err *err)
{
	int *runs = context;
	struct job first = {.number = 70}, second = {.number = 70};

	(*runs)++;
	TRY(take(tx, &first, err));
	return take(tx, &second, err);
}

static void *write_twice(void *arg)
{
	atomic_fetch_add(&coming, 1);
	(void)!db_write(db, run_twice, arg, NULL);
	return NULL;
}

static void a_work_that_fails_halfway_takes_nobody_with_it(void **state)
{
	(void)state;
	struct job before = {.number = 71}, after = {.number = 72};
	pthread_t holder, threads[3];
	int three = 3, runs = 0;

	atomic_store(&coming, 0);
	assert_ok(thread_start(&holder, "holder", write_hold, &three));
	assert_ok(thread_start(&threads[0], "job", write_one, &before));
	assert_ok(thread_start(&threads[1], "job", write_twice, &runs));
	assert_ok(thread_start(&threads[2], "job", write_one, &after));
	assert_int_equal(pthread_join(holder, NULL), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(runs, 2);
	assert_ok(before.result);
	assert_ok(after.result);
	assert_int_equal(count_of(70), 0);
	assert_int_equal(count_of(71) + count_of(72), 2);
}

static void what_is_done_is_on_the_disk(void **state)
{
	(void)state;
	struct job job = {.number = 80}, again = {.number = 80};
	int before = atomic_load(&syncs);

	assert_ok(db_write(db, take, &job, NULL));
	assert_in_range(atomic_load(&syncs), before + 1, before + 10);
	before = atomic_load(&syncs);
	assert_int_equal(db_write(db, take, &again, NULL), RESULT_CONFLICT);
	assert_int_equal(atomic_load(&syncs), before);
}

static void nothing_is_done_while_the_disk_fails(void **state)
{
	(void)state;
	struct job job = {.number = 81}, next = {.number = 82}, last = {.number = 83};
	bool is_log_moved;

	atomic_store(&disk_fails, true);
	assert_int_equal(db_write(db, take, &job, &job.err), RESULT_UNAVAILABLE);
	assert_string_equal(job.err.code, "db-uncertain");
	assert_int_equal(db_write(db, take, &next, &next.err), RESULT_UNAVAILABLE);
	assert_int_equal(count_of(82), 0);
	assert_int_equal(db_wipe_deleted(db, "slot", &is_log_moved, NULL), RESULT_BUSY);
	atomic_store(&disk_fails, false);
	assert_ok(db_write(db, take, &last, &last.err));
	assert_int_equal(count_of(83), 1);
}

static void a_commit_that_could_not_be_written_is_uncertain(void **state)
{
	(void)state;
	struct job job = {.number = 84}, next = {.number = 85};

	atomic_store(&writes_fail, true);
	assert_int_equal(db_write(db, take, &job, &job.err), RESULT_UNAVAILABLE);
	assert_string_equal(job.err.code, "db-uncertain");
	atomic_store(&writes_fail, false);
	assert_ok(db_write(db, take, &next, &next.err));
	assert_int_equal(count_of(85), 1);
}

static void a_reader_that_writes_is_our_bug(void **state)
{
	(void)state;
	struct job job = {.number = 5};

	assert_int_equal(db_read(db, take, &job, NULL), RESULT_INTERNAL);
}

static void the_file_is_its_owners_alone(void **state)
{
	(void)state;
	const char *suffixes[] = {"", "-wal"};
	char path[220];
	struct stat info;

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", url + strlen("sqlite:"), suffixes[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
}

static off_t log_size(void)
{
	char path[220];
	struct stat info;

	(void)snprintf(path, sizeof(path), "%s-wal", url + strlen("sqlite:"));
	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void the_log_stays_short(void **state)
{
	(void)state;
	const size_t mebibytes = 120; /* more than twice what may lie in the log */

	for (size_t i = 0; i < mebibytes; i++) {
		struct job job = {.number = 1000000 + (int64_t)i, .bytes = (size_t)1 << 20};
		assert_ok(db_write(db, take, &job, &job.err));
	}
	assert_in_range(log_size(), 1, mebibytes / 2 << 20);
}

/* Also after the log was cut, as when wraps are wiped. */
static void the_log_has_room_ahead_of_small_changes(void **state)
{
	(void)state;
	bool is_log_moved;
	enum result result;

	do
		result = db_wipe_deleted(db, "slot", &is_log_moved, NULL);
	while (result == RESULT_BUSY); /* pages are still being moved */
	assert_ok(result);
	assert_int_equal(log_size(), 0);
	struct job job = {.number = 2000000, .bytes = 10};
	assert_ok(db_write(db, take, &job, &job.err));
	off_t size = log_size();
	assert_in_range(size, 1 << 20, 8 << 20);
	for (int64_t i = 1; i <= 20; i++) {
		job.number = 2000000 + i;
		assert_ok(db_write(db, take, &job, &job.err));
	}
	assert_int_equal(log_size(), size);
}

/* As after a crash: who opens the copy reads what is in the log, as far as it is whole. */
static int64_t count_in_copy(int64_t number)
{
	char copy[200], command[1000];
	const char *from = url + strlen("sqlite:");
	struct db *original = db;

	test_sqlite_url(copy);
	const char *to = copy + strlen("sqlite:");
	(void)snprintf(command, sizeof(command), "cp %s %s && cp %s-wal %s-wal", from, to, from, to);
	assert_int_equal(system(command), 0);
	db = test_db_open(copy);
	int64_t count = count_of(number);
	db_close(db);
	db = original;
	return count;
}

static void a_page_goes_into_the_log_with_its_head(void **state)
{
	(void)state;
	struct job job = {.number = 90, .bytes = 100000};

	atomic_store(&frames, 0);
	atomic_store(&lone_heads, 0);
	atomic_store(&signal_comes, true);
	assert_ok(db_write(db, take, &job, &job.err));
	assert_false(atomic_load(&signal_comes));
	assert_in_range(atomic_load(&frames), 25, 40);
	assert_int_equal(atomic_load(&lone_heads), 0);
	assert_int_equal(count_in_copy(90), 1);
}

/* SQLite would take it for a temporary database, gone with the process. */
static void a_url_without_a_path_is_refused(void **state)
{
	(void)state;
	struct db *none = NULL;

	assert_int_equal(db_open(&(struct db_config){.url = STR("sqlite:")}, &none, NULL), RESULT_INVALID);
	assert_null(none);
}

static int open_group(void **state)
{
	(void)state;
	test_sqlite_url(url);
	db = test_db_open(url);
	return db_write(db, make_tables, NULL, NULL) != RESULT_OK;
}

static int close_group(void **state)
{
	(void)state;
	db_close(db);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_without_room_answers_nothing_false),
		cmocka_unit_test(writing_goes_on_when_there_is_room_again),
		cmocka_unit_test(a_tried_part_without_room_fails_the_whole),
		cmocka_unit_test(readers_see_nothing_before_the_commit),
		cmocka_unit_test(a_work_that_fails_halfway_takes_nobody_with_it),
		cmocka_unit_test(what_is_done_is_on_the_disk),
		cmocka_unit_test(nothing_is_done_while_the_disk_fails),
		cmocka_unit_test(a_commit_that_could_not_be_written_is_uncertain),
		cmocka_unit_test(a_reader_that_writes_is_our_bug),
		cmocka_unit_test(the_file_is_its_owners_alone),
		cmocka_unit_test(the_log_stays_short),
		cmocka_unit_test(the_log_has_room_ahead_of_small_changes),
		cmocka_unit_test(a_page_goes_into_the_log_with_its_head),
		cmocka_unit_test(a_url_without_a_path_is_refused),
	};

	return cmocka_run_group_tests_name("sqlite", tests, open_group, close_group);
}
