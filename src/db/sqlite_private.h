/* What sqlite.c (connections, readers), sqlite_frame.c, sqlite_writer.c, sqlite_log.c and sqlite_statement.c
 * share. */
#ifndef DB_SQLITE_PRIVATE_H
#define DB_SQLITE_PRIVATE_H

#include "db/db_private.h"

#include <sqlite3.h>

/* Of the log (WAL): its head, then frames, a page each with a head of its own. */
#define SQLITE_LOG_HEAD_BYTES 32
#define SQLITE_FRAME_HEAD_BYTES 24
#define SQLITE_FRAME_BYTES (4096 + SQLITE_FRAME_HEAD_BYTES)

#define STATEMENT_SLOTS 256
#define STATEMENT_PARAMETERS_MAX 64

struct statement {
	const char *sql;
	sqlite3_stmt *handle;
	bool in_use;
	bool is_cached;
	unsigned char index[STATEMENT_PARAMETERS_MAX]; /* of $1, $2, … as SQLite numbers them */
};

struct connection {
	sqlite3 *handle;
	struct connection *next; /* in the pool of free readers */
	bool has_run_script;	 /* whose changes SQLite does not count */
	struct statement statements[STATEMENT_SLOTS];
};

/* Once, before the first connection: a frame of the log is written by one call (sqlite_frame.c). */
void sqlite_frames_at_once(void);

void sqlite_connection_free(struct connection *connection);
DEFINE_CLEANUP(struct connection *, sqlite_connection_free)

/* SQLite's code as a result; handle may be NULL. */
enum result sqlite_translate(sqlite3 *handle, int code, struct err *err);

/* A statement without parameters and rows. */
enum result sqlite_simple(struct connection *connection, const char *sql, struct err *err);

/* The driver's part that works within a transaction (db_private.h). */
enum result sqlite_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err);
enum result sqlite_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err);
bool sqlite_next(struct rows *rows);
void sqlite_release(struct rows *rows);
int64_t sqlite_get_int(const struct rows *rows, int column);
struct bytes sqlite_get_bytes(const struct rows *rows, int column);
bool sqlite_is_null(const struct rows *rows, int column);
enum result sqlite_script(struct tx *tx, const char *sql, struct err *err);

#endif
