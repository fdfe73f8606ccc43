#include "db/db_private.h"

#include "base/clock.h"
#include "base/thread.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000
#define READERS_DEFAULT 8
/* How long a caller waits for a free reader. */
#define READER_WAIT_MS (10 * MS_SECOND)
#define STATEMENT_SLOTS 256
/* A batch takes what waits, and what comes while it runs, up to these. */
#define BATCH_WORKS 200
#define BATCH_MS 20
#define QUEUE_RANK 500
#define READERS_RANK 510

struct statement {
	const char *sql;
	sqlite3_stmt *handle;
	bool in_use;
	bool is_cached;
};

struct connection {
	sqlite3 *handle;
	struct connection *next; /* in the pool of free readers */
	struct statement statements[STATEMENT_SLOTS];
};

/* One caller of db_write, waiting on its own stack. */
struct job {
	struct job *next;
	db_work work;
	void *context;
	struct err *err;
	enum result result;
	bool done;
	struct signal finished;
};

struct sqlite {
	struct db db;
	char *path;
	struct connection *writer;
	pthread_t writer_thread;
	/* Guards the queue of jobs, their done flags and `stopping`. */
	struct lock queue_lock;
	struct signal queue_filled;
	struct job *first, *last;
	bool stopping;
	/* Guards the free readers and their count. */
	struct lock readers_lock;
	struct signal reader_freed;
	struct connection *free_readers;
	int readers, readers_max;
};

static enum result translate(sqlite3 *handle, int code, struct err *err)
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

static void connection_free(struct connection *connection)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++)
		(void)sqlite3_finalize(connection->statements[i].handle);
	(void)sqlite3_close(connection->handle);
	free(connection);
}
DEFINE_CLEANUP(struct connection *, connection_free)

static enum result connection_open(const char *path, bool writes, struct connection **ret, struct err *err)
{
	cleanup(connection_free_at) struct connection *connection = mem_new(sizeof(*connection));
	static const char settings[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
		" PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000; PRAGMA "
		"journal_size_limit=67108864;";

	int code = sqlite3_open_v2(path, &connection->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	TRY(translate(connection->handle, code, err));
	(void)sqlite3_busy_timeout(connection->handle, BUSY_TIMEOUT_MS);
	TRY(translate(connection->handle, sqlite3_exec(connection->handle, settings, NULL, NULL, NULL), err));
	if (!writes)
		TRY(translate(connection->handle,
			sqlite3_exec(connection->handle, "PRAGMA query_only=ON", NULL, NULL, NULL), err));
	*ret = TAKE(connection);
	return RESULT_OK;
}

static struct connection *connection_of(const struct tx *tx)
{
	return tx->connection;
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
		TRY(translate(connection->handle,
			sqlite3_prepare_v3(
				connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL),
			err));
		*s = (struct statement){.sql = sql, .handle = s->handle, .in_use = true, .is_cached = true};
		*ret = s;
		return RESULT_OK;
	}
	struct statement *single = mem_new(sizeof(*single));
	int code = sqlite3_prepare_v2(connection->handle, sql, -1, &single->handle, NULL);
	if (code != SQLITE_OK) {
		free(single);
		return translate(connection->handle, code, err);
	}
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

/* SQLite numbers $2 … $1 in the order in which they appear, so parameters are bound by name. */
static enum result bind_all(struct connection *connection, sqlite3_stmt *handle, const struct db_value *args,
	size_t count, sqlite3_destructor_type lifetime, struct err *err)
{
	assert((size_t)sqlite3_bind_parameter_count(handle) == count);
	for (size_t i = 0; i < count; i++) {
		char name[24];
		(void)snprintf(name, sizeof(name), "$%zu", i + 1);
		int index = sqlite3_bind_parameter_index(handle, name);
		assert(index > 0);
		if (args[i].kind == DB_VALUE_TEXT &&
			(str_find_char(args[i].text, '\0') >= 0 || !str_is_utf8(args[i].text)))
			return err_set(err, RESULT_INVALID, "text is not UTF-8 without NUL");
		TRY(translate(connection->handle, bind_value(handle, index, &args[i], lifetime), err));
	}
	return RESULT_OK;
}

/* Prepares and binds; the caller releases. SQLite keeps looking at static values until then, transient ones
 * it copies. A failure counts for the whole work. */
static enum result begin_statement(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	sqlite3_destructor_type lifetime, struct statement **ret, struct err *err)
{
	struct connection *connection = connection_of(tx);
	struct statement *s;
	struct err why = {0};

	enum result result = statement_take(connection, sql, &s, &why);
	if (result != RESULT_OK)
		return tx_fail(tx, result, &why, err);
	result = bind_all(connection, s->handle, args, count, lifetime, &why);
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
	enum result result = translate(connection_of(tx)->handle, code, &why);

	/* A file that cannot be written is not there for writers; a reader that wants to is wrong. */
	if (tx->read_only && (code & 0xff) == SQLITE_READONLY)
		result = err_set(&why, RESULT_INTERNAL, "a work that reads only tried to write");
	return tx_fail(tx, result, &why, err);
}

static enum result sqlite_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err)
{
	struct statement *s;

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
static enum result sqlite_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err)
{
	struct statement *s;

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

static bool sqlite_next(struct rows *rows)
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

static void sqlite_release(struct rows *rows)
{
	statement_release(rows->statement);
}

static sqlite3_stmt *handle_of(const struct rows *rows)
{
	return ((const struct statement *)rows->statement)->handle;
}

static int64_t sqlite_get_int(const struct rows *rows, int column)
{
	return sqlite3_column_int64(handle_of(rows), column);
}

static struct bytes sqlite_get_bytes(const struct rows *rows, int column)
{
	const uint8_t *data = sqlite3_column_blob(handle_of(rows), column);

