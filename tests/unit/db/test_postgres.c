#include "tests/unit/db/databases.h"

#include "base/thread.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const char *url;
static struct db *db;

static enum result run_sql(struct tx *tx, void *context, struct err *err)
{
	const char *sql = context;

	return db_exec(tx, sql, DB_NO_ARGS, NULL, err);
}

/* The text must live as long as the connections, which keep statements by it: literals do. */
static enum result write_sql(const char *sql, struct err *err)
{
	return db_write(db, run_sql, (void *)(uintptr_t)sql, err);
}

static enum result read_number(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT COUNT(*) FROM item", DB_NO_ARGS, &rows, err));
	*(int64_t *)context = row_int(&rows, 0);
	return rows_end(&rows, err);
}

static int64_t items(void)
{
	int64_t count = -1;

	assert_ok(db_read(db, read_number, &count, NULL));
	return count;
}

static const char insert[] = "INSERT INTO item (number) VALUES (1)";

static void connections_that_died_in_the_pool_are_opened_again(void **state)
{
	(void)state;
	struct err err = {0};
	struct db *other = test_db_open(url);

	(void)items();
	assert_ok(db_write(other, run_sql,
		(void *)(uintptr_t) "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
				    " WHERE pid <> pg_backend_pid() AND datname = current_database()",
		&err));
	db_close(other);
	int64_t before = items();
	assert_ok(write_sql(insert, &err));
	assert_int_equal(items(), before + 1);
}

static enum result die_inside(struct tx *tx, void *context, struct err *err)
{
	(void)context;
	TRY(db_exec(tx, insert, DB_NO_ARGS, NULL, err));
	(void)!db_exec(tx, "SELECT pg_terminate_backend(pg_backend_pid())", DB_NO_ARGS, NULL, NULL);
	return RESULT_OK;
}

static void a_connection_lost_on_the_way_is_unavailable_and_keeps_nothing(void **state)
{
	(void)state;
	struct err err = {0};
	int64_t before = items();

	assert_int_equal(db_write(db, die_inside, NULL, &err), RESULT_UNAVAILABLE);
	assert_string_equal(err.code, "db-unavailable");
	assert_int_equal(items(), before);
	assert_ok(write_sql(insert, &err));
}

static void a_connection_lost_while_committing_is_uncertain(void **state)
{
	(void)state;
	struct err err = {0};

	assert_int_equal(write_sql("INSERT INTO deadly (number) VALUES (1)", &err), RESULT_UNAVAILABLE);
	assert_string_equal(err.code, "db-uncertain");
	assert_ok(write_sql(insert, &err));
}

static int tries;

static enum result clash(struct tx *tx, void *context, struct err *err)
{
	(void)context, (void)err;
	tries++;
	/* A work that hands no reason on is tried again all the same. */
	return db_exec(tx, "SELECT clash()", DB_NO_ARGS, NULL, NULL);
}

static enum result try_clash(struct tx *tx, void *context, struct err *err)
{
	enum result result = db_try(tx, clash, context, err);

	return result == RESULT_UNAVAILABLE ? RESULT_DENIED : result;
}

static void clashes_are_tried_again(void **state)
{
	(void)state;
	struct err err = {0};
	const db_work works[] = {clash, try_clash};

	for (size_t i = 0; i < COUNT_OF(works); i++) {
		tries = 0;
		assert_ok(write_sql("SELECT setval('clashes', 1)", &err));
		assert_ok(db_write(db, works[i], NULL, &err));
		assert_int_equal(tries, 3);
	}
}

static enum result clash_always(struct tx *tx, void *context, struct err *err)
{
	(void)context;
	tries++;
	return db_exec(tx, "SELECT raise('40001')", DB_NO_ARGS, NULL, err);
}

static void endless_clashes_end(void **state)
{
	(void)state;

	tries = 0;
	assert_int_equal(db_write(db, clash_always, NULL, NULL), RESULT_UNAVAILABLE);
	assert_int_equal(tries, 5);
	tries = 0;
	assert_int_equal(db_read(db, clash_always, NULL, NULL), RESULT_UNAVAILABLE);
	assert_int_equal(tries, 5);
}

