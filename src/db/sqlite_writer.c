/* The runner runs works in one transaction, as long as the commit before it is being made durable; then it
 * commits without a sync (synchronous=NORMAL) and the syncer syncs the log. Whoever gave a work waits for
 * that sync. What follows sees what went before while that is not durable yet: commits are durable in their
 * order, so it is never kept without it. */
#include "db/sqlite_writer.h"

#include "base/clock.h"

#include <semaphore.h>

/* A batch takes what waits, and what comes while the sync before it runs, up to these. */
#define BATCH_WORKS 200
#define BATCH_MS 20
#define WRITER_RANK 500

/* One caller of db_write, waiting on its own stack. */
struct job {
	struct job *next;
	db_work work;
	void *context;
	struct err *err;
	enum result result;
	sem_t finished;
};

struct batch {
	struct job_queue jobs;
	int count;
	int64_t deadline;
	bool is_careful; /* each job in a savepoint */
	bool is_spoiled; /* by a job that failed and left a part of its changes */
	struct err why;	 /* the transaction is lost */
};

static void append(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
}

static struct job *take(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (job)
		queue->first = job->next;
	if (queue->first == NULL)
		queue->last = NULL;
	return job;
}

static void move_all(struct job_queue *from, struct job_queue *to)
{
	for (struct job *job = take(from); job; job = take(from))
		append(to, job);
}

static void finish(struct job_queue *jobs)
{
	for (struct job *job = take(jobs); job; job = take(jobs)) /* it is gone when its caller wakes up */
		(void)sem_post(&job->finished);
}

/* None of a failed batch's works may be called done, and none refused: what refused it may be a change by
 * another work of the batch that is gone with it. */
static void fail(const struct job_queue *jobs, const struct err *why)
{
	for (struct job *job = jobs->first; job; job = job->next)
		job->result = err_code(job->err, RESULT_UNAVAILABLE, why->code ? why->code : "db-unavailable",
			"%s", why->text[0] ? why->text : "the database could not keep the change");
}

static bool simple(struct sqlite_writer *writer, const char *sql, struct batch *batch)
{
	return sqlite_simple(writer->connection, sql, &batch->why) == RESULT_OK;
}

/* False when the whole transaction is lost, which SQLite rolls back on some failures. A savepoint costs a
 * copy of each page that the job changes, so most batches do without: then a job that fails after changes
 * spoils the batch, which is run again with them. */
static bool run_job(struct sqlite_writer *writer, struct batch *batch, struct job *job)
{
	struct tx tx = {.db = writer->db, .connection = writer->connection};
	sqlite3 *handle = writer->connection->handle;
	int64_t changes = sqlite3_total_changes64(handle);

	if (batch->is_careful && !simple(writer, "SAVEPOINT job", batch))
		return false;
	writer->connection->has_run_script = false;
	if (job->err)
		*job->err = (struct err){0};
	job->result = tx_result(&tx, job->work(&tx, job->context, job->err), job->err);
	if (sqlite3_get_autocommit(handle)) {
		batch->why = tx.failure_err;
		return false;
	}
	if (!batch->is_careful) {
		batch->is_spoiled |= gauge_runs_again();
		batch->is_spoiled |=
			job->result != RESULT_OK &&
			(writer->connection->has_run_script || sqlite3_total_changes64(handle) != changes);
		return true;
	}
	if (job->result != RESULT_OK && !simple(writer, "ROLLBACK TO job", batch))
		return false;
	return simple(writer, "RELEASE job", batch);
}

/* The next work of the open batch; NULL when it is to be committed. */
static struct job *next_job(struct sqlite_writer *writer, const struct batch *batch)
{
	if (batch->count >= BATCH_WORKS || clock_monotonic() >= batch->deadline)
		return NULL;
	LOCKED(&writer->lock);
	while (writer->waiting.first == NULL && writer->is_syncing && !writer->is_stopping &&
		signal_wait_until(&writer->changed, &writer->lock, batch->deadline))
		;
	return take(&writer->waiting);
}

static bool run_jobs(struct sqlite_writer *writer, struct batch *batch, struct job *job)
{
	while (job) {
		append(&batch->jobs, job);
		batch->count++;
		if (!run_job(writer, batch, job))
			return false;
		job = batch->is_spoiled ? NULL : next_job(writer, batch);
	}
	return true;
}

static bool run_again(struct sqlite_writer *writer, struct batch *batch)
{
	batch->is_careful = true;
	if (!simple(writer, "ROLLBACK", batch) || !simple(writer, "BEGIN IMMEDIATE", batch))
		return false;
	for (struct job *job = batch->jobs.first; job; job = job->next)
		if (!run_job(writer, batch, job))
			return false;
	return true;
}

/* When the disk fails on the way the log may hold the whole of it, and who opens it next would believe it. */
static bool commit(struct sqlite_writer *writer, struct batch *batch)
{
	if (sqlite_log_prepare(writer->log, &batch->why) != RESULT_OK)
		return false;
	if (simple(writer, "COMMIT", batch))
		return true;
	if ((sqlite3_errcode(writer->connection->handle) & 0xff) == SQLITE_IOERR)
		(void)sqlite_log_unsure(&batch->why);
	return false;
}