	return (struct bytes){data, (size_t)sqlite3_column_bytes(handle_of(rows), column)};
}

static bool sqlite_is_null(const struct rows *rows, int column)
{
	return sqlite3_column_type(handle_of(rows), column) == SQLITE_NULL;
}

static enum result sqlite_script(struct tx *tx, const char *sql, struct err *err)
{
	struct connection *connection = connection_of(tx);
	int code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? RESULT_OK : step_failed(tx, code, err);
}

static enum result simple(struct connection *connection, const char *sql, struct err *err)
{
	struct statement *s;

	TRY(statement_take(connection, sql, &s, err));
	int code = sqlite3_step(s->handle);
	enum result result = translate(connection->handle, code, err);
	statement_release(s);
	return result;
}

/* A sync that failed may have put the commit on the disk all the same, to be found after a crash. */
static enum result commit(struct connection *connection, struct err *err)
{
	enum result result = simple(connection, "COMMIT", err);

	if (result != RESULT_OK && (sqlite3_errcode(connection->handle) & 0xff) == SQLITE_IOERR)
		err_code(err, result, "db-uncertain", "the disk failed while the change was being kept");
	return result;
}

/* Runs one job in a savepoint of the open transaction. False when the whole transaction is lost, which SQLite
 * rolls back on some failures; `why` tells the reason then. */
static bool run_job(struct sqlite *db, struct job *job, struct err *why)
{
	struct tx tx = {.db = &db->db, .connection = db->writer};

	if (simple(db->writer, "SAVEPOINT job", why) != RESULT_OK)
		return false;
	job->result = tx_result(&tx, job->work(&tx, job->context, job->err), job->err);
	if (sqlite3_get_autocommit(db->writer->handle)) {
		*why = tx.failure_err;
		return false;
	}
	if (job->result != RESULT_OK && simple(db->writer, "ROLLBACK TO job", why) != RESULT_OK)
		return false;
	return simple(db->writer, "RELEASE job", why) == RESULT_OK;
}

static struct job *take_job(struct sqlite *db)
{
	LOCKED(&db->queue_lock);
	struct job *job = db->first;
	if (job) {
		db->first = job->next;
		if (db->first == NULL)
			db->last = NULL;
		job->next = NULL;
	}
	return job;
}

/* None of a failed batch's works may be called done, and none refused: what refused it may be a change by
 * another work of the batch that is gone with it. */
static void fail_batch(struct job *batch, const struct err *why)
{
	for (struct job *job = batch; job; job = job->next)
		job->result = err_code(job->err, RESULT_UNAVAILABLE, why->code ? why->code : "db-unavailable",
			"%s", why->text[0] ? why->text : "the database could not keep the change");
}

static void finish_batch(struct sqlite *db, struct job *batch)
{
	LOCKED(&db->queue_lock);
	while (batch) {
		struct job *next = batch->next; /* the job is gone when its caller wakes up */
		batch->done = true;
		signal_one(&batch->finished);
		batch = next;
	}
}

static void run_batch(struct sqlite *db, struct job *job)
{
	struct job *batch = NULL, **end = &batch;
	struct err err = {0};
	int64_t deadline = clock_monotonic() + BATCH_MS;
	bool begun = simple(db->writer, "BEGIN IMMEDIATE", &err) == RESULT_OK, whole = begun;

	for (int count = 1; job; count++) {
		*end = job;
		end = &job->next;
		job->result = RESULT_OK;
		if (whole)
			whole = run_job(db, job, &err);
		/* Those that waited behind a begin that failed need not each wait for the same. */
		bool more = !begun || (whole && count < BATCH_WORKS && clock_monotonic() < deadline);
		job = more ? take_job(db) : NULL;
	}
	if (whole && commit(db->writer, &err) != RESULT_OK)
		whole = false;
	if (!whole) {
		if (!sqlite3_get_autocommit(db->writer->handle))
			(void)simple(db->writer, "ROLLBACK", NULL);
		fail_batch(batch, &err);
	}
	finish_batch(db, batch);
}

static void *writer_run(void *arg)
{
	struct sqlite *db = arg;

	for (;;) {
		lock_take(&db->queue_lock);
		while (db->first == NULL && !db->stopping)
			signal_wait(&db->queue_filled, &db->queue_lock);
		bool stop = db->first == NULL;
		lock_release(&db->queue_lock);
		if (stop)
			return NULL;
		struct job *job = take_job(db);
		if (job)
			run_batch(db, job);
	}
}

static enum result sqlite_write(struct db *base, db_work work, void *context, struct err *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct job job = {.work = work, .context = context, .err = err};

	signal_init(&job.finished);
	lock_take(&db->queue_lock);
	if (db->last)
		db->last->next = &job;
	else
		db->first = &job;
	db->last = &job;
	signal_one(&db->queue_filled);
	while (!job.done)
		signal_wait(&job.finished, &db->queue_lock);
	lock_release(&db->queue_lock);
	signal_done(&job.finished);
	return job.result;
}

static enum result reader_take(struct sqlite *db, struct connection **ret, struct err *err)
{
	int64_t deadline = clock_monotonic() + READER_WAIT_MS;
	bool waits = true;

