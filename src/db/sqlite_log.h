/* SQLite's log (WAL): room ahead of the writer, and moving what is committed from it to the database. */
#ifndef DB_SQLITE_LOG_H
#define DB_SQLITE_LOG_H

#include "base/thread.h"
#include "db/sqlite_private.h"

struct sqlite_log {
	char *path;
	int fd;			  /* -1 until there is a log to make room in */
	struct connection *mover; /* owned */
	pthread_t thread;
	/* Guards `pages`, of the log after the last commit, and `stopping`. */
	struct lock lock;
	struct signal grew;
	int pages;
	bool stopping;
};

/* Takes `mover`, a connection to the database file at `path`, and follows the commits of `writer`. */
enum result sqlite_log_start(struct sqlite_log *log, const char *path, struct connection *mover,
	struct connection *writer) must_check;

/* Within the writer's transaction, before its commit: lets the log's file be longer than what comes. A sync
 * of bytes that the file has already is a third to a half shorter than that of a file that grows, whose
 * length must be kept too. Best effort: a disk that is full is found by the commit. */
void sqlite_log_make_room(struct sqlite_log *log);

/* Between the writer's transactions: what the thread left of a long log is moved, so that it begins anew with
 * the next change when nobody reads from it. */
void sqlite_log_keep_short(struct sqlite_log *log, struct connection *writer);

void sqlite_log_stop(struct sqlite_log *log);

#endif
