#include "db/db_private.h"

#include "base/clock.h"
#include "base/thread.h"

#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CONNECTIONS_DEFAULT 16
#define STATEMENT_SLOTS 256
#define ARGS_MAX 40
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

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

/* A prepared statement is known by its text and the types of its parameters. */
struct prepared {
	const char *sql;
	Oid types[ARGS_MAX];
	size_t count;
	char name[16];
};

struct connection {
	PGconn *handle;
	struct connection *next; /* in the pool of free ones */
	struct prepared *prepared[STATEMENT_SLOTS];
	int prepared_count;
	bool read_only; /* the transaction that it is used for */
	bool stale;	/* to be closed instead of used again */
};

struct postgres {
	struct db db;
	char *url;
	/* Guards the free connections and their count. */
	struct lock pool_lock;
	struct signal freed;
	struct connection *free_connections;
	int connections, connections_max;
};

static enum result translate_state(const char *state, const char *text, struct err *err)
{
	if (state == NULL || strncmp(state, "08", 2) == 0 || strncmp(state, "57", 2) == 0)
		return err_code(err, RESULT_UNAVAILABLE, "db-unavailable", "the database does not answer");
	if (strcmp(state, "23505") == 0)
		return err_code(err, RESULT_CONFLICT, "db-unique", "%s", text);
	if (strcmp(state, "53100") == 0)
		return err_code(err, RESULT_UNAVAILABLE, "db-full", "the database has no room left");
	/* Memory, connections, locks, its disk; our transaction was idle for too long. */
	if (strncmp(state, "53", 2) == 0 || strncmp(state, "55", 2) == 0 || strncmp(state, "58", 2) == 0 ||
		strcmp(state, "25P03") == 0)
		return err_code(err, RESULT_UNAVAILABLE, "db-unavailable", "database: %s", text);
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0)
		return err_code(err, RESULT_UNAVAILABLE, "db-again", "the database asks to try again");
	if (strcmp(state, "22021") == 0)
		return err_set(err, RESULT_INVALID, "text is not UTF-8 without NUL");
	return err_set(err, RESULT_INTERNAL, "database: %s", text);
}

/* Failures that come from what the connection is or remembers and end with it: a plan made before another
 * node changed the table, a prepared statement that the server forgot, a server that has become a standby. */
static bool is_stale(const struct connection *connection, const char *state)
{
	return strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0 ||
	       (strcmp(state, "25006") == 0 && !connection->read_only);
}

static enum result translate(struct connection *connection, const PGresult *result, struct err *err)
{
	char text[300];
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	(void)snprintf(text, sizeof(text), "%s", primary ? primary : "no answer");
	if (PQstatus(connection->handle) != CONNECTION_OK)
		state = NULL;
	if (state && is_stale(connection, state)) {
		connection->stale = true;
		return err_code(err, RESULT_UNAVAILABLE,
			strcmp(state, "25006") == 0 ? "db-unavailable" : "db-again", "database: %s", text);
	}
	return translate_state(state, text, err);
}

static void forget_prepared(struct connection *connection)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		free(connection->prepared[i]);
		connection->prepared[i] = NULL;
	}
}

