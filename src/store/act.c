#include "store/act_write.h"

#include "base/list.h"
#include "base/mem.h"

static enum result list_recalls(
	struct tx *tx, int64_t limit, struct arena *arena, struct list *list, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	/* Of the whole message when that is when it was recalled from everybody. */
	TRY(db_query(tx,
		"SELECT r.id, r.message_id, r.at, r.actor_id, r.reason_box,"
		" CASE WHEN m.recalled_at <> r.at THEN 0 WHEN m.quotes_recalled_at = r.at THEN 2 ELSE 1 END"
		" FROM recall r JOIN message m ON m.id = r.message_id WHERE r.listed = 0 ORDER BY r.id LIMIT "
		"$1",
		DB_ARGS(db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct act *)list_add(list) = (struct act){.kind = ACT_RECALL,
			.id = row_id(&rows, 0),
			.message_id = row_id(&rows, 1),
			.at = row_int(&rows, 2),
			.actor_id = row_id(&rows, 3),
			.reason_box = arena_bytes(arena, row_bytes(&rows, 4)),
			.scope = (enum act_scope)row_int(&rows, 5)};
	return rows_end(&rows, err);
}

static enum result list_extensions(struct tx *tx, int64_t limit, struct list *list, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT id, message_id, at, actor_id, until FROM extension WHERE listed = 0 ORDER BY id "
		"LIMIT $1",
		DB_ARGS(db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct act *)list_add(list) = (struct act){.kind = ACT_EXTENDED,
			.id = row_id(&rows, 0),
			.message_id = row_id(&rows, 1),
			.at = row_int(&rows, 2),
			.actor_id = row_id(&rows, 3),
			.until = row_int(&rows, 4)};
	return rows_end(&rows, err);
}

enum result act_list_unlisted(struct tx *tx, int64_t limit, struct arena *arena, struct act **ret,
	size_t *ret_count, struct err *err)
{
	struct list list = list_new(arena, sizeof(struct act));

	TRY(list_recalls(tx, limit, arena, &list, err));
	TRY(list_extensions(tx, limit, &list, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result act_list_of_copy(struct tx *tx, struct id copy_id, struct act ret[static ACTS_OF_COPY_MAX],
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	*ret_count = 0;
	TRY(db_query(tx,
		"SELECT c.message_id, c.destroyed_at, c.recall_id, COALESCE(r.at, 0) FROM copy c"
		" LEFT JOIN recall r ON r.id = c.recall_id WHERE c.id = $1",
		DB_ARGS(db_id(copy_id)), &rows, err));
	if (!rows_next(&rows))
		return rows_end(&rows, err);
	struct id message_id = row_id(&rows, 0);
	if (row_int(&rows, 1))
		ret[(*ret_count)++] = (struct act){.kind = ACT_DELETED,
			.id = copy_id,
			.message_id = message_id,
			.at = row_int(&rows, 1)};
	if (row_int(&rows, 3))
		ret[(*ret_count)++] = (struct act){.kind = ACT_TAKEN,
			.id = copy_id,
			.message_id = message_id,
			.at = row_int(&rows, 3),
			.recall_id = row_id(&rows, 2)};
	return rows_end(&rows, err);
}

enum result act_add_extension(struct tx *tx, const struct act *act, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO extension (id, message_id, at, actor_id, until) VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_id(act->id), db_id(act->message_id), db_int(act->at), db_id_or_null(act->actor_id),
			db_int(act->until)),
		NULL, err);
}

enum result act_set_listed(struct tx *tx, const struct act *act, struct err *err)
{
	const char *sql = act->kind == ACT_RECALL ? "UPDATE recall SET listed = 1 WHERE id = $1"
						  : "UPDATE extension SET listed = 1 WHERE id = $1";

	return db_exec(tx, sql, DB_ARGS(db_id(act->id)), NULL, err);
}

enum result act_list_anew(struct tx *tx, struct err *err)
{
	TRY(db_exec(tx, "UPDATE recall SET listed = 0 WHERE listed = 1", DB_NO_ARGS, NULL, err));
	return db_exec(tx, "UPDATE extension SET listed = 0 WHERE listed = 1", DB_NO_ARGS, NULL, err);
}

static enum result repeat_recall(
	struct tx *tx, const struct act *act, bool is_listed, int64_t *ret_added, struct err *err)
{
	TRY(db_exec(tx,
		"INSERT INTO recall (id, message_id, at, actor_id, reason_box, listed)"
		" SELECT $1, id, $3, $4, $5, $6 FROM message WHERE id = $2 AND kind = 1"
		" ON CONFLICT (id) DO NOTHING",
		DB_ARGS(db_id(act->id), db_id(act->message_id), db_int(act->at), db_id_or_null(act->actor_id),
			act->reason_box.len ? db_bytes(act->reason_box) : db_null_bytes(),
			db_bool(is_listed)),
		ret_added, err));
	if (*ret_added == 0 || act->scope == ACT_FROM_SOME)
		return RESULT_OK;
	return db_exec(tx, "UPDATE message SET recalled_at = $2 WHERE id = $1 AND recalled_at = 0",
		DB_ARGS(db_id(act->message_id), db_int(act->at)), NULL, err);
}

static enum result repeat_extension(
	struct tx *tx, const struct act *act, bool is_listed, int64_t *ret_added, struct err *err)
{
	TRY(db_exec(tx,
		"INSERT INTO extension (id, message_id, at, actor_id, until, listed)"
		" SELECT $1, id, $3, $4, $5, $6 FROM message WHERE id = $2 AND kind = 1"
		" ON CONFLICT (id) DO NOTHING",
		DB_ARGS(db_id(act->id), db_id(act->message_id), db_int(act->at), db_id_or_null(act->actor_id),
			db_int(act->until), db_bool(is_listed)),
		ret_added, err));
	if (*ret_added == 0)
		return RESULT_OK;
	TRY(db_exec(tx, "UPDATE copy SET ends_at = $2 WHERE message_id = $1",
		DB_ARGS(db_id(act->message_id), db_int(act->until)), NULL, err));
	return db_exec(tx,
		"UPDATE message SET expires_at = $2, extended_at = CASE WHEN $4 = 1 THEN $3 ELSE extended_at "
		"END"
		" WHERE id = $1",
		DB_ARGS(db_id(act->message_id), db_int(act->until), db_int(act->at),
			db_bool(!id_is_none(act->actor_id))),
		NULL, err);
}

enum result act_repeat(struct tx *tx, const struct act *act, bool is_listed, bool *ret_done,
	struct id *ret_account_id, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	int64_t added = 0;

	if (act->kind == ACT_RECALL)
		TRY(repeat_recall(tx, act, is_listed, &added, err));
	if (act->kind == ACT_EXTENDED)
		TRY(repeat_extension(tx, act, is_listed, &added, err));
	*ret_done = added > 0;
	if (added == 0)
		return RESULT_OK;
	TRY(db_query_one(tx, "SELECT account_id FROM message WHERE id = $1", DB_ARGS(db_id(act->message_id)),
		&rows, err));
	*ret_account_id = row_id(&rows, 0);
	return rows_end(&rows, err);
}