static void no_room_and_no_connection_are_told_apart(void **state)
{
	(void)state;
	const struct {
		const char *sql, *code;
	} cases[] = {
		{"SELECT raise('53100')", "db-full"},
		{"SELECT raise('53300')", "db-unavailable"},
		{"SELECT raise('53200')", "db-unavailable"},
		{"SELECT raise('58030')", "db-unavailable"},
		{"SELECT raise('25006')", "db-unavailable"}, /* it has become a standby */
		{"SELECT raise('55P03')", "db-unavailable"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err = {0};
		assert_int_equal(write_sql(cases[i].sql, &err), RESULT_UNAVAILABLE);
		assert_string_equal(err.code, cases[i].code);
	}
}

static void a_reader_that_writes_is_our_bug(void **state)
{
	(void)state;

	assert_int_equal(db_read(db, run_sql, (void *)(uintptr_t)insert, NULL), RESULT_INTERNAL);
}

static enum result read_all(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	(void)context;
	TRY(db_query(tx, "SELECT * FROM changing", DB_NO_ARGS, &rows, err));
	return rows_end(&rows, err);
}

/* Another node has migrated the table meanwhile. */
static void a_changed_table_is_read_anew(void **state)
{
	(void)state;
	struct err err = {0};

	assert_ok(db_read(db, read_all, NULL, &err));
	assert_ok(write_sql("ALTER TABLE changing ADD COLUMN more BIGINT", &err));
	assert_ok(db_read(db, read_all, NULL, &err));
}

static enum result read_setting(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	int64_t *ret = context;

	TRY(db_query_one(tx,
		"SELECT COUNT(*) FROM pg_settings WHERE (name, setting) IN (('work_mem', '1234'),"
		" ('statement_timeout', '60000'), ('synchronous_commit', 'on'))",
		DB_NO_ARGS, &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

static void options_of_the_url_count_except_those_we_need(void **state)
{
	(void)state;
	struct err err = {0};
	char own[300];
	int64_t count = 0;

	(void)snprintf(own, sizeof(own),
		"%s?options=-c%%20work_mem%%3D1234%%20-c%%20synchronous_commit%%3Doff", url);
	struct db *other = test_db_open(own);
	assert_ok(db_read(other, read_setting, &count, &err));
	assert_int_equal(count, 3);
	db_close(other);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
	(void)state;
	struct db *none = NULL;
	struct db_config config = {.url = STR("postgresql://sealpost@127.0.0.1:1/none")};

	assert_int_equal(db_open(&config, &none, NULL), RESULT_UNAVAILABLE);
	assert_null(none);
}

static int open_group(void **state)
{
	(void)state;
	static const char *const tables[] = {
		"CREATE TABLE item (number BIGINT)",
		"CREATE TABLE deadly (number BIGINT)",
		"CREATE TABLE changing (number BIGINT)",
		"CREATE SEQUENCE clashes",
		"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
		" 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
		"CREATE CONSTRAINT TRIGGER die AFTER INSERT ON deadly DEFERRABLE INITIALLY DEFERRED"
		" FOR EACH ROW EXECUTE FUNCTION die()",
		"CREATE FUNCTION clash() RETURNS void LANGUAGE plpgsql AS 'BEGIN"
		" IF nextval(''clashes'') < 4 THEN RAISE USING ERRCODE = ''40001''; END IF; END'",
		"CREATE FUNCTION raise(state TEXT) RETURNS void LANGUAGE plpgsql AS"
		" 'BEGIN RAISE USING ERRCODE = state; END'",
	};

	db = test_db_open(url);
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		if (write_sql(tables[i], NULL) != RESULT_OK)
			return 1;
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
		cmocka_unit_test(connections_that_died_in_the_pool_are_opened_again),
		cmocka_unit_test(a_connection_lost_on_the_way_is_unavailable_and_keeps_nothing),
		cmocka_unit_test(a_connection_lost_while_committing_is_uncertain),
		cmocka_unit_test(clashes_are_tried_again),
		cmocka_unit_test(endless_clashes_end),
		cmocka_unit_test(no_room_and_no_connection_are_told_apart),
		cmocka_unit_test(a_reader_that_writes_is_our_bug),
		cmocka_unit_test(a_changed_table_is_read_anew),
		cmocka_unit_test(options_of_the_url_count_except_those_we_need),
		cmocka_unit_test(a_server_that_is_not_there_is_unavailable),
	};

	url = test_postgres_url();
	if (url == NULL) {
		(void)printf("skipped: there is no PostgreSQL\n");
		return 77;
	}
	return cmocka_run_group_tests_name("postgres", tests, open_group, close_group);
}
