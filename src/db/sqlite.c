/* SQLite: one thread writes, in batches with one sync each; a pool of connections reads. */
#include "db/sqlite_private.h"

#include "base/clock.h"
#include "base/thread.h"

#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000
#define READERS_DEFAULT 8
#define WIPE_TIMEOUT_MS 500
/* How long a caller waits for a free reader. */
#define READER_WAIT_MS (10 * MS_SECOND)
/* A batch takes what waits, and what comes while it runs, up to these. */
#define BATCH_WORKS 200
#define BATCH_MS 20
/* Pages in the log from which they are moved to the database by a thread beside the writer; and from which
 * the writer waits for the rest to be moved, so that the log begins anew instead of growing for ever. */
#define LOG_PAGES_MOVED 2000
#define LOG_PAGES_MAX 12000
#define QUEUE_RANK 500
#define READERS_RANK 510
#define MOVER_RANK 520

/* One caller of db_write, waiting on its own stack. */
struct job {
	struct job *next;
	db_work work;
	void *context;
	struct err *err;
	enum result result;
	sem_t finished;
};

struct sqlite {
	struct db db;
	char *path;
	struct connection *writer;
	pthread_t writer_thread;
	/* Guards the queue of jobs and `stopping`. */
	struct lock queue_lock;
	struct signal queue_filled;
	struct job *first, *last;
	bool stopping;
	/* Moves pages from the log to the database. log_pages: in the log after the last commit. */
	struct connection *mover;
	pthread_t mover_thread;
	struct lock mover_lock;
	struct signal log_grew;
	int log_pages;
	bool mover_stopping;
	/* Guards the free readers and their count. */
	struct lock readers_lock;
	struct signal reader_freed;
	struct connection *free_readers;
	int readers, readers_max;
};

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
		" PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; PRAGMA "
		"journal_size_limit=67108864;";

	int code = sqlite3_open_v2(path, &connection->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	TRY(sqlite_translate(connection->handle, code, err));
	(void)sqlite3_busy_timeout(connection->handle, BUSY_TIMEOUT_MS);
	TRY(sqlite_translate(
		connection->handle, sqlite3_exec(connection->handle, settings, NULL, NULL, NULL), err));
	if (!writes)
		TRY(sqlite_translate(connection->handle,
			sqlite3_exec(connection->handle, "PRAGMA query_only=ON", NULL, NULL, NULL), err));
	*ret = TAKE(connection);
	return RESULT_OK;
}

/* A sync that failed may have put the commit on the disk all the same, to be found after a crash. */
static enum result commit(struct connection *connection, struct err *err)
{
	enum result result = sqlite_simple(connection, "COMMIT", err);

	if (result != RESULT_OK && (sqlite3_errcode(connection->handle) & 0xff) == SQLITE_IOERR)
		err_code(err, result, "db-uncertain", "the disk failed while the change was being kept");
	return result;
}

/* Runs one job in a savepoint of the open transaction. False when the whole transaction is lost, which SQLite
 * rolls back on some failures; `why` tells the reason then. */
