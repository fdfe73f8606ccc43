#include "db/db_private.h"

#include <assert.h>
#include <stdio.h>

/* Works must not begin another transaction: on SQLite they would wait for themselves. */
static _Thread_local bool inside_work;

enum result db_open(const struct db_config *config, struct db **ret, struct err *err)
{
	if (str_starts(config->url, STR("sqlite:")))
		return sqlite_open(config, ret, err);
	if (str_starts(config->url, STR("postgresql:")) || str_starts(config->url, STR("postgres:")))
		return postgres_open(config, ret, err);
	return err_set(err, RESULT_INVALID, "a database is sqlite:/path/to/file or postgresql://…");
}

void db_close(struct db *db)
{
	if (db)
		db->driver->close(db);
}

enum db_kind db_kind(const struct db *db)
{
	return db->kind;
}

enum result tx_result(const struct tx *tx, enum result returned, struct err *err)
{
	if (returned == RESULT_OK && tx->failure != RESULT_OK) {
		if (err)
			*err = tx->failure_err;
		return tx->failure;
	}
	return returned;
}

enum result tx_fail(struct tx *tx, enum result failure, const struct err *from, struct err *err)
{
	if (tx->failure == RESULT_OK) {
		tx->failure = failure;
		tx->failure_err = *from;
	}
	if (err)
		*err = *from;
	return failure;
}

struct guarded {
	db_work work;
	void *context;
};

static enum result run_guarded(struct tx *tx, void *context, struct err *err)
{
	struct guarded *guarded = context;

	inside_work = true;
	enum result result = guarded->work(tx, guarded->context, err);
	inside_work = false;
	return result;
}

enum result db_write(struct db *db, db_work work, void *context, struct err *err)
{
	struct guarded guarded = {work, context};

	assert(!inside_work);
	gauge_works(1);
	enum result result = db->driver->write(db, run_guarded, &guarded, err);
	gauge_works(-1);
	return result;
}

enum result db_read(struct db *db, db_work work, void *context, struct err *err)
{
	struct guarded guarded = {work, context};

	assert(!inside_work);
	if (gauge_runs_again())
		(void)db->driver->read(db, run_guarded, &guarded, &(struct err){0});
	return db->driver->read(db, run_guarded, &guarded, err);
}

enum result db_wipe_deleted(struct db *db, const char *table, bool *ret_log, struct err *err)
{
	assert(!inside_work);
	return db->driver->wipe_deleted(db, table, ret_log, err);
}

static enum result savepoint(struct tx *tx, const char *verb, struct err *err)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "%s try_%d", verb, tx->depth);
	return tx->db->driver->script(tx, sql, err);
}

static enum result run_tried(struct tx *tx, db_work work, void *context, struct err *err)
{
	TRY(savepoint(tx, "SAVEPOINT", err));
	enum result result = tx_result(tx, work(tx, context, err), err);
	if (result == RESULT_OK)
		return savepoint(tx, "RELEASE", err);
	/* Without the database there is nothing left to go on with, and SQLite may have rolled back all. */
	if (tx->failure == RESULT_UNAVAILABLE)
		return tx_result(tx, RESULT_OK, err);
	tx->failure = RESULT_OK;
	TRY(savepoint(tx, "ROLLBACK TO", err));
	TRY(savepoint(tx, "RELEASE", err));
	return result;
}

enum result db_try(struct tx *tx, db_work work, void *context, struct err *err)
{
	if (tx->failure != RESULT_OK)
		return tx_result(tx, RESULT_OK, err);
	tx->depth++;
	enum result result = run_tried(tx, work, context, err);
	tx->depth--;
	return result;
}

enum result db_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err)
{
	if (tx->failure != RESULT_OK)
		return tx_result(tx, RESULT_OK, err);
	return tx->db->driver->exec(tx, sql, args, count, ret_changed, err);
}

enum result db_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	if (tx->failure != RESULT_OK)
		return tx_result(tx, RESULT_OK, err);
	return tx->db->driver->query(tx, sql, args, count, ret, err);
}

enum result db_query_one(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	TRY(db_query(tx, sql, args, count, ret, err));
	if (rows_next(ret))
		return RESULT_OK;
	TRY(rows_end(ret, err));
	return err_set(err, RESULT_NOT_FOUND, "there is no such row");
}

bool rows_next(struct rows *rows)
{
	return rows->statement && rows->tx->db->driver->next(rows);
}

enum result rows_end(struct rows *rows, struct err *err)
{
	enum result result = rows->result;

	if (result != RESULT_OK && err)
		*err = rows->err;
	rows_done(rows);
	return result;
}

void rows_done(struct rows *rows)
{
	if (rows->statement)
		rows->tx->db->driver->release(rows);
	*rows = (struct rows){0};
}

int64_t row_int(const struct rows *rows, int column)
{
	return row_is_null(rows, column) ? 0 : rows->tx->db->driver->get_int(rows, column);
}

bool row_bool(const struct rows *rows, int column)
{
	return row_int(rows, column) != 0;
}

struct bytes row_bytes(const struct rows *rows, int column)
{
	return row_is_null(rows, column) ? (struct bytes){0} : rows->tx->db->driver->get_bytes(rows, column);
}

struct str row_text(const struct rows *rows, int column)
{
	return bytes_str(row_bytes(rows, column));
}

struct id row_id(const struct rows *rows, int column)
{
	struct bytes bytes = row_bytes(rows, column);
	struct id id = {0};

	if (bytes.len == 0)
		return id;
	assert(bytes.len == ID_BYTES);
	for (size_t i = 0; i < ID_BYTES; i++)
		id.b[i] = bytes.ptr[i];
	return id;
}

bool row_is_null(const struct rows *rows, int column)
{
	return rows->tx->db->driver->is_null(rows, column);
}

enum result db_again(struct err *err)
{
	return err_code(err, RESULT_UNAVAILABLE, "db-again", "others changed the same; try again");
}

const char *db_pick(const struct tx *tx, const char *sqlite, const char *postgres)
{
	return tx->db->kind == DB_SQLITE ? sqlite : postgres;
}

enum result db_hold(
	struct tx *tx, const char *postgres, const struct db_value *args, size_t count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	if (db_kind(tx->db) == DB_SQLITE)
		return RESULT_OK;
	TRY(db_query(tx, postgres, args, count, &rows, err));
	while (rows_next(&rows))
		continue;
	return rows_end(&rows, err);
}
