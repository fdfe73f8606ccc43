#include "store/factor_write.h"

#include "base/list.h"
#include "base/mem.h"

enum result factor_find(
	struct tx *tx, struct id person_id, struct arena *arena, struct factor *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT secret_box, created_at, confirmed_at, used_step, COALESCE(made_for, person_id) FROM "
		"second_factor WHERE person_id = "
		"$1",
		DB_ARGS(db_id(person_id)), &rows, err));
	*ret = (struct factor){.person_id = person_id,
		.secret_box = arena_bytes(arena, row_bytes(&rows, 0)),
		.created_at = row_int(&rows, 1),
		.confirmed_at = row_int(&rows, 2),
		.used_step = row_int(&rows, 3),
		.made_for = row_id(&rows, 4)};
	return rows_end(&rows, err);
}

enum result factor_is_set(struct tx *tx, struct id person_id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM second_factor WHERE person_id = $1 AND confirmed_at > 0",
		DB_ARGS(db_id(person_id)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result recovery_code_count(struct tx *tx, struct id person_id, int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT COUNT(*) FROM recovery_code WHERE person_id = $1",
		DB_ARGS(db_id(person_id)), &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result factor_propose(struct tx *tx, const struct factor *factor, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO second_factor (person_id, secret_box, created_at, confirmed_at, used_step)"
		" VALUES ($1, $2, $3, 0, 0) ON CONFLICT (person_id) DO UPDATE SET secret_box = $2, "
		"created_at = $3, made_for = NULL"
		" WHERE second_factor.confirmed_at = 0",
		DB_ARGS(db_id(factor->person_id), db_bytes(factor->secret_box), db_int(factor->created_at)),
		&changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "there is a second factor already");
}

enum result factor_confirm(struct tx *tx, struct id person_id, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE second_factor SET confirmed_at = $2 WHERE person_id = $1 AND confirmed_at = 0",
		DB_ARGS(db_id(person_id), db_int(now)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "there is nothing to confirm");
}

enum result factor_take(struct tx *tx, struct id person_id, int64_t step, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE second_factor SET used_step = $2 WHERE person_id = $1 AND used_step < $2",
		DB_ARGS(db_id(person_id), db_int(step)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "this code was used before");
}

enum result factor_remove(struct tx *tx, struct id person_id, struct err *err)
{
	int64_t changed;

	TRY(remembered_remove_all(tx, person_id, err));
	TRY(db_exec(
		tx, "DELETE FROM recovery_code WHERE person_id = $1", DB_ARGS(db_id(person_id)), NULL, err));
	TRY(db_exec(tx, "DELETE FROM second_factor WHERE person_id = $1 AND confirmed_at > 0",
		DB_ARGS(db_id(person_id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no second factor");
}

enum result recovery_codes_set(
	struct tx *tx, struct id person_id, const struct bytes *hashes, size_t count, struct err *err)
{
	TRY(db_exec(
		tx, "DELETE FROM recovery_code WHERE person_id = $1", DB_ARGS(db_id(person_id)), NULL, err));
	for (size_t i = 0; i < count; i++)
		TRY(db_exec(tx, "INSERT INTO recovery_code (person_id, code_hash) VALUES ($1, $2)",
			DB_ARGS(db_id(person_id), db_bytes(hashes[i])), NULL, err));
	return RESULT_OK;
}

enum result recovery_code_take(struct tx *tx, struct id person_id, struct bytes hash, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM recovery_code WHERE person_id = $1 AND code_hash = $2",
		DB_ARGS(db_id(person_id), db_bytes(hash)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such recovery code");
}

enum result remembered_list(struct tx *tx, struct id person_id, int64_t now, struct arena *arena,
	struct remembered **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct remembered));

	TRY(db_query(tx,
		"SELECT id, cookie_hash, agent, origin, created_at, used_at, ends_at FROM remembered"
		" WHERE person_id = $1 AND ends_at > $2 ORDER BY used_at DESC, id",
		DB_ARGS(db_id(person_id), db_int(now)), &rows, err));
	while (rows_next(&rows))
		*(struct remembered *)list_add(&list) = (struct remembered){.id = row_id(&rows, 0),
			.person_id = person_id,
			.cookie_hash = arena_bytes(arena, row_bytes(&rows, 1)),
			.agent = arena_str(arena, row_text(&rows, 2)),
			.origin = arena_str(arena, row_text(&rows, 3)),
			.created_at = row_int(&rows, 4),
			.used_at = row_int(&rows, 5),
			.ends_at = row_int(&rows, 6)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result remembered_add(struct tx *tx, const struct remembered *browser, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO remembered (id, person_id, cookie_hash, agent, origin, created_at, used_at, "
		"ends_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (person_id, cookie_hash) DO UPDATE SET agent = $4, origin = $5, used_at = $7,"
		" ends_at = $8",
		DB_ARGS(db_id(browser->id), db_id(browser->person_id), db_bytes(browser->cookie_hash),
			db_text(browser->agent), db_text(browser->origin), db_int(browser->created_at),
			db_int(browser->used_at), db_int(browser->ends_at)),
		NULL, err);
}

enum result remembered_use(struct tx *tx, struct id person_id, struct bytes cookie_hash, struct str origin,
	int64_t now, bool *ret, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE remembered SET used_at = $3, origin = $4"
		" WHERE person_id = $1 AND cookie_hash = $2 AND ends_at > $3",
		DB_ARGS(db_id(person_id), db_bytes(cookie_hash), db_int(now), db_text(origin)), &changed,
		err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result remembered_remove(struct tx *tx, struct id person_id, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM remembered WHERE person_id = $1 AND id = $2",
		DB_ARGS(db_id(person_id), db_id(id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such browser");
}

enum result remembered_remove_all(struct tx *tx, struct id person_id, struct err *err)
{
	return db_exec(
		tx, "DELETE FROM remembered WHERE person_id = $1", DB_ARGS(db_id(person_id)), NULL, err);
}

enum result remembered_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM remembered WHERE id IN (SELECT id FROM remembered WHERE ends_at <= $1 LIMIT $2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}
