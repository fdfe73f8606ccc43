/* Statements on a connection to PostgreSQL: prepared once, parameters in binary, and their rows. */
#include "db/postgres_private.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

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

enum result postgres_translate(struct connection *connection, const PGresult *result, struct err *err)
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

void postgres_forget_prepared(struct connection *connection)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		free(connection->prepared[i]);
		connection->prepared[i] = NULL;
	}
}

enum result postgres_simple(struct connection *connection, const char *sql, struct err *err)
{
	PGresult *result = PQexec(connection->handle, sql);
	ExecStatusType status = PQresultStatus(result);
	enum result outcome = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
				      ? RESULT_OK
				      : postgres_translate(connection, result, err);

	PQclear(result);
	return outcome;
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
		enum result outcome = postgres_translate(connection, result, err);
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
		enum result outcome = postgres_translate(connection, result, err);
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

enum result postgres_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
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

enum result postgres_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	PGresult *result;

	TRY(run_in_tx(tx, sql, args, count, &result, err));
	*ret = (struct rows){.tx = tx, .statement = result, .row = -1, .row_count = PQntuples(result)};
	return RESULT_OK;
}

enum result postgres_script(struct tx *tx, const char *sql, struct err *err)
{
	struct err why = {0};
	enum result result = postgres_simple(tx->connection, sql, &why);

	return result == RESULT_OK ? RESULT_OK : tx_fail(tx, result, &why, err);
}

bool postgres_next(struct rows *rows)
{
	return rows->row + 1 < rows->row_count && ++rows->row >= 0;
}

void postgres_release(struct rows *rows)
{
	PQclear(rows->statement);
}

struct bytes postgres_get_bytes(const struct rows *rows, int column)
{
	return (struct bytes){(const uint8_t *)PQgetvalue(rows->statement, (int)rows->row, column),
		(size_t)PQgetlength(rows->statement, (int)rows->row, column)};
}

int64_t postgres_get_int(const struct rows *rows, int column)
{
	struct bytes value = postgres_get_bytes(rows, column);
	uint64_t wide = 0;

	assert(value.len > 0 && value.len <= sizeof(wide));
	for (size_t i = 0; i < value.len; i++)
		wide = wide << 8 | value.ptr[i];
	return value.len == 4 ? (int64_t)(int32_t)wide : (int64_t)wide;
}

bool postgres_is_null(const struct rows *rows, int column)
{
	return PQgetisnull(rows->statement, (int)rows->row, column);
}
