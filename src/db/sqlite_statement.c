/* Statements on a connection to SQLite: prepared once, bound by name, and their rows. */
#include "db/sqlite_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum result sqlite_translate(sqlite3 *handle, int code, struct err *err)
{
	const char *text = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return RESULT_OK;
	case SQLITE_CONSTRAINT:
		if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
			code == SQLITE_CONSTRAINT_ROWID)
			return err_code(err, RESULT_CONFLICT, "db-unique", "%s", text);
		return err_set(err, RESULT_INTERNAL, "database: %s", text);
	case SQLITE_FULL:
		return err_code(err, RESULT_UNAVAILABLE, "db-full", "no room left for the database");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_INTERRUPT:
		return err_code(err, RESULT_UNAVAILABLE, "db-unavailable", "database: %s", text);
	default:
		return err_set(err, RESULT_INTERNAL, "database: %s", text);
	}
}

static struct connection *connection_of(const struct tx *tx)
{
	return tx->connection;
}

/* SQLite numbers $2 … $1 in the order in which they appear, so parameters are bound by name. */
static void number_parameters(struct statement *s)
{
	int count = sqlite3_bind_parameter_count(s->handle);

	assert(count <= STATEMENT_PARAMETERS_MAX);
	for (int i = 0; i < count; i++) {
		char name[24];
		(void)snprintf(name, sizeof(name), "$%d", i + 1);
		int index = sqlite3_bind_parameter_index(s->handle, name);
		assert(index > 0);
		s->index[i] = (unsigned char)index;
	}
}

/* The prepared statement for a text: a cached one, unless that is in use by rows further up. */
static enum result statement_take(
	struct connection *connection, const char *sql, struct statement **ret, struct err *err)
{
	size_t slot = statement_slot(sql, STATEMENT_SLOTS);

	for (size_t i = 0; i < 8; i++) {
		struct statement *s = &connection->statements[(slot + i) % STATEMENT_SLOTS];
		if (s->handle && !s->in_use && strcmp(sqlite3_sql(s->handle), sql) == 0) {
			s->in_use = true;
			*ret = s;
			return RESULT_OK;
		}
		if (s->handle)
			continue;
		TRY(sqlite_translate(connection->handle,
			sqlite3_prepare_v3(
				connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL),
			err));
		*s = (struct statement){.sql = sql, .handle = s->handle, .in_use = true, .is_cached = true};
		number_parameters(s);
		*ret = s;
		return RESULT_OK;
	}
	struct statement *single = mem_new(sizeof(*single));
	int code = sqlite3_prepare_v2(connection->handle, sql, -1, &single->handle, NULL);
	if (code != SQLITE_OK) {
		free(single);
		return sqlite_translate(connection->handle, code, err);
	}
	number_parameters(single);
	*ret = single;
	return RESULT_OK;
}

static void statement_release(struct statement *s)
{
	(void)sqlite3_reset(s->handle);
	(void)sqlite3_clear_bindings(s->handle);
	if (s->is_cached) {
		s->in_use = false;
		return;
	}
	(void)sqlite3_finalize(s->handle);
	free(s);
}

static int bind_value(
	sqlite3_stmt *handle, int index, const struct db_value *value, sqlite3_destructor_type lifetime)
{
	switch (value->kind) {
	case DB_VALUE_NULL:
	case DB_VALUE_NULL_TEXT:
	case DB_VALUE_NULL_BYTES:
		return sqlite3_bind_null(handle, index);
	case DB_VALUE_INT:
		return sqlite3_bind_int64(handle, index, value->number);
	case DB_VALUE_TEXT:
		return sqlite3_bind_text64(handle, index, value->text.len ? value->text.ptr : "",
			value->text.len, lifetime, SQLITE_UTF8);
	case DB_VALUE_BYTES:
		if (value->bytes.len == 0)
			return sqlite3_bind_zeroblob(handle, index, 0);
		return sqlite3_bind_blob64(handle, index, value->bytes.ptr, value->bytes.len, lifetime);
	case DB_VALUE_ID:
		return sqlite3_bind_blob(handle, index, value->id.b, ID_BYTES, lifetime);
	}
	return SQLITE_MISUSE;
}

