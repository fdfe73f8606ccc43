#include "tests/unit/db/databases.h"

#include "base/thread.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char sqlite_url[200];
static const char *url; /* of the database that the group runs on */
static struct db *db;

static const struct migration migrations[] = {
	{1, "one",
		"CREATE TABLE thing (id BYTEA PRIMARY KEY, name TEXT, number BIGINT, data BYTEA);"
		"CREATE TABLE other (number BIGINT);"},
	{2, "two", "CREATE TABLE third (number BIGINT UNIQUE);"},
};

/* For a database of their own, started by several nodes at once: a second run of any would fail. */
static const struct migration more_migrations[] = {
	{1, "one",
		"CREATE TABLE thing (id BYTEA PRIMARY KEY, name TEXT, number BIGINT, data BYTEA);"
		"CREATE TABLE other (number BIGINT);"},
	{2, "two", "CREATE TABLE third (number BIGINT UNIQUE);"},
	{3, "three", "CREATE TABLE fourth (number BIGINT); INSERT INTO fourth (number) VALUES (3);"},
};

struct numbers {
	int64_t number;
	enum result answer;
	int64_t found;
};

static enum result insert(struct tx *tx, void *context, struct err *err)
{
	struct numbers *n = context;

	TRY(db_exec(tx, "INSERT INTO other (number) VALUES ($1)", DB_ARGS(db_int(n->number)), NULL, err));
	return n->answer;
}

static enum result count_number(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct numbers *n = context;

	TRY(db_query_one(
		tx, "SELECT COUNT(*) FROM other WHERE number = $1", DB_ARGS(db_int(n->number)), &rows, err));
	n->found = row_int(&rows, 0);
	return rows_end(&rows, err);
}

static int64_t count_of(int64_t number)
{
	struct numbers n = {.number = number};

	assert_ok(db_read(db, count_number, &n, NULL));
	return n.found;
}

static void migrates_once_and_refuses_newer_databases(void **state)
{
	(void)state;
	int from, to;
	struct err err = {0};

	assert_ok(db_migrate(db, migrations, 1, &from, &to, &err));
	assert_int_equal(to, 1);
	assert_ok(db_migrate(db, migrations, 2, &from, &to, &err));
	assert_int_equal(from, 1);
	assert_int_equal(to, 2);
	assert_ok(db_version(db, &to, &err));
	assert_int_equal(to, 2);
	assert_int_equal(db_migrate(db, migrations, 1, NULL, NULL, &err), RESULT_CONFLICT);
}

static enum result values_return(struct tx *tx, void *context, struct err *err)
{
	static const uint8_t binary[] = {0, 1, 0xff, 0};
	cleanup(rows_done) struct rows rows = {0};
	struct id id = id_new(5), got;

	(void)context;
	TRY(db_query_one(tx,
		"INSERT INTO thing (id, name, number, data) VALUES ($2, $1, $4, $3) RETURNING id, name, "
		"number, data",
		DB_ARGS(db_text(STR("grün")), db_id(id), db_bytes((struct bytes){binary, 4}), db_int(-7)),
		&rows, err));
	got = row_id(&rows, 0);
	assert_true(id_equal(got, id));
	assert_str(row_text(&rows, 1), "grün");
	assert_int_equal(row_int(&rows, 2), -7);
	assert_int_equal(row_bytes(&rows, 3).len, 4);
	assert_memory_equal(row_bytes(&rows, 3).ptr, binary, 4);
	assert_false(rows_next(&rows));
	TRY(rows_end(&rows, err));
	TRY(db_exec(tx, "INSERT INTO thing (id, name, number, data) VALUES ($1, $2, $3, $4)",
		DB_ARGS(db_id(id_new(6)), db_null_text(), db_null(), db_null_bytes()), NULL, err));
	TRY(db_query_one(
		tx, "SELECT name, number, data FROM thing WHERE number IS NULL", DB_NO_ARGS, &rows, err));
	assert_true(row_is_null(&rows, 0) && row_is_null(&rows, 1) && row_is_null(&rows, 2));
	assert_int_equal(row_int(&rows, 1), 0);
	return rows_end(&rows, err);
}

static void values_come_back_as_they_went_in_whatever_their_order(void **state)
{
	(void)state;
	struct err err = {0};

	assert_ok(db_write(db, values_return, NULL, &err));
}

static void a_failed_work_leaves_nothing(void **state)
{
	(void)state;
	struct numbers n = {.number = 10, .answer = RESULT_DENIED};

	assert_int_equal(db_write(db, insert, &n, NULL), RESULT_DENIED);
	assert_int_equal(count_of(10), 0);
	n.answer = RESULT_OK;
	assert_ok(db_write(db, insert, &n, NULL));
	assert_int_equal(count_of(10), 1);
}