static void connection_free(struct connection *connection)
{
	forget_prepared(connection);
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

static enum result simple(struct connection *connection, const char *sql, struct err *err)
{
	PGresult *result = PQexec(connection->handle, sql);
	ExecStatusType status = PQresultStatus(result);
	enum result outcome = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
				      ? RESULT_OK
				      : translate(connection, result, err);

	PQclear(result);
	return outcome;
}

/* Makes a new connection ready: nothing is prepared on it yet. */
static enum result connection_begin(struct connection *connection, struct err *err)
{
	forget_prepared(connection);
	connection->stale = false;
	if (PQstatus(connection->handle) != CONNECTION_OK)
		return err_code(err, RESULT_UNAVAILABLE, "db-unavailable", "the database cannot be reached");
	const char *encoding = PQparameterStatus(connection->handle, "server_encoding");
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return err_set(err, RESULT_INVALID, "the database must be created with the encoding UTF8");
	return simple(connection, settings, err);
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

struct parameters {
	Oid types[ARGS_MAX];
	const char *values[ARGS_MAX];
	int lengths[ARGS_MAX];
	int formats[ARGS_MAX];
	uint64_t numbers[ARGS_MAX];
};

static enum result parameter_set(
	struct parameters *p, size_t i, const struct db_value *value, struct err *err)
{
	if ((value->kind == DB_VALUE_TEXT && value->text.len > INT_MAX) ||
		(value->kind == DB_VALUE_BYTES && value->bytes.len > INT_MAX))
		return err_set(err, RESULT_TOO_LARGE, "too large for a database row");
	p->formats[i] = 1;
	switch (value->kind) {
	case DB_VALUE_NULL:
		p->types[i] = OID_INT8;
		break;
	case DB_VALUE_NULL_TEXT:
		p->types[i] = OID_TEXT;
		break;
	case DB_VALUE_NULL_BYTES:
		p->types[i] = OID_BYTEA;
		break;
	case DB_VALUE_INT:
		p->types[i] = OID_INT8;
		p->numbers[i] = htobe64((uint64_t)value->number);
		p->values[i] = (const char *)&p->numbers[i];
		p->lengths[i] = sizeof(uint64_t);
		break;
	case DB_VALUE_TEXT:
		if (str_find_char(value->text, '\0') >= 0 || !str_is_utf8(value->text))
			return err_set(err, RESULT_INVALID, "text is not UTF-8 without NUL");
		p->types[i] = OID_TEXT;
		p->values[i] = value->text.len ? value->text.ptr : "";
		p->lengths[i] = (int)value->text.len;
		break;
	case DB_VALUE_BYTES:
		p->types[i] = OID_BYTEA;
		p->values[i] = value->bytes.len ? (const char *)value->bytes.ptr : "";
		p->lengths[i] = (int)value->bytes.len;
		break;
	case DB_VALUE_ID:
		p->types[i] = OID_BYTEA;
		p->values[i] = (const char *)value->id.b;
		p->lengths[i] = ID_BYTES;
		break;
	}
	return RESULT_OK;
}

static bool is_prepared_as(const struct prepared *p, const char *sql, const Oid *types, size_t count)
{
	return p && p->count == count && strcmp(p->sql, sql) == 0 &&
	       (count == 0 || memcmp(p->types, types, count * sizeof(Oid)) == 0);
}

/* The name under which the server knows the statement; prepares it the first time. */
static enum result prepare(struct connection *connection, const char *sql,
	const struct parameters *parameters, size_t count, const char **ret_name, struct err *err)
{
	size_t slot = statement_slot(sql, STATEMENT_SLOTS), at = slot;

	for (size_t i = 0; i < 8; i++) {
		at = (slot + i) % STATEMENT_SLOTS;
		if (connection->prepared[at] == NULL)
			break;
		if (is_prepared_as(connection->prepared[at], sql, parameters->types, count)) {
			*ret_name = connection->prepared[at]->name;
			return RESULT_OK;
		}
	}
	if (connection->prepared[at]) { /* no slot left: run it unprepared */
		*ret_name = NULL;
		return RESULT_OK;
	}
	struct prepared *p = mem_new(sizeof(*p));
	p->sql = sql;
	p->count = count;
	memcpy(p->types, parameters->types, count * sizeof(Oid));
	(void)snprintf(p->name, sizeof(p->name), "s%d", connection->prepared_count++);
	PGresult *result = PQprepare(connection->handle, p->name, sql, (int)count, p->types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		enum result outcome = translate(connection, result, err);
		PQclear(result);
		free(p);
		return outcome;
	}
	PQclear(result);
	connection->prepared[at] = p;
	*ret_name = p->name;
	return RESULT_OK;
}

static enum result run(struct connection *connection, const char *sql, const struct db_value *args,
	size_t count, PGresult **ret, struct err *err)
{
	struct parameters p = {0};
	const char *name = NULL;

	assert(count <= ARGS_MAX);
	for (size_t i = 0; i < count; i++)
		TRY(parameter_set(&p, i, &args[i], err));
	TRY(prepare(connection, sql, &p, count, &name, err));
	PGresult *result =
		name ? PQexecPrepared(connection->handle, name, (int)count, p.values, p.lengths, p.formats, 1)
		     : PQexecParams(connection->handle, sql, (int)count, p.types, p.values, p.lengths,
			       p.formats, 1);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		enum result outcome = translate(connection, result, err);
		PQclear(result);
		return outcome;
	}
	*ret = result;
	return RESULT_OK;
}

static enum result run_in_tx(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	PGresult **ret, struct err *err)
{
	struct err why = {0};
	enum result result = run(tx->connection, sql, args, count, ret, &why);

	return result == RESULT_OK ? RESULT_OK : tx_fail(tx, result, &why, err);
}

static enum result postgres_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err)
{
	PGresult *result;
	uint64_t changed = 0;

