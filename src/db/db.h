/* One small interface over SQLite and PostgreSQL: both get the same statements, with $1 parameters and the
 * types BIGINT, TEXT and BYTEA. BYTEA is for columns only: SQLite, which does not know it, would make numbers
 * in a CAST. Texts sort by bytes only where a statement says so, and LIKE differs, so neither is to be relied
 * on.
 *
 * Changes run as a function inside a transaction (group commit, decision 2). On SQLite one writer thread runs
 * waiting functions one after the other and commits them together, and another waits for the one sync of
 * each commit; on PostgreSQL each has a connection of the pool. Everything expensive is done before. All
 * functions of db may be called by any thread; a tx and its rows belong to the thread that runs the work. A
 * work must not call db_write or db_read itself. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/id.h"
#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

struct db;
struct tx;

struct db_config {
	struct str url;	 /* "sqlite:/path/to/file" or "postgresql://…" (libpq) */
	int connections; /* size of the pool of readers, on PostgreSQL of all; 0: a default */
};

enum db_kind { DB_SQLITE, DB_POSTGRES };

/* UNAVAILABLE when it cannot be reached or opened, INVALID for a URL that is neither. */
enum result db_open(const struct db_config *config, struct db **ret, struct err *err) must_check;
void db_close(struct db *db);
DEFINE_CLEANUP(struct db *, db_close)

enum db_kind db_kind(const struct db *db);

/* A function to run inside a transaction. It may run more than once (serialisation failures, a batch of which
 * another work failed), so it changes nothing but through tx and sets its results anew each time. */
typedef enum result (*db_work)(struct tx *tx, void *context, struct err *err);

/* Runs the work in a read-write transaction and returns when it is durable. A result other than OK rolls the
 * work's changes back and is returned. UNAVAILABLE: the database does not answer or is full (code "db-full"),
 * or the fate of the commit is unknown (code "db-uncertain"); it stands in for the work's own result when
 * that may rest on changes of others that were not kept. */
enum result db_write(struct db *db, db_work work, void *context, struct err *err) must_check;

/* The result of a work that found, once it held its rows, that what it had read before was changed meanwhile:
 * it is undone and runs again, a few times at most. */
enum result db_again(struct err *err);

/* Runs the work on a read-only snapshot; any statement that writes fails, on both databases. */
enum result db_read(struct db *db, db_work work, void *context, struct err *err) must_check;

/* Runs a part of a work that may fail without ending the whole: rolled back to its begin unless OK. Only a
 * statement that finds the database UNAVAILABLE ends the whole. */
enum result db_try(struct tx *tx, db_work work, void *context, struct err *err) must_check;

/* Parameter values. Their slices need not outlive the call that they are given to. */
enum db_value_kind {
	DB_VALUE_NULL,
	DB_VALUE_NULL_TEXT,
	DB_VALUE_NULL_BYTES,
	DB_VALUE_INT,
	DB_VALUE_TEXT,
	DB_VALUE_BYTES,
	DB_VALUE_ID
};

struct db_value {
	enum db_value_kind kind;
	union {
		int64_t number;
		struct str text;
		struct bytes bytes;
		struct id id;
	};
};

/* db_null is for BIGINT; a null of another type is told apart, since PostgreSQL wants to know it. */
static inline struct db_value db_null(void)
{
	return (struct db_value){.kind = DB_VALUE_NULL};
}
static inline struct db_value db_null_text(void)
{
	return (struct db_value){.kind = DB_VALUE_NULL_TEXT};
}
static inline struct db_value db_null_bytes(void)
{
	return (struct db_value){.kind = DB_VALUE_NULL_BYTES};
}
static inline struct db_value db_int(int64_t number)
{
	return (struct db_value){.kind = DB_VALUE_INT, .number = number};
}
static inline struct db_value db_bool(bool yes)
{
	return db_int(yes ? 1 : 0);
}
static inline struct db_value db_text(struct str text)
{
	return (struct db_value){.kind = DB_VALUE_TEXT, .text = text};
}
static inline struct db_value db_bytes(struct bytes bytes)
{
	return (struct db_value){.kind = DB_VALUE_BYTES, .bytes = bytes};
}
static inline struct db_value db_id(struct id id)
{
	return (struct db_value){.kind = DB_VALUE_ID, .id = id};
}
/* No bytes as NULL. */
static inline struct db_value db_bytes_or_null(struct bytes bytes)
{
	return bytes.len ? db_bytes(bytes) : db_null_bytes();
}
/* The none identifier as NULL. */
static inline struct db_value db_id_or_null(struct id id)
{
	return id_is_none(id) ? db_null_bytes() : db_id(id);
}