static void reading_cannot_write(void **state)
{
	(void)state;
	struct numbers n = {.number = 11};

	assert_int_not_equal(db_read(db, insert, &n, NULL), RESULT_OK);
	assert_int_equal(count_of(11), 0);
}

static enum result overlook_a_failure(struct tx *tx, void *context, struct err *err)
{
	struct numbers *n = context;

	(void)err;
	TRY(db_exec(tx, "INSERT INTO third (number) VALUES ($1)", DB_ARGS(db_int(n->number)), NULL, NULL));
	(void)!db_exec(tx, "INSERT INTO third (number) VALUES ($1)", DB_ARGS(db_int(n->number)), NULL, NULL);
	return RESULT_OK;
}

static void a_broken_constraint_is_a_conflict_for_the_whole_work(void **state)
{
	(void)state;
	struct numbers n = {.number = 12};
	struct err err = {0};

	assert_int_equal(db_write(db, overlook_a_failure, &n, &err), RESULT_CONFLICT);
}

static enum result try_twice(struct tx *tx, void *context, struct err *err)
{
	struct numbers *n = context;
	struct numbers denied = {.number = n->number + 1, .answer = RESULT_DENIED};

	TRY(insert(tx, n, err));
	assert_int_equal(db_try(tx, insert, &denied, err), RESULT_DENIED);
	assert_int_equal(db_try(tx, overlook_a_failure, n, err), RESULT_CONFLICT);
	return db_try(tx, insert, n, err);
}

static void a_tried_part_may_fail_alone(void **state)
{
	(void)state;
	struct numbers n = {.number = 20};

	assert_ok(db_write(db, try_twice, &n, NULL));
	assert_int_equal(count_of(20), 2);
	assert_int_equal(count_of(21), 0);
}

#define WRITERS 50
#define WRITES 20

static void *write_many(void *arg)
{
	for (int i = 0; i < WRITES; i++) {
		/* Every fifth fails by itself, in the middle of a batch of others. */
		struct numbers n = {.number = 30, .answer = i % 5 == 4 ? RESULT_DENIED : RESULT_OK};
		if (db_write(db, insert, &n, NULL) != n.answer)
			atomic_fetch_add((_Atomic int *)arg, 1);
	}
	return NULL;
}

static void many_writers_share_commits_and_fail_alone(void **state)
{
	(void)state;
	pthread_t threads[WRITERS];
	_Atomic int wrong = 0;

	for (int i = 0; i < WRITERS; i++)
		assert_ok(thread_start(&threads[i], "writer", write_many, &wrong));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(count_of(30), WRITERS * WRITES * 4 / 5);
}

static enum result insert_text(struct tx *tx, void *context, struct err *err)
{
	return db_exec(tx, "INSERT INTO thing (id, name) VALUES ($1, $2)",
		DB_ARGS(db_id(id_new(7)), db_text(*(const struct str *)context)), NULL, err);
}

static void bad_text_is_refused(void **state)
{
	(void)state;
	struct str with_nul = STR("a\0b"), broken = STR("\xff");

	assert_int_equal(db_write(db, insert_text, &with_nul, NULL), RESULT_INVALID);
	assert_int_equal(db_write(db, insert_text, &broken, NULL), RESULT_INVALID);
}

static enum result empty_is_not_null(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	(void)context;
	TRY(db_query_one(tx, "INSERT INTO thing (id, name, data) VALUES ($1, $2, $3) RETURNING name, data",
		DB_ARGS(db_id(id_new(8)), db_text(STR_NONE), db_bytes((struct bytes){0})), &rows, err));
	assert_false(row_is_null(&rows, 0) || row_is_null(&rows, 1));
	assert_int_equal(row_text(&rows, 0).len + row_bytes(&rows, 1).len, 0);
	return rows_end(&rows, err);
}

static void empty_values_are_kept_apart_from_null(void **state)
{
	(void)state;

	assert_ok(db_write(db, empty_is_not_null, NULL, NULL));
}

static enum result read_after_args(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct str name = STR("kept");
	char *text = mem_strdup(name.ptr);
	int count = 0;

	(void)context;
	TRY(db_exec(tx, "INSERT INTO other (number) VALUES (40), (40), (40)", DB_NO_ARGS, NULL, err));
	TRY(db_query(tx, "SELECT $1, $3 FROM other WHERE number = $2",
		DB_ARGS(db_text((struct str){text, name.len}), db_int(40),
			db_bytes((struct bytes){(const uint8_t *)text, name.len})),
		&rows, err));
	free(text);
	for (; rows_next(&rows); count++) {
		assert_str(row_text(&rows, 0), "kept");
		assert_memory_equal(row_bytes(&rows, 1).ptr, name.ptr, name.len);
	}
	assert_int_equal(count, 3);
	return rows_end(&rows, err);
}