static bool run_job(struct sqlite *db, struct job *job, struct err *why)
{
	struct tx tx = {.db = &db->db, .connection = db->writer};

	if (sqlite_simple(db->writer, "SAVEPOINT job", why) != RESULT_OK)
		return false;
	job->result = tx_result(&tx, job->work(&tx, job->context, job->err), job->err);
	if (sqlite3_get_autocommit(db->writer->handle)) {
		*why = tx.failure_err;
		return false;
	}
	if (job->result != RESULT_OK && sqlite_simple(db->writer, "ROLLBACK TO job", why) != RESULT_OK)
		return false;
	return sqlite_simple(db->writer, "RELEASE job", why) == RESULT_OK;
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

static void finish_batch(struct job *batch)
{
	while (batch) {
		struct job *next = batch->next; /* the job is gone when its caller wakes up */
		(void)sem_post(&batch->finished);
		batch = next;
	}
}

/* After each commit of the writer, with the number of pages in the log. */
static int note_log(void *context, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite *db = context;

	(void)handle;
	(void)name;
	LOCKED(&db->mover_lock);
	db->log_pages = pages;
	if (pages >= LOG_PAGES_MOVED)
		signal_one(&db->log_grew);
	return SQLITE_OK;
}

static void *mover_run(void *arg)
{
	struct sqlite *db = arg;

	for (int moved = 0;;) {
		lock_take(&db->mover_lock);
		while (!db->mover_stopping && db->log_pages < LOG_PAGES_MOVED + moved) {
			if (db->log_pages < moved)
				moved = 0; /* the log began anew */
			else
				signal_wait(&db->log_grew, &db->mover_lock);
		}
		bool stop = db->mover_stopping;
		moved = db->log_pages;
		lock_release(&db->mover_lock);
		if (stop)
			return NULL;
		(void)sqlite3_wal_checkpoint_v2(
			db->mover->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
}

/* What the mover left is little. The log begins anew with the next change when nobody reads from it. */
static void keep_log_short(struct sqlite *db)
{
	int pages;

	{
		LOCKED(&db->mover_lock);
		pages = db->log_pages;
	}
	if (pages >= LOG_PAGES_MAX)
		(void)sqlite3_wal_checkpoint_v2(
			db->writer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void run_batch(struct sqlite *db, struct job *job)
{
	struct job *batch = NULL, **end = &batch;
	struct err err = {0};
	int64_t deadline = clock_monotonic() + BATCH_MS;
	bool begun = sqlite_simple(db->writer, "BEGIN IMMEDIATE", &err) == RESULT_OK, whole = begun;

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
			(void)sqlite_simple(db->writer, "ROLLBACK", NULL);
		fail_batch(batch, &err);
	}
	finish_batch(batch);
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
		keep_log_short(db);
	}
}

static enum result sqlite_write(struct db *base, db_work work, void *context, struct err *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct job job = {.work = work, .context = context, .err = err};

	(void)sem_init(&job.finished, 0, 0);
	lock_take(&db->queue_lock);
	if (db->last)
		db->last->next = &job;
	else
		db->first = &job;
	db->last = &job;
	signal_one(&db->queue_filled);
	lock_release(&db->queue_lock);
	while (sem_wait(&job.finished) != 0)
		; /* a signal came */
	(void)sem_destroy(&job.finished);
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
	enum result result = sqlite_simple(reader, "BEGIN", err);
	if (result == RESULT_OK) {
		result = tx_result(&tx, work(&tx, context, err), err);
		(void)sqlite_simple(reader, "ROLLBACK", NULL);
	}
	reader_give_back(db, reader);
	return result;
}

/* Deleted cells are overwritten already (secure_delete); what remains is in the log. */
static enum result sqlite_wipe_deleted(struct db *base, const char *table, bool *ret_log, struct err *err)
{
	const struct sqlite *db = (const struct sqlite *)base;
	cleanup(connection_free_at) struct connection *connection = NULL;
	int frames, moved;

	(void)table;
	TRY(connection_open(db->path, true, &connection, err));
	/* It keeps the writer out while it waits for readers. */
	(void)sqlite3_busy_timeout(connection->handle, WIPE_TIMEOUT_MS);
	int code = sqlite3_wal_checkpoint_v2(
		connection->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &moved);
	if ((code & 0xff) == SQLITE_BUSY)
		return err_set(err, RESULT_BUSY, "the log is being read");
	*ret_log = true;
	return sqlite_translate(connection->handle, code, err);
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
	if (db->mover_thread) {
		lock_take(&db->mover_lock);
		db->mover_stopping = true;
		signal_one(&db->log_grew);
		lock_release(&db->mover_lock);
		(void)pthread_join(db->mover_thread, NULL);
	}
	while (db->free_readers) {
		struct connection *reader = db->free_readers;
		db->free_readers = reader->next;
		connection_free(reader);
	}
	if (db->mover)
		connection_free(db->mover);
	if (db->writer)
		connection_free(db->writer);
	signal_done(&db->queue_filled);
	signal_done(&db->reader_freed);
	signal_done(&db->log_grew);
	lock_done(&db->mover_lock);
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
	.wipe_deleted = sqlite_wipe_deleted,
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
	lock_init(&db->mover_lock, "sqlite log", MOVER_RANK);
	signal_init(&db->log_grew);
	signal_init(&db->queue_filled);
	signal_init(&db->reader_freed);
	create_private(db->path);
	enum result result = connection_open(db->path, true, &db->writer, err);
	if (result == RESULT_OK)
		result = connection_open(db->path, true, &db->mover, err);
	if (result == RESULT_OK) {
		(void)sqlite3_wal_hook(db->writer->handle, note_log, db);
		result = thread_start(&db->mover_thread, "db-log", mover_run, db);
	}
	if (result == RESULT_OK)
		result = thread_start(&db->writer_thread, "db-writer", writer_run, db);
	if (result != RESULT_OK) {
		sqlite_close(&db->db);
		return result;
	}
	*ret = &db->db;
	return RESULT_OK;
}
