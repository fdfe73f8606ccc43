#include "store/code_write.h"

#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, person_id, browser_hash, code_hash, copy_id, expires_at, tries_left, used_at,"      \
	" adds_address"

enum result code_by_browser(struct tx *tx, struct bytes browser_hash, bool adds, struct arena *arena,
	struct code *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT " COLUMNS " FROM code WHERE browser_hash = $1"
		" AND CASE WHEN adds_address = '' THEN 0 ELSE 1 END = $2 ORDER BY id DESC LIMIT 1",
		DB_ARGS(db_bytes(browser_hash), db_bool(adds)), &rows, err));
	*ret = (struct code){
		.id = row_id(&rows, 0),
		.account_id = row_id(&rows, 1),
		.person_id = row_id(&rows, 2),
		.browser_hash = arena_bytes(arena, row_bytes(&rows, 3)),
		.code_hash = arena_bytes(arena, row_bytes(&rows, 4)),
		.copy_id = row_id(&rows, 5),
		.expires_at = row_int(&rows, 6),
		.tries_left = row_int(&rows, 7),
		.used_at = row_int(&rows, 8),
		.adds_address = arena_str(arena, row_text(&rows, 9)),
	};
	return rows_end(&rows, err);
}

enum result code_add(struct tx *tx, const struct code *code, struct err *err)
{
	TRY(db_exec(tx, "DELETE FROM code WHERE browser_hash = $1", DB_ARGS(db_bytes(code->browser_hash)),
		NULL, err));
	return db_exec(tx, "INSERT INTO code (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		DB_ARGS(db_id(code->id), db_id_or_null(code->account_id), db_id_or_null(code->person_id),
			db_bytes(code->browser_hash), db_bytes(code->code_hash), db_id_or_null(code->copy_id),
			db_int(code->expires_at), db_int(code->tries_left), db_int(code->used_at),
			db_text(code->adds_address)),
		NULL, err);
}

enum result code_take_try(struct tx *tx, struct id id, int64_t now, int64_t *ret_left, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result result = db_query_one(tx,
		"UPDATE code SET tries_left = tries_left - 1"
		" WHERE id = $1 AND tries_left > 0 AND used_at = 0 AND expires_at > $2 RETURNING tries_left",
		DB_ARGS(db_id(id), db_int(now)), &rows, err);
	if (result == RESULT_NOT_FOUND)
		return err_set(err, RESULT_GONE, "the code does not count any more");
	TRY(result);
	*ret_left = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result code_use(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE code SET used_at = $2 WHERE id = $1 AND used_at = 0",
		DB_ARGS(db_id(id), db_int(now)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_GONE, "the code was used already");
}

enum result code_remove_expired(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM code WHERE id IN (SELECT id FROM code WHERE expires_at < $1 LIMIT $2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}
