#include "store/policy_row_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, narrative, definition_id, based_on, from_scope, from_value, to_scope, to_value,"    \
	" enabled, starts_at, ends_at, is_override, sender_may_replace, bidirectional, source_networks, "    \
	"created_at"

static struct policy_row read_row(const struct rows *rows, struct arena *arena)
{
	return (struct policy_row){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.narrative = arena_str(arena, row_text(rows, 2)),
		.definition_id = row_id(rows, 3),
		.based_on = row_int(rows, 4),
		.from_scope = row_int(rows, 5),
		.from_value = arena_str(arena, row_text(rows, 6)),
		.to_scope = row_int(rows, 7),
		.to_value = arena_str(arena, row_text(rows, 8)),
		.enabled = row_bool(rows, 9),
		.starts_at = row_int(rows, 10),
		.ends_at = row_int(rows, 11),
		.is_override = row_bool(rows, 12),
		.sender_may_replace = row_bool(rows, 13),
		.bidirectional = row_bool(rows, 14),
		.source_networks = arena_str(arena, row_text(rows, 15)),
		.created_at = row_int(rows, 16),
	};
}

enum result policy_row_list(struct tx *tx, struct id account_id, struct arena *arena, struct policy_row **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct policy_row));

	TRY(db_query(tx, "SELECT " COLUMNS " FROM policy WHERE account_id = $1 ORDER BY id",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct policy_row *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result policy_row_add(struct tx *tx, const struct policy_row *policy, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO policy (" COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
		DB_ARGS(db_id(policy->id), db_id(policy->account_id), db_text(policy->narrative),
			db_id_or_null(policy->definition_id), db_int(policy->based_on),
			db_int(policy->from_scope), db_text(policy->from_value), db_int(policy->to_scope),
			db_text(policy->to_value), db_bool(policy->enabled), db_int(policy->starts_at),
			db_int(policy->ends_at), db_bool(policy->is_override),
			db_bool(policy->sender_may_replace), db_bool(policy->bidirectional),
			db_text(policy->source_networks), db_int(policy->created_at)),
		NULL, err);
}

static enum result must_have_changed(int64_t changed, struct err *err)
{
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such policy");
}

enum result policy_row_set_enabled(
	struct tx *tx, struct id account_id, struct id id, bool enabled, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE policy SET enabled = $3 WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id), db_bool(enabled)), &changed, err));
	return must_have_changed(changed, err);
}

enum result policy_row_remove(struct tx *tx, struct id account_id, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM policy WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id)), &changed, err));
	return must_have_changed(changed, err);
}
