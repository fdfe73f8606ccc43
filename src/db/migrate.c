#include "db/db_private.h"

#include "base/buf.h"

#include <string.h>

struct migration_run {
	const struct migration *migrations;
	size_t count;
	int from, to;
};

/* One number for all nodes that share a PostgreSQL. The wait for another node, and a change of a large table,
 * may take longer than a statement otherwise may. */
static const char take_turns[] = "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(8315177687)";
static const char create_versions[] =
	"CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)";

/* What SQLite alone knows; on PostgreSQL every table is found by its row and by its key. */
static const char sqlite_only[] = " WITHOUT ROWID";

static enum result run_script(struct tx *tx, const char *sql, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(strlen(sql) + 1);

	if (tx->db->kind == DB_SQLITE)
		return tx->db->driver->script(tx, sql, err);
	for (const char *found = strstr(sql, sqlite_only); found; found = strstr(sql, sqlite_only)) {
		buf_add_bytes(&text, sql, (size_t)(found - sql));
		sql = found + strlen(sqlite_only);
	}
	buf_add(&text, str_of(sql));
	return tx->db->driver->script(tx, buf_str(&text).ptr, err);
}

static enum result read_version(struct tx *tx, int *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT COALESCE(MAX(version), 0) FROM schema_version", DB_NO_ARGS, &rows, err));
	*ret = (int)row_int(&rows, 0);
	return rows_end(&rows, err);
}

static enum result run_migrations(struct tx *tx, void *context, struct err *err)
{
	struct migration_run *run = context;

	if (tx->db->kind == DB_POSTGRES)
		TRY(tx->db->driver->script(tx, take_turns, err));
	TRY(tx->db->driver->script(tx, create_versions, err));
	TRY(read_version(tx, &run->from, err));
	run->to = run->from;
	if (run->count && run->from > run->migrations[run->count - 1].version)
		return err_code(err, RESULT_CONFLICT, "db-newer",
			"the database is at version %d, this program knows up to %d: use the newer program",
			run->from, run->migrations[run->count - 1].version);
	for (size_t i = 0; i < run->count; i++) {
		const struct migration *m = &run->migrations[i];
		if (m->version <= run->to)
			continue;
		TRY(run_script(tx, m->sql, err));
		TRY(db_exec(tx, "INSERT INTO schema_version (version, name) VALUES ($1, $2)",
			DB_ARGS(db_int(m->version), db_text(str_of(m->name))), NULL, err));
		run->to = m->version;
	}
	return RESULT_OK;
}

enum result db_migrate(struct db *db, const struct migration *migrations, size_t count, int *ret_from,
	int *ret_to, struct err *err)
{
	struct migration_run run = {.migrations = migrations, .count = count};

	TRY(db_write(db, run_migrations, &run, err));
	if (ret_from)
		*ret_from = run.from;
	if (ret_to)
		*ret_to = run.to;
	return RESULT_OK;
}

static enum result read_version_if_any(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		db_pick(tx, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_version'",
			"SELECT COUNT(to_regclass('schema_version'))"),
		DB_NO_ARGS, &rows, err));
	int64_t there = row_int(&rows, 0);
	TRY(rows_end(&rows, err));
	*(int *)context = 0;
	return there ? read_version(tx, context, err) : RESULT_OK;
}

enum result db_version(struct db *db, int *ret, struct err *err)
{
	return db_read(db, read_version_if_any, ret, err);
}
