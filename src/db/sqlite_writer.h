/* SQLite's writer: one thread runs the waiting works in batches, another makes their commits durable. */
#ifndef DB_SQLITE_WRITER_H
#define DB_SQLITE_WRITER_H

#include "db/sqlite_log.h"
#include "db/sqlite_private.h"

struct job;

struct job_queue {
	struct job *first, *last;
};

struct sqlite_writer {
	struct db *db;
	struct connection *connection; /* owned */
	struct sqlite_log *log;
	pthread_t runner, syncer;
	/* Guards what follows. */
	struct lock lock;
	struct signal changed;	  /* for the runner: a job came, or a sync ended */
	struct signal committed;  /* for the syncer */
	struct job_queue waiting; /* to be run */
	struct job_queue undurable;
	bool has_written; /* any of the undurable ones */
	bool is_syncing;
	bool is_stopping, is_ended; /* no job comes, no commit comes any more */
};

/* Takes `connection`. */
enum result sqlite_writer_start(struct sqlite_writer *writer, struct db *db, struct connection *connection,
	struct sqlite_log *log) must_check;

/* Runs the work and returns when its change is durable, or will not be. */
enum result sqlite_writer_run(struct sqlite_writer *writer, db_work work, void *context, struct err *err);

/* When no thread is inside sqlite_writer_run any more; also of one that never started. */
void sqlite_writer_stop(struct sqlite_writer *writer);

#endif
