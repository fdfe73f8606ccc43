#include "store/account_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS "id, name, key_wrap, created_at"

static struct account read_row(const struct rows *rows, struct arena *arena)
{
	return (struct account){
		.id = row_id(rows, 0),
		.name = arena_str(arena, row_text(rows, 1)),
		.key_wrap = arena_bytes(arena, row_bytes(rows, 2)),
		.created_at = row_int(rows, 3),
	};
}

static enum result find(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct account *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, args, count, &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result account_find(
	struct tx *tx, struct id id, struct arena *arena, struct account *ret, struct err *err)
{
	return find(tx, "SELECT " COLUMNS " FROM account WHERE id = $1", DB_ARGS(db_id(id)), arena, ret, err);
}

enum result account_list(
	struct tx *tx, struct arena *arena, struct account **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct account));

	TRY(db_query(tx, "SELECT " COLUMNS " FROM account ORDER BY name", DB_NO_ARGS, &rows, err));
	while (rows_next(&rows))
		*(struct account *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result account_add(struct tx *tx, const struct account *account, struct err *err)
{
	return db_exec(tx, "INSERT INTO account (" COLUMNS ") VALUES ($1, $2, $3, $4)",
		DB_ARGS(db_id(account->id), db_text(account->name), db_bytes(account->key_wrap),
			db_int(account->created_at)),
		NULL, err);
}
