#include "store/destination_write.h"

#include "base/list.h"

enum result destination_has(
	struct tx *tx, struct id account_id, struct str domain, bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM destination WHERE account_id = $1 AND domain = $2",
		DB_ARGS(db_id(account_id), db_text(arena_lower(&arena, domain))), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result destination_list(struct tx *tx, struct id account_id, struct arena *arena,
	struct destination **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct destination));

	TRY(db_query(tx, "SELECT domain, created_at FROM destination WHERE account_id = $1 ORDER BY domain",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct destination *)list_add(&list) = (struct destination){
			.domain = arena_str(arena, row_text(&rows, 0)), .created_at = row_int(&rows, 1)};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result destination_add(
	struct tx *tx, struct id account_id, struct str domain, int64_t now, struct err *err)
{
	return db_exec(tx, "INSERT INTO destination (account_id, domain, created_at) VALUES ($1, $2, $3)",
		DB_ARGS(db_id(account_id), db_text(domain), db_int(now)), NULL, err);
}

enum result destination_remove(struct tx *tx, struct id account_id, struct str domain, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM destination WHERE account_id = $1 AND domain = $2",
		DB_ARGS(db_id(account_id), db_text(domain)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such destination");
}
