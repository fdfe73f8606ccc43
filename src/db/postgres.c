/* PostgreSQL: a pool of connections, and works run in a transaction each, again when the server asks for it.
 */
#include "db/postgres_private.h"

#include "base/clock.h"
#include "base/thread.h"

#include <stdio.h>
#include <string.h>

#define CONNECTIONS_DEFAULT 16
#define RETRIES 5
#define POOL_RANK 500
/* How long a caller waits for a free connection. */
#define POOL_WAIT_MS (10 * MS_SECOND)

/* What every connection begins with. A server set up to answer commits before they are on disk does not do so
 * for us; stronger settings of it stay. */
static const char settings[] = "SET statement_timeout = 60000; SET idle_in_transaction_session_timeout = "
			       "120000; SET timezone = 'UTC';"
			       "SELECT set_config('synchronous_commit', 'on', false)"
			       " WHERE current_setting('synchronous_commit') = 'off'";

struct postgres {
	struct db db;
	char *url;
	/* Guards the free connections and their count. */
	struct lock pool_lock;
	struct signal freed;
	struct connection *free_connections;
	int connections, connections_max;
};

static void connection_free(struct connection *connection)
{
	postgres_forget_prepared(connection);
	PQfinish(connection->handle);
	free(connection);
}
DEFINE_CLEANUP(struct connection *, connection_free)