static enum result bind_all(struct connection *connection, struct statement *s, const struct db_value *args,
	size_t count, sqlite3_destructor_type lifetime, struct err *err)
{
	assert((size_t)sqlite3_bind_parameter_count(s->handle) == count);
	for (size_t i = 0; i < count; i++) {
		if (args[i].kind == DB_VALUE_TEXT &&
			(str_find_char(args[i].text, '\0') >= 0 || !str_is_utf8(args[i].text)))
			return err_set(err, RESULT_INVALID, "text is not UTF-8 without NUL");
		TRY(sqlite_translate(
			connection->handle, bind_value(s->handle, s->index[i], &args[i], lifetime), err));
	}
	return RESULT_OK;
}

/* Prepares and binds; the caller releases. SQLite keeps looking at static values until then, transient ones
 * it copies. A failure counts for the whole work. */
static enum result begin_statement(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	sqlite3_destructor_type lifetime, struct statement **ret, struct err *err)
{
	struct connection *connection = connection_of(tx);
	struct statement *s = NULL;
	struct err why = {0};

	enum result result = statement_take(connection, sql, &s, &why);
	if (result != RESULT_OK)
		return tx_fail(tx, result, &why, err);
	result = bind_all(connection, s, args, count, lifetime, &why);
	if (result != RESULT_OK) {
		statement_release(s);
		return tx_fail(tx, result, &why, err);
	}
	*ret = s;
	return RESULT_OK;
}

static enum result step_failed(struct tx *tx, int code, struct err *err)
{
	struct err why = {0};
	enum result result = sqlite_translate(connection_of(tx)->handle, code, &why);

	/* A file that cannot be written is not there for writers; a reader that wants to is wrong. */
	if (tx->read_only && (code & 0xff) == SQLITE_READONLY)
		result = err_set(&why, RESULT_INTERNAL, "a work that reads only tried to write");
	return tx_fail(tx, result, &why, err);
}

enum result sqlite_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err)
{
	struct statement *s = NULL;

	TRY(begin_statement(tx, sql, args, count, SQLITE_STATIC, &s, err));
	int code = sqlite3_step(s->handle);
	enum result result = RESULT_OK;
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		result = step_failed(tx, code, err);
	else if (ret_changed)
		*ret_changed = sqlite3_changes64(connection_of(tx)->handle);
	statement_release(s);
	return result;
}

/* Steps once, so that a statement with RETURNING has done its change. */
enum result sqlite_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	struct statement *s = NULL;

	TRY(begin_statement(tx, sql, args, count, SQLITE_TRANSIENT, &s, err));
	int code = sqlite3_step(s->handle);
	if (code != SQLITE_DONE && code != SQLITE_ROW) {
		enum result result = step_failed(tx, code, err);
		statement_release(s);
		return result;
	}
	*ret = (struct rows){.tx = tx, .statement = s, .row = -1, .row_count = code == SQLITE_ROW};
	return RESULT_OK;
}

bool sqlite_next(struct rows *rows)
{
	struct statement *s = rows->statement;

	if (rows->row < 0) {
		rows->row = 0;
		return rows->row_count > 0;
	}
	if (rows->row_count == 0)
		return false;
	int code = sqlite3_step(s->handle);
	if (code == SQLITE_ROW) {
		rows->row++;
		return true;
	}
	rows->row_count = 0;
	if (code != SQLITE_DONE)
		rows->result = step_failed(rows->tx, code, &rows->err);
	return false;
}

void sqlite_release(struct rows *rows)
{
	statement_release(rows->statement);
}

static sqlite3_stmt *handle_of(const struct rows *rows)
{
	return ((const struct statement *)rows->statement)->handle;
}

int64_t sqlite_get_int(const struct rows *rows, int column)
{
	return sqlite3_column_int64(handle_of(rows), column);
}

struct bytes sqlite_get_bytes(const struct rows *rows, int column)
{
	const uint8_t *data = sqlite3_column_blob(handle_of(rows), column);

	return (struct bytes){data, (size_t)sqlite3_column_bytes(handle_of(rows), column)};
}

bool sqlite_is_null(const struct rows *rows, int column)
{
	return sqlite3_column_type(handle_of(rows), column) == SQLITE_NULL;
}

enum result sqlite_script(struct tx *tx, const char *sql, struct err *err)
{
	struct connection *connection = connection_of(tx);

	connection->has_run_script = true;
	int code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? RESULT_OK : step_failed(tx, code, err);
}

enum result sqlite_simple(struct connection *connection, const char *sql, struct err *err)
{
	struct statement *s = NULL;

	TRY(statement_take(connection, sql, &s, err));
	int code = sqlite3_step(s->handle);
	enum result result = sqlite_translate(connection->handle, code, err);
	statement_release(s);
	return result;
}
