/* What db.c asks of a database; sqlite.c and postgres.c answer. */
#ifndef DB_DB_PRIVATE_H
#define DB_DB_PRIVATE_H

#include "db/db.h"

struct db_driver {
	void (*close)(struct db *db);
	enum result (*write)(struct db *db, db_work work, void *context, struct err *err);
	enum result (*read)(struct db *db, db_work work, void *context, struct err *err);
	enum result (*exec)(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
		int64_t *ret_changed, struct err *err);
	enum result (*query)(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
		struct rows *ret, struct err *err);
	/* Statements without parameters and rows, several in one text. */
	enum result (*script)(struct tx *tx, const char *sql, struct err *err);
	bool (*next)(struct rows *rows);
	void (*release)(struct rows *rows);
	int64_t (*get_int)(const struct rows *rows, int column);
	struct bytes (*get_bytes)(const struct rows *rows, int column);
	bool (*is_null)(const struct rows *rows, int column);
	enum result (*wipe_deleted)(struct db *db, const char *table, bool *ret_log, struct err *err);
};

/* The first member of each driver's own struct. */
struct db {
	const struct db_driver *driver;
	enum db_kind kind;
};

struct tx {
	struct db *db;
	void *connection;
	bool read_only;
	enum result failure; /* of the first statement that failed; the work cannot succeed any more */
	struct err failure_err;
	int depth; /* of db_try */
};

enum result sqlite_open(const struct db_config *config, struct db **ret, struct err *err) must_check;
enum result postgres_open(const struct db_config *config, struct db **ret, struct err *err) must_check;

/* What a finished work counts as: its own result, or the failure of a statement that it overlooked. */
enum result tx_result(const struct tx *tx, enum result returned, struct err *err);

/* Remembers the first failure and returns it. */
enum result tx_fail(struct tx *tx, enum result failure, const struct err *from, struct err *err);

/* Counts a work that begins (1) or ends (-1), in builds for tests. */
void gauge_works(int change);

/* Whether each work is to be run twice, in builds for tests: works that cannot be are found so. */
bool gauge_runs_again(void);

/* A hash of a statement's address, for the caches of prepared statements. */
static inline size_t statement_slot(const char *sql, size_t slots)
{
	return ((uintptr_t)sql >> 3) * UINT64_C(0x9e3779b97f4a7c15) % slots;
}

#endif