/* The server's notices are not ours to print. */
static void ignore_notice(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* Makes a new connection ready: nothing is prepared on it yet. */
static enum result connection_begin(struct connection *connection, struct err *err)
{
	postgres_forget_prepared(connection);
	connection->stale = false;
	if (PQstatus(connection->handle) != CONNECTION_OK)
		return err_code(err, RESULT_UNAVAILABLE, "db-unavailable", "the database cannot be reached");
	const char *encoding = PQparameterStatus(connection->handle, "server_encoding");
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return err_set(err, RESULT_INVALID, "the database must be created with the encoding UTF8");
	return postgres_simple(connection, settings, err);
}

static enum result connection_open(const struct postgres *db, struct connection **ret, struct err *err)
{
	cleanup(connection_free_at) struct connection *connection = mem_new(sizeof(*connection));
	/* The URL may say otherwise about what stands before it: a server that is gone without a word is
	 * noticed within half a minute. */
	const char *const keys[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "dbname", "client_encoding", NULL};
	const char *const values[] = {"5", "10", "5", "3", "30000", db->url, "UTF8", NULL};

	connection->handle = PQconnectdbParams(keys, values, 1);
	(void)PQsetNoticeProcessor(connection->handle, ignore_notice, NULL);
	TRY(connection_begin(connection, err));
	*ret = TAKE(connection);
	return RESULT_OK;
}

static enum result pool_take(struct postgres *db, struct connection **ret, struct err *err)
{
	int64_t deadline = clock_monotonic() + POOL_WAIT_MS;
	bool waits = true;

	lock_take(&db->pool_lock);
	while (waits && db->free_connections == NULL && db->connections == db->connections_max)
		waits = signal_wait_until(&db->freed, &db->pool_lock, deadline);
	struct connection *connection = db->free_connections;
	bool may_open = connection == NULL && db->connections < db->connections_max;
	if (connection)
		db->free_connections = connection->next;
	else if (may_open)
		db->connections++;
	lock_release(&db->pool_lock);
	if (connection == NULL && !may_open)
		return err_code(err, RESULT_UNAVAILABLE, "db-busy", "too many wait for the database");
	if (connection) {
		*ret = connection;
		return RESULT_OK;
	}
	enum result result = connection_open(db, ret, err);
	if (result != RESULT_OK) {
		LOCKED(&db->pool_lock);
		db->connections--;
		signal_one(&db->freed);
	}
	return result;
}

/* A connection that broke is closed; the next caller opens a new one. */
static void pool_give_back(struct postgres *db, struct connection *connection)
{
	bool broken = connection->stale || PQstatus(connection->handle) != CONNECTION_OK ||
		      PQtransactionStatus(connection->handle) != PQTRANS_IDLE;

	if (broken)
		connection_free(connection);
	LOCKED(&db->pool_lock);
	if (broken) {
		db->connections--;
	} else {
		connection->next = db->free_connections;
		db->free_connections = connection;
	}
	signal_one(&db->freed);
}

static enum result commit(struct connection *connection, struct err *err)
{
	PGresult *answer = PQexec(connection->handle, "COMMIT");
	enum result result = RESULT_OK;

	if (PQstatus(connection->handle) != CONNECTION_OK)
		result = err_code(err, RESULT_UNAVAILABLE, "db-uncertain",
			"the database went away while the change was being kept");
	else if (PQresultStatus(answer) != PGRES_COMMAND_OK)
		result = postgres_translate(connection, answer, err);
	else if (strcmp(PQcmdStatus(answer), "COMMIT") !=
		 0) /* it says ROLLBACK, and no error, after a failure */
		result = err_set(err, RESULT_INTERNAL, "the database rolled the change back");
	PQclear(answer);
	return result;
}

static enum result begin(struct connection *connection, bool read_only, struct err *err)
{
	const char *sql = read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN";

	connection->read_only = read_only;
	enum result result = postgres_simple(connection, sql, err);
	if (result == RESULT_OK || PQstatus(connection->handle) == CONNECTION_OK)
		return result;
	/* It broke while it lay in the pool; once more with a new one. */
	PQreset(connection->handle);
	TRY(connection_begin(connection, err));
	return postgres_simple(connection, sql, err);
}

static bool asks_again(enum result result, const struct err *why)
{
	return result == RESULT_UNAVAILABLE && why->code && strcmp(why->code, "db-again") == 0;
}

/* Without being kept, what the work does is undone. */
static enum result run_once(
	struct postgres *db, bool read_only, bool is_kept, db_work work, void *context, struct err *err)
{
	struct connection *connection;

	TRY(pool_take(db, &connection, err));
	struct tx tx = {.db = &db->db, .connection = connection, .read_only = read_only};
	enum result result = begin(connection, read_only, err);
	if (result == RESULT_OK) {
		result = tx_result(&tx, work(&tx, context, err), err);
		if (asks_again(tx.failure, &tx.failure_err)) /* whatever the work made of it */
			result = tx_result(&tx, RESULT_OK, err);
		if (result == RESULT_OK && is_kept && !read_only)
			result = commit(connection, err);
		else
			(void)postgres_simple(connection, "ROLLBACK", NULL);
	}
	pool_give_back(db, connection);
	return result;
}

static enum result run_again(struct db *base, bool read_only, db_work work, void *context, struct err *err)
{
	struct err why = {0};
	enum result result = RESULT_INTERNAL;

	if (!read_only && gauge_runs_again())
		(void)run_once((struct postgres *)base, read_only, false, work, context, &why);
	for (int i = 0; i < RETRIES; i++) {
		why = (struct err){0};
		result = run_once((struct postgres *)base, read_only, true, work, context, &why);
		if (!asks_again(result, &why))
			break;
	}
	if (err)
		*err = why;
	return result;
}

/* READ COMMITTED is enough: rules are held by conditional statements and constraints, whose conditions are
 * looked at again after waiting for another transaction's row. */
static enum result postgres_write(struct db *base, db_work work, void *context, struct err *err)
{
	return run_again(base, false, work, context, err);
}

static enum result postgres_read(struct db *base, db_work work, void *context, struct err *err)
{
	return run_again(base, true, work, context, err);
}

/* VACUUM alone leaves the bytes of moved and deleted rows in the gaps of pages, so the table is written anew;
 * the old file goes with the checkpoint, and the segments of the log before it with it, unless the server
 * keeps or reuses them. */
static enum result wipe_on(struct connection *connection, const char *table, bool *ret_log, struct err *err)
{
	char vacuum[80];

	(void)snprintf(vacuum, sizeof(vacuum), "VACUUM (FULL) %s", table);
	TRY(postgres_simple(connection, "SET lock_timeout = 2000", err));
	enum result result = postgres_simple(connection, vacuum, err);
	TRY(postgres_simple(connection, "SET lock_timeout = 0", err));
	if (result != RESULT_OK)
		return err_set(err, RESULT_BUSY, "the table could not be written anew now");
	/* Needs rights that the owner of a database does not have by itself. */
	*ret_log = postgres_simple(connection, "SELECT pg_switch_wal()", NULL) == RESULT_OK &&
		   postgres_simple(connection, "CHECKPOINT", NULL) == RESULT_OK;
	return RESULT_OK;
}

static enum result postgres_wipe_deleted(struct db *base, const char *table, bool *ret_log, struct err *err)
{
	struct postgres *db = (struct postgres *)base;
	struct connection *connection;

	TRY(pool_take(db, &connection, err));
	enum result result = wipe_on(connection, table, ret_log, err);
	pool_give_back(db, connection);
	return result;
}

static void postgres_close(struct db *base)
{
	struct postgres *db = (struct postgres *)base;

	while (db->free_connections) {
		struct connection *connection = db->free_connections;
		db->free_connections = connection->next;
		connection_free(connection);
	}
	signal_done(&db->freed);
	lock_done(&db->pool_lock);
	free(db->url);
	free(db);
}

static const struct db_driver postgres_driver = {
	.close = postgres_close,
	.write = postgres_write,
	.read = postgres_read,
	.exec = postgres_exec,
	.query = postgres_query,
	.script = postgres_script,
	.next = postgres_next,
	.release = postgres_release,
	.get_int = postgres_get_int,
	.get_bytes = postgres_get_bytes,
	.is_null = postgres_is_null,
	.wipe_deleted = postgres_wipe_deleted,
};

enum result postgres_open(const struct db_config *config, struct db **ret, struct err *err)
{
	struct postgres *db = mem_new(sizeof(*db));
	struct connection *first;

	db->db = (struct db){&postgres_driver, DB_POSTGRES};
	db->url = mem_new(config->url.len + 1);
	memcpy(db->url, config->url.ptr, config->url.len);
	db->connections_max = config->connections > 0 ? config->connections : CONNECTIONS_DEFAULT;
	lock_init(&db->pool_lock, "postgres pool", POOL_RANK);
	signal_init(&db->freed);
	enum result result = pool_take(db, &first, err);
	if (result != RESULT_OK) {
		postgres_close(&db->db);
		return result;
	}
	pool_give_back(db, first);
	*ret = &db->db;
	return RESULT_OK;
}
