/* SQLite's log (WAL): room ahead of the writer, its syncs, and moving what is committed from it to the
 * database. */
#ifndef DB_SQLITE_LOG_H
#define DB_SQLITE_LOG_H

#include "base/thread.h"
#include "db/sqlite_private.h"

struct sqlite_log {
	char *path;
	int fd; /* -1 until the first commit; set by the writer's thread before the first sync */
	struct connection *mover; /* owned */
	pthread_t thread;
	struct lock moving; /* held by whoever moves */
	/* Guards what follows. */
	struct lock lock;
	struct signal grew;
	int pages;	 /* after the last commit */
	int64_t commits; /* that changed something */
	bool is_broken;	 /* a sync failed */
	bool stopping;
};

/* Takes `mover`, a connection to the database file at `path`, and follows the commits of `writer`. */
enum result sqlite_log_start(struct sqlite_log *log, const char *path, struct connection *mover,
	struct connection *writer) must_check;

/* Within the writer's transaction, before its commit. Lets the log's file be longer than what comes: a sync
 * of bytes that the file has already is a third to a half shorter than that of a file that grows, whose
 * length must be kept too. That is best effort: a disk that is full is found by the commit. After a sync that
 * failed what is in the log is written again. UNAVAILABLE: nothing can be kept now. */
enum result sqlite_log_prepare(struct sqlite_log *log, struct err *err) must_check;

/* Makes all durable that was committed before. UNAVAILABLE (code "db-uncertain"): it may be, or not. */
enum result sqlite_log_sync(struct sqlite_log *log, struct err *err) must_check;

/* UNAVAILABLE (code "db-uncertain"), of a change that may be kept or not. */
enum result sqlite_log_unsure(struct err *err);

/* How many commits of the writer changed something. */
int64_t sqlite_log_commits(struct sqlite_log *log);

/* After a sync that failed, until what it was to keep is written again. */
bool sqlite_log_is_broken(struct sqlite_log *log);

/* Between the writer's transactions: what the thread left of a long log is moved, so that it begins anew with
 * the next change when nobody reads from it. */
void sqlite_log_keep_short(struct sqlite_log *log, struct connection *writer);

void sqlite_log_stop(struct sqlite_log *log);

#endif