static void arguments_need_not_outlive_the_call(void **state)
{
	(void)state;

	assert_ok(db_write(db, read_after_args, NULL, NULL));
}

#define NODES 6
static pthread_barrier_t all_open;

static void *migrate_more(void *arg)
{
	struct db *own = test_db_open(url);

	(void)pthread_barrier_wait(&all_open);
	if (db_migrate(own, more_migrations, COUNT_OF(more_migrations), NULL, NULL, NULL) != RESULT_OK)
		atomic_fetch_add((_Atomic int *)arg, 1);
	db_close(own);
	return NULL;
}

static void nodes_that_start_at_once_migrate_once(void **state)
{
	(void)state;
	pthread_t nodes[NODES];
	_Atomic int failed = 0;
	int version;

	assert_ok(pthread_barrier_init(&all_open, NULL, NODES));
	for (size_t i = 0; i < NODES; i++)
		assert_ok(thread_start(&nodes[i], "node", migrate_more, &failed));
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(pthread_join(nodes[i], NULL), 0);
	(void)pthread_barrier_destroy(&all_open);
	assert_int_equal(failed, 0);
	assert_ok(db_version(db, &version, NULL));
	assert_int_equal(version, 3);
}

static enum result write_within(struct tx *tx, void *context, struct err *err)
{
	(void)tx;
	return db_write(db, insert, context, err);
}

/* On SQLite it would wait for itself without end. */
static void a_work_that_begins_another_ends_the_process(void **state)
{
	(void)state;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct numbers n = {.number = 50};
		(void)signal(SIGABRT, SIG_DFL);
		(void)!freopen("/dev/null", "w", stderr);
		db = test_db_open(url);
		(void)!db_read(db, write_within, &n, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_url_of_another_kind_is_refused(void **state)
{
	(void)state;
	struct db *none = NULL;

	assert_int_equal(db_open(&(struct db_config){.url = STR("mysql:x")}, &none, NULL), RESULT_INVALID);
	assert_null(none);
}

/* What was reported as kept before the process was killed is there afterwards. */
static void a_kill_loses_nothing_that_was_reported(void **state)
{
	(void)state;
	int pipe_ends[2];

	assert_int_equal(pipe(pipe_ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct db *own = test_db_open(url);
		for (int64_t i = 0;; i++) {
			struct numbers n = {.number = 1000 + i};
			if (db_write(own, insert, &n, NULL) == RESULT_OK)
				(void)!write(pipe_ends[1], &n.number, sizeof(n.number));
		}
	}
	(void)close(pipe_ends[1]); /* or a child that dies early would be waited for */
	int64_t reported = 0;
	for (int i = 0; i < 50; i++)
		assert_int_equal(read(pipe_ends[0], &reported, sizeof(reported)), (ssize_t)sizeof(reported));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (read(pipe_ends[0], &reported, sizeof(reported)) == (ssize_t)sizeof(reported))
		;
	(void)close(pipe_ends[0]);
	for (int64_t i = 1000; i <= reported; i++)
		assert_int_equal(count_of(i), 1);
}

static int open_group(void **state)
{
	(void)state;
	db = test_db_open(url);
	return 0;
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
		cmocka_unit_test(migrates_once_and_refuses_newer_databases),
		cmocka_unit_test(values_come_back_as_they_went_in_whatever_their_order),
		cmocka_unit_test(a_failed_work_leaves_nothing),
		cmocka_unit_test(reading_cannot_write),
		cmocka_unit_test(a_broken_constraint_is_a_conflict_for_the_whole_work),
		cmocka_unit_test(a_tried_part_may_fail_alone),
		cmocka_unit_test(many_writers_share_commits_and_fail_alone),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(empty_values_are_kept_apart_from_null),
		cmocka_unit_test(arguments_need_not_outlive_the_call),
		cmocka_unit_test(nodes_that_start_at_once_migrate_once),
		cmocka_unit_test(a_work_that_begins_another_ends_the_process),
		cmocka_unit_test(a_url_of_another_kind_is_refused),
		cmocka_unit_test(a_kill_loses_nothing_that_was_reported),
	};
	test_sqlite_url(sqlite_url);
	url = sqlite_url;
	int failed = cmocka_run_group_tests_name("sqlite", tests, open_group, close_group);
	url = test_postgres_url();
	if (url)
		failed += cmocka_run_group_tests_name("postgres", tests, open_group, close_group);
	return failed;
}