	TRY(run_in_tx(tx, sql, args, count, &result, err));
	(void)str_to_uint(str_of(PQcmdTuples(result)), INT64_MAX, &changed);
	if (ret_changed)
		*ret_changed = (int64_t)changed;
	PQclear(result);
	return RESULT_OK;
}

static enum result postgres_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	PGresult *result;

	TRY(run_in_tx(tx, sql, args, count, &result, err));
	*ret = (struct rows){.tx = tx, .statement = result, .row = -1, .row_count = PQntuples(result)};
	return RESULT_OK;
}

static enum result postgres_script(struct tx *tx, const char *sql, struct err *err)
{
	struct err why = {0};
	enum result result = simple(tx->connection, sql, &why);

	return result == RESULT_OK ? RESULT_OK : tx_fail(tx, result, &why, err);
}

static bool postgres_next(struct rows *rows)
{
	return rows->row + 1 < rows->row_count && ++rows->row >= 0;
}

static void postgres_release(struct rows *rows)
{
	PQclear(rows->statement);
}

static struct bytes postgres_get_bytes(const struct rows *rows, int column)
{
	return (struct bytes){(const uint8_t *)PQgetvalue(rows->statement, (int)rows->row, column),
		(size_t)PQgetlength(rows->statement, (int)rows->row, column)};
}

static int64_t postgres_get_int(const struct rows *rows, int column)
{
	struct bytes value = postgres_get_bytes(rows, column);
	uint64_t wide = 0;

	assert(value.len > 0 && value.len <= sizeof(wide));
	for (size_t i = 0; i < value.len; i++)
		wide = wide << 8 | value.ptr[i];
	return value.len == 4 ? (int64_t)(int32_t)wide : (int64_t)wide;
}

static bool postgres_is_null(const struct rows *rows, int column)
{
	return PQgetisnull(rows->statement, (int)rows->row, column);
}

static enum result commit(struct connection *connection, struct err *err)
{
	PGresult *answer = PQexec(connection->handle, "COMMIT");
	enum result result = RESULT_OK;

	if (PQstatus(connection->handle) != CONNECTION_OK)
		result = err_code(err, RESULT_UNAVAILABLE, "db-uncertain",
			"the database went away while the change was being kept");
	else if (PQresultStatus(answer) != PGRES_COMMAND_OK)
		result = translate(connection, answer, err);
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
	enum result result = simple(connection, sql, err);
	if (result == RESULT_OK || PQstatus(connection->handle) == CONNECTION_OK)
		return result;
	/* It broke while it lay in the pool; once more with a new one. */
	PQreset(connection->handle);
	TRY(connection_begin(connection, err));
	return simple(connection, sql, err);
}

static bool asks_again(enum result result, const struct err *why)
{
	return result == RESULT_UNAVAILABLE && why->code && strcmp(why->code, "db-again") == 0;
}

static enum result run_once(struct postgres *db, bool read_only, db_work work, void *context, struct err *err)
{
	struct connection *connection;

	TRY(pool_take(db, &connection, err));
	struct tx tx = {.db = &db->db, .connection = connection, .read_only = read_only};
	enum result result = begin(connection, read_only, err);
	if (result == RESULT_OK) {
		result = tx_result(&tx, work(&tx, context, err), err);
		if (asks_again(tx.failure, &tx.failure_err)) /* whatever the work made of it */
			result = tx_result(&tx, RESULT_OK, err);
		if (result == RESULT_OK && !read_only)
			result = commit(connection, err);
		else
			(void)simple(connection, "ROLLBACK", NULL);
	}
	pool_give_back(db, connection);
	return result;
}

static enum result run_again(struct db *base, bool read_only, db_work work, void *context, struct err *err)
{
	struct err why = {0};
	enum result result = RESULT_INTERNAL;

	for (int i = 0; i < RETRIES; i++) {
		why = (struct err){0};
		result = run_once((struct postgres *)base, read_only, work, context, &why);
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
