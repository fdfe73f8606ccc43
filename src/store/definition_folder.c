#include "store/definition_folder_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS "id, account_id, name, to_everybody, created_at"

static struct definition_folder read_row(const struct rows *rows, struct arena *arena)
{
	return (struct definition_folder){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.name = arena_str(arena, row_text(rows, 2)),
		.to_everybody = row_bool(rows, 3),
		.created_at = row_int(rows, 4),
	};
}

enum result definition_folder_by_name(struct tx *tx, struct id account_id, struct str name,
	struct arena *arena, struct definition_folder *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result found = db_query_one(tx,
		"SELECT " COLUMNS " FROM definition_folder WHERE account_id = $1 AND name_key = $2",
		DB_ARGS(db_id(account_id), db_text(arena_lower(arena, name))), &rows, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, found, "the account has no folder %.*s", STR_ARG(name));
	TRY(found);
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result definition_folder_list(struct tx *tx, struct id account_id, struct arena *arena,
	struct definition_folder **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct definition_folder));

	TRY(db_query(tx,
		"SELECT " COLUMNS " FROM definition_folder WHERE account_id = $1 ORDER BY created_at, id",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct definition_folder *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result definition_folder_list_groups(struct tx *tx, struct id folder_id, struct arena *arena,
	struct str **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct str));

	TRY(db_query(tx,
		"SELECT g.name FROM folder_group f JOIN user_group g ON g.id = f.group_id"
		" WHERE f.folder_id = $1 ORDER BY g.name_key",
		DB_ARGS(db_id(folder_id)), &rows, err));
	while (rows_next(&rows))
		*(struct str *)list_add(&list) = arena_str(arena, row_text(&rows, 0));
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result definition_folder_add(struct tx *tx, const struct definition_folder *folder, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return db_exec(tx,
		"INSERT INTO definition_folder (id, account_id, name, name_key, to_everybody, created_at)"
		" VALUES ($1, $2, $3, $4, $5, $6)",
		DB_ARGS(db_id(folder->id), db_id(folder->account_id), db_text(folder->name),
			db_text(arena_lower(&arena, folder->name)), db_bool(folder->to_everybody),
			db_int(folder->created_at)),
		NULL, err);
}

enum result definition_folder_rename(struct tx *tx, struct id id, struct str name, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t changed;

	TRY(db_exec(tx, "UPDATE definition_folder SET name = $2, name_key = $3 WHERE id = $1",
		DB_ARGS(db_id(id), db_text(name), db_text(arena_lower(&arena, name))), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such folder");
}

enum result definition_folder_remove(struct tx *tx, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM folder_group WHERE folder_id = $1", DB_ARGS(db_id(id)), NULL, err));
	TRY(db_exec(tx,
		"DELETE FROM definition_folder WHERE id = $1"
		" AND NOT EXISTS (SELECT 1 FROM definition WHERE folder_id = $1)",
		DB_ARGS(db_id(id)), &changed, err));
	return changed ? RESULT_OK
		       : err_set(err, RESULT_CONFLICT, "definitions lie in the folder: move them first");
}

enum result definition_folder_set_everybody(struct tx *tx, struct id id, bool to_everybody, struct err *err)
{
	return db_exec(tx, "UPDATE definition_folder SET to_everybody = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_bool(to_everybody)), NULL, err);
}

enum result definition_folder_add_group(
	struct tx *tx, struct id folder_id, struct id group_id, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO folder_group (folder_id, group_id) VALUES ($1, $2)"
		" ON CONFLICT (folder_id, group_id) DO NOTHING",
		DB_ARGS(db_id(folder_id), db_id(group_id)), NULL, err);
}

enum result definition_folder_remove_group(
	struct tx *tx, struct id folder_id, struct id group_id, struct err *err)
{
	return db_exec(tx, "DELETE FROM folder_group WHERE folder_id = $1 AND group_id = $2",
		DB_ARGS(db_id(folder_id), db_id(group_id)), NULL, err);
}