/* The two arguments `args, count` of the functions below. */
#define DB_ARGS(...)                                                                                         \
	(const struct db_value[]){__VA_ARGS__},                                                              \
		sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

/* Runs a statement that gives no rows. sql must be a constant: prepared statements are kept by its text.
 * *ret_changed (may be NULL) gets the number of rows inserted, changed or deleted. CONFLICT when a unique
 * constraint refuses it, INVALID for text with a NUL or broken UTF-8, UNAVAILABLE as above, INTERNAL for the
 * rest. After a failure the whole work fails, whatever it returns, unless it was inside db_try. */
enum result db_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err) must_check;

/* The rows of a statement. Begin as {0}; end by rows_end, or by cleanup(rows_done) on error paths. */
struct rows {
	struct tx *tx;
	void *statement;
	int64_t row;	   /* number of the current one, from 0; -1 before the first */
	int64_t row_count; /* PostgreSQL: of all; SQLite: 0 when there are no more */
	enum result result;
	struct err err;
};

/* Results as db_exec. Statements that change and return rows (RETURNING) have done their whole change when
 * this returns. */
enum result db_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err) must_check;

/* As db_query and the first rows_next together: NOT_FOUND when there is no row. */
enum result db_query_one(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err) must_check;

/* Goes to the next row; false at the end and on failure, which rows_end tells. */
bool rows_next(struct rows *rows);

/* Releases the rows and returns what reading them led to. Slices of their values end here. */
enum result rows_end(struct rows *rows, struct err *err) must_check;

/* Releases without asking; nothing to do after rows_end or for {0}. */
void rows_done(struct rows *rows);

/* Values of the current row, columns from 0; NULL gives 0, an empty slice, the none identifier. Slices live
 * until the next rows_next. Asking for another type than the column has is a bug. */
int64_t row_int(const struct rows *rows, int column);
bool row_bool(const struct rows *rows, int column);
struct str row_text(const struct rows *rows, int column);
struct bytes row_bytes(const struct rows *rows, int column);
struct id row_id(const struct rows *rows, int column);
bool row_is_null(const struct rows *rows, int column);

/* The statement for the database at hand, for the few places where they differ. */
const char *db_pick(const struct tx *tx, const char *sqlite, const char *postgres);

/* Holds the rows of a statement that ends in FOR NO KEY UPDATE, in its order, until the work ends: nobody
 * else changes them meanwhile. Of several, in the order in which others hold them. On SQLite, which has one
 * writer at a time, nothing is to be done. */
enum result db_hold(struct tx *tx, const char *postgres, const struct db_value *args, size_t count,
	struct err *err) must_check;

/* Makes deleted rows of the table unreadable in the database's own files, tables and log: on SQLite the log
 * is brought home and emptied, on PostgreSQL the table is written anew and the log's old segments end. BUSY
 * when readers or writers did not make room in a moment: try again. *ret_log: false when the server did not
 * let us end its log. Outside of any work. `table` is a constant. */
enum result db_wipe_deleted(struct db *db, const char *table, bool *ret_log, struct err *err) must_check;

struct migration {
	int version; /* 1, 2, 3 … */
	const char *name;
	const char *sql; /* statements, each ended by a semicolon */
};

/* Runs the migrations that the database has not seen, all in one transaction; several nodes may start at
 * once. CONFLICT when the database is newer than the last of them. ret_from and ret_to may be NULL. */
enum result db_migrate(struct db *db, const struct migration *migrations, size_t count, int *ret_from,
	int *ret_to, struct err *err) must_check;

/* The version the database is at; 0: no migration has run. */
enum result db_version(struct db *db, int *ret, struct err *err) must_check;

#endif
