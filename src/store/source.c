#include "store/source_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, COALESCE(network, ''), COALESCE(user_name, ''), COALESCE(password_hash, ''),"       \
	" allow_foreign, normalise_newlines, created_at"

static struct source read_row(const struct rows *rows, struct arena *arena)
{
	return (struct source){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.network = arena_str(arena, row_text(rows, 2)),
		.user_name = arena_str(arena, row_text(rows, 3)),
		.password_hash = arena_str(arena, row_text(rows, 4)),
		.allow_foreign = row_bool(rows, 5),
		.normalise_newlines = row_bool(rows, 6),
		.created_at = row_int(rows, 7),
	};
}

static enum result list(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct source **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list sources = list_new(arena, sizeof(struct source));

	TRY(db_query(tx, sql, args, count, &rows, err));
	while (rows_next(&rows))
		*(struct source *)list_add(&sources) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = sources.items;
	*ret_count = sources.count;
	return RESULT_OK;
}

enum result source_list_networks(
	struct tx *tx, struct arena *arena, struct source **ret, size_t *ret_count, struct err *err)
{
	return list(tx, "SELECT " COLUMNS " FROM source WHERE network IS NOT NULL ORDER BY id", DB_NO_ARGS,
		arena, ret, ret_count, err);
}

enum result source_list(struct tx *tx, struct id account_id, struct arena *arena, struct source **ret,
	size_t *ret_count, struct err *err)
{
	return list(tx, "SELECT " COLUMNS " FROM source WHERE account_id = $1 ORDER BY id",
		DB_ARGS(db_id(account_id)), arena, ret, ret_count, err);
}

enum result source_by_user_name(
	struct tx *tx, struct str user_name, struct arena *arena, struct source *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT " COLUMNS " FROM source WHERE user_name = $1",
		DB_ARGS(db_text(user_name)), &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

static struct db_value text_or_null(struct str s)
{
	return s.len ? db_text(s) : db_null_text();
}

enum result source_add(struct tx *tx, const struct source *source, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO source (id, account_id, network, user_name, password_hash, allow_foreign,"
		" normalise_newlines, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		DB_ARGS(db_id(source->id), db_id(source->account_id), text_or_null(source->network),
			text_or_null(source->user_name), text_or_null(source->password_hash),
			db_bool(source->allow_foreign), db_bool(source->normalise_newlines),
			db_int(source->created_at)),
		NULL, err);
}

enum result source_remove(struct tx *tx, struct id account_id, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM source WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such source");
}
