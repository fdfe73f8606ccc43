/* What postgres.c (the pool and its transactions) and postgres_statement.c share. */
#ifndef DB_POSTGRES_PRIVATE_H
#define DB_POSTGRES_PRIVATE_H

#include "db/db_private.h"

#include <libpq-fe.h>

#define STATEMENT_SLOTS 256
#define ARGS_MAX 40

/* A prepared statement is known by its text and the types of its parameters. */
struct prepared {
	const char *sql;
	Oid types[ARGS_MAX];
	size_t count;
	char name[16];
};

struct connection {
	PGconn *handle;
	struct connection *next; /* in the pool of free ones */
	struct prepared *prepared[STATEMENT_SLOTS];
	int prepared_count;
	bool read_only; /* the transaction that it is used for */
	bool stale;	/* to be closed instead of used again */
};

/* The server's failure as a result; result may be NULL. */
enum result postgres_translate(struct connection *connection, const PGresult *result, struct err *err);

/* Statements without parameters and rows. */
enum result postgres_simple(struct connection *connection, const char *sql, struct err *err);

/* The connection has nothing prepared any more. */
void postgres_forget_prepared(struct connection *connection);

/* The driver's part that works within a transaction (db_private.h). */
enum result postgres_exec(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret_changed, struct err *err);
enum result postgres_query(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct rows *ret, struct err *err);
enum result postgres_script(struct tx *tx, const char *sql, struct err *err);
bool postgres_next(struct rows *rows);
void postgres_release(struct rows *rows);
struct bytes postgres_get_bytes(const struct rows *rows, int column);
int64_t postgres_get_int(const struct rows *rows, int column);
bool postgres_is_null(const struct rows *rows, int column);

#endif