/* To the syncer, also when nothing was written: what a work found may not be durable yet. */
static void hand_over(struct sqlite_writer *writer, struct batch *batch, bool has_written)
{
	lock_take(&writer->lock);
	move_all(&batch->jobs, &writer->undurable);
	writer->has_written |= has_written;
	writer->is_syncing = true;
	lock_release(&writer->lock);
	signal_one(&writer->committed);
}

static void run_batch(struct sqlite_writer *writer, struct job *job)
{
	struct batch batch = {.deadline = clock_monotonic() + BATCH_MS};
	int64_t commits = sqlite_log_commits(writer->log);

	bool is_begun = simple(writer, "BEGIN IMMEDIATE", &batch);
	bool is_whole = is_begun && run_jobs(writer, &batch, job) &&
			(!batch.is_spoiled || run_again(writer, &batch)) && commit(writer, &batch);
	if (is_whole) {
		hand_over(writer, &batch, sqlite_log_commits(writer->log) != commits);
		return;
	}
	if (!sqlite3_get_autocommit(writer->connection->handle))
		(void)sqlite_simple(writer->connection, "ROLLBACK", NULL);
	if (!is_begun) { /* those that waited behind it need not each wait for the same */
		append(&batch.jobs, job);
		LOCKED(&writer->lock);
		move_all(&writer->waiting, &batch.jobs);
	}
	fail(&batch.jobs, &batch.why);
	finish(&batch.jobs);
}

static struct job *first_job(struct sqlite_writer *writer)
{
	LOCKED(&writer->lock);
	while (writer->waiting.first == NULL && !writer->is_stopping)
		signal_wait(&writer->changed, &writer->lock);
	return take(&writer->waiting);
}

static void *runner_run(void *arg)
{
	struct sqlite_writer *writer = arg;

	for (struct job *job = first_job(writer); job; job = first_job(writer)) {
		run_batch(writer, job);
		sqlite_log_keep_short(writer->log, writer->connection);
	}
	return NULL;
}

/* False when no commit comes any more. */
static bool take_undurable(struct sqlite_writer *writer, struct job_queue *ret_jobs, bool *ret_has_written)
{
	LOCKED(&writer->lock);
	while (writer->undurable.first == NULL && !writer->is_ended)
		signal_wait(&writer->committed, &writer->lock);
	move_all(&writer->undurable, ret_jobs);
	*ret_has_written = writer->has_written;
	writer->has_written = false;
	return ret_jobs->first != NULL;
}

static void note_synced(struct sqlite_writer *writer)
{
	lock_take(&writer->lock);
	writer->is_syncing = writer->undurable.first != NULL;
	lock_release(&writer->lock);
	signal_one(&writer->changed);
}

static void *syncer_run(void *arg)
{
	struct sqlite_writer *writer = arg;
	struct job_queue jobs = {0};
	struct err err = {0};
	bool has_written;

	while (take_undurable(writer, &jobs, &has_written)) {
		if (has_written && sqlite_log_sync(writer->log, &err) != RESULT_OK)
			fail(&jobs, &err);
		note_synced(writer);
		finish(&jobs);
	}
	return NULL;
}

enum result sqlite_writer_run(struct sqlite_writer *writer, db_work work, void *context, struct err *err)
{
	struct job job = {.work = work, .context = context, .err = err};

	(void)sem_init(&job.finished, 0, 0);
	lock_take(&writer->lock);
	append(&writer->waiting, &job);
	lock_release(&writer->lock);
	signal_one(&writer->changed);
	while (sem_wait(&job.finished) != 0)
		; /* a signal came */
	(void)sem_destroy(&job.finished);
	return job.result;
}

enum result sqlite_writer_start(
	struct sqlite_writer *writer, struct db *db, struct connection *connection, struct sqlite_log *log)
{
	*writer = (struct sqlite_writer){.db = db, .connection = connection, .log = log};
	lock_init(&writer->lock, "sqlite writer", WRITER_RANK);
	signal_init(&writer->changed);
	signal_init(&writer->committed);
	TRY(thread_start(&writer->syncer, "db-sync", syncer_run, writer));
	return thread_start(&writer->runner, "db-writer", runner_run, writer);
}

static void end(struct sqlite_writer *writer, bool *is_over, struct signal *signal, pthread_t thread)
{
	lock_take(&writer->lock);
	*is_over = true;
	lock_release(&writer->lock);
	signal_one(signal);
	if (thread)
		(void)pthread_join(thread, NULL);
}

void sqlite_writer_stop(struct sqlite_writer *writer)
{
	if (writer->connection == NULL)
		return;
	end(writer, &writer->is_stopping, &writer->changed, writer->runner);
	end(writer, &writer->is_ended, &writer->committed, writer->syncer);
	sqlite_connection_free(writer->connection);
	signal_done(&writer->changed);
	signal_done(&writer->committed);
	lock_done(&writer->lock);
}
