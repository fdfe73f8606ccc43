/* SQLite: one thread writes, in batches with one sync each; a pool of connections reads. */
#include "db/sqlite_log.h"
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
/* A commit that took longer tells nothing of the next ones. */
#define COMMIT_MS_MAX 16
#define QUEUE_RANK 500
#define READERS_RANK 510

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
	/* Guards the queue of jobs and what follows it. */
	struct lock queue_lock;
	struct signal queue_filled;
	struct job *first, *last;
	int waiting;
	int expected;		/* in the next batch */
	int64_t commit_16th_ms; /* how long a commit takes, in 1/16 ms */
	bool stopping;
	struct sqlite_log log;
	/* Guards the free readers and their count. */
	struct lock readers_lock;
	struct signal reader_freed;
	struct connection *free_readers;
	int readers, readers_max;
};

void sqlite_connection_free(struct connection *connection)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++)
		(void)sqlite3_finalize(connection->statements[i].handle);
	(void)sqlite3_close(connection->handle);
	free(connection);
}

static enum result connection_open(const char *path, bool writes, struct connection **ret, struct err *err)
{
	cleanup(sqlite_connection_free_at) struct connection *connection = mem_new(sizeof(*connection));
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
		db->waiting--;
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

/* Waits for the next work of the batch. Those whose works were kept a moment ago come back with their next
 * ones: one sync for all is better than two halves that wait for each other's. So a batch waits for as many
 * as came of late, and no longer than half of the time that a commit takes. */
static struct job *await_job(struct sqlite *db, int count, int64_t until)
{
	lock_take(&db->queue_lock);
	while (db->first == NULL && !db->stopping && count < db->expected &&
		signal_wait_until(&db->queue_filled, &db->queue_lock, until))
		;
	lock_release(&db->queue_lock);
	return take_job(db);
}

static int64_t patience(struct sqlite *db)
{
	LOCKED(&db->queue_lock);
	return db->commit_16th_ms / 32;
}

/* After a batch: the average time of a commit, and how many may be expected in the next batch. */
static void note_batch(struct sqlite *db, int count, int64_t commit_ms)
{
	LOCKED(&db->queue_lock);
	db->commit_16th_ms +=
		((commit_ms < COMMIT_MS_MAX ? commit_ms : COMMIT_MS_MAX) * 16 - db->commit_16th_ms) / 8;
	db->expected = count + db->waiting;
}

/* The next work of the open batch; NULL when it is to be committed. */
static struct job *next_job(struct sqlite *db, int count, int64_t *until, int64_t deadline)
{
	int64_t now = clock_monotonic();

	if (count >= BATCH_WORKS || now >= deadline)
		return NULL;
	struct job *job = take_job(db);
	if (job)
		return job;
	if (*until == 0)
		*until = now + patience(db);
	return await_job(db, count, *until < deadline ? *until : deadline);
}

/* True when it was committed. */
static bool end_batch(struct sqlite *db, int count, bool whole, struct err *err)
{
	if (whole) {
		sqlite_log_make_room(&db->log);
		int64_t before = clock_monotonic();
		whole = commit(db->writer, err) == RESULT_OK;
		note_batch(db, count, clock_monotonic() - before);
	}
	if (!whole && !sqlite3_get_autocommit(db->writer->handle))
		(void)sqlite_simple(db->writer, "ROLLBACK", NULL);
	return whole;
}

static void run_batch(struct sqlite *db, struct job *job)
{
	struct job *batch = NULL, **end = &batch;
	struct err err = {0};
	int64_t deadline = clock_monotonic() + BATCH_MS, until = 0;
	bool begun = sqlite_simple(db->writer, "BEGIN IMMEDIATE", &err) == RESULT_OK, whole = begun;
	int count = 0;

	while (job) {
		*end = job;
		end = &job->next;
		job->result = RESULT_OK;
		count++;
		if (whole)
			whole = run_job(db, job, &err);
		/* Those that waited behind a begin that failed need not each wait for the same. */
		if (!begun)
			job = take_job(db);
		else
			job = whole ? next_job(db, count, &until, deadline) : NULL;
	}
	if (!end_batch(db, count, whole, &err))
		fail_batch(batch, &err);
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
		sqlite_log_keep_short(&db->log, db->writer);
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
	db->waiting++;
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
	cleanup(sqlite_connection_free_at) struct connection *connection = NULL;
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
	sqlite_log_stop(&db->log);
	while (db->free_readers) {
		struct connection *reader = db->free_readers;
		db->free_readers = reader->next;
		sqlite_connection_free(reader);
	}
	if (db->writer)
		sqlite_connection_free(db->writer);
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
	struct connection *mover = NULL;
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
		result = connection_open(db->path, true, &mover, err);
	if (result == RESULT_OK)
		result = sqlite_log_start(&db->log, db->path, mover, db->writer);
	if (result == RESULT_OK)
		result = thread_start(&db->writer_thread, "db-writer", writer_run, db);
	if (result != RESULT_OK) {
		sqlite_close(&db->db);
		return result;
	}
	*ret = &db->db;
	return RESULT_OK;
}