	lock_take(&db->readers_lock);
	while (waits && db->free_readers == NULL && db->readers == db->readers_max)
		waits = signal_wait_until(&db->reader_freed, &db->readers_lock, deadline);
	struct connection *reader = db->free_readers;
	bool may_open = reader == NULL && db->readers < db->readers_max;
	if (reader)
		db->free_readers = reader->next;
	else if (may_open)
		db->readers++;
	lock_release(&db->readers_lock);
	if (reader == NULL && !may_open)
		return err_code(err, RESULT_UNAVAILABLE, "db-busy", "too many wait for the database");
	if (reader) {
		*ret = reader;
		return RESULT_OK;
	}
	enum result result = connection_open(db->path, false, ret, err);
	if (result != RESULT_OK) {
		LOCKED(&db->readers_lock);
		db->readers--;
		signal_one(&db->reader_freed);
	}
	return result;
}

static void reader_give_back(struct sqlite *db, struct connection *reader)
{
	LOCKED(&db->readers_lock);
	reader->next = db->free_readers;
	db->free_readers = reader;
	signal_one(&db->reader_freed);
}

static enum result sqlite_read(struct db *base, db_work work, void *context, struct err *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct connection *reader = NULL;

	TRY(reader_take(db, &reader, err));
	struct tx tx = {.db = base, .connection = reader, .read_only = true};
	enum result result = simple(reader, "BEGIN", err);
	if (result == RESULT_OK) {
		result = tx_result(&tx, work(&tx, context, err), err);
		(void)simple(reader, "ROLLBACK", NULL);
	}
	reader_give_back(db, reader);
	return result;
}

static void sqlite_close(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;

	if (db->writer_thread) {
		lock_take(&db->queue_lock);
		db->stopping = true;
		signal_one(&db->queue_filled);
		lock_release(&db->queue_lock);
		(void)pthread_join(db->writer_thread, NULL);
	}
	while (db->free_readers) {
		struct connection *reader = db->free_readers;
		db->free_readers = reader->next;
		connection_free(reader);
	}
	if (db->writer)
		connection_free(db->writer);
	signal_done(&db->queue_filled);
	signal_done(&db->reader_freed);
	lock_done(&db->queue_lock);
	lock_done(&db->readers_lock);
	free(db->path);
	free(db);
}

static const struct db_driver sqlite_driver = {
	.close = sqlite_close,
	.write = sqlite_write,
	.read = sqlite_read,
	.exec = sqlite_exec,
	.query = sqlite_query,
	.script = sqlite_script,
	.next = sqlite_next,
	.release = sqlite_release,
	.get_int = sqlite_get_int,
	.get_bytes = sqlite_get_bytes,
	.is_null = sqlite_is_null,
};

/* A new file is its owner's alone; SQLite gives the files beside it the same mode. A file that is there is
 * not opened: closing it would end the locks that this process holds on it. */
static void create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
}

enum result sqlite_open(const struct db_config *config, struct db **ret, struct err *err)
{
	struct str path = str_from(config->url, STR("sqlite:").len);

	if (path.len == 0) /* which SQLite would take for a temporary database */
		return err_set(err, RESULT_INVALID, "the path is missing in sqlite:/path/to/file");
	struct sqlite *db = mem_new(sizeof(*db));
	db->db = (struct db){&sqlite_driver, DB_SQLITE};
	db->path = mem_new(path.len + 1);
	memcpy(db->path, path.ptr, path.len);
	db->readers_max = config->connections > 0 ? config->connections : READERS_DEFAULT;
	lock_init(&db->queue_lock, "sqlite queue", QUEUE_RANK);
	lock_init(&db->readers_lock, "sqlite readers", READERS_RANK);
	signal_init(&db->queue_filled);
	signal_init(&db->reader_freed);
	create_private(db->path);
	enum result result = connection_open(db->path, true, &db->writer, err);
	if (result == RESULT_OK)
		result = thread_start(&db->writer_thread, "db-writer", writer_run, db);
	if (result != RESULT_OK) {
		sqlite_close(&db->db);
		return result;
	}
	*ret = &db->db;
	return RESULT_OK;
}
