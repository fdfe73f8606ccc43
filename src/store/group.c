#include "store/group_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"g.id, g.account_id, g.name, g.created_at,"                                                          \
	" (SELECT count(*) FROM group_member m WHERE m.group_id = g.id)"

static struct group read_row(const struct rows *rows, struct arena *arena)
{
	return (struct group){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.name = arena_str(arena, row_text(rows, 2)),
		.created_at = row_int(rows, 3),
		.member_count = row_int(rows, 4),
	};
}

enum result group_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct group *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result found = db_query_one(tx,
		"SELECT " COLUMNS " FROM user_group g WHERE g.account_id = $1 AND g.name_key = $2",
		DB_ARGS(db_id(account_id), db_text(arena_lower(arena, name))), &rows, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, found, "the account has no group %.*s", STR_ARG(name));
	TRY(found);
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result group_list(struct tx *tx, struct id account_id, struct arena *arena, struct group **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct group));

	TRY(db_query(tx, "SELECT " COLUMNS " FROM user_group g WHERE g.account_id = $1 ORDER BY g.name_key",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct group *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result group_list_members(struct tx *tx, struct id group_id, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct str));

	TRY(db_query(tx,
		"SELECT p.address FROM group_member m JOIN person p ON p.id = m.person_id"
		" WHERE m.group_id = $1 ORDER BY p.address_key",
		DB_ARGS(db_id(group_id)), &rows, err));
	while (rows_next(&rows))
		*(struct str *)list_add(&list) = arena_str(arena, row_text(&rows, 0));
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result group_add(struct tx *tx, const struct group *group, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return db_exec(tx,
		"INSERT INTO user_group (id, account_id, name, name_key, created_at)"
		" VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_id(group->id), db_id(group->account_id), db_text(group->name),
			db_text(arena_lower(&arena, group->name)), db_int(group->created_at)),
		NULL, err);
}

enum result group_rename(struct tx *tx, struct id id, struct str name, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t changed;

	TRY(db_exec(tx, "UPDATE user_group SET name = $2, name_key = $3 WHERE id = $1",
		DB_ARGS(db_id(id), db_text(name), db_text(arena_lower(&arena, name))), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such group");
}

enum result group_remove(struct tx *tx, struct id id, struct err *err)
{
	TRY(db_exec(tx, "DELETE FROM folder_group WHERE group_id = $1", DB_ARGS(db_id(id)), NULL, err));
	TRY(db_exec(tx, "DELETE FROM group_member WHERE group_id = $1", DB_ARGS(db_id(id)), NULL, err));
	return db_exec(tx, "DELETE FROM user_group WHERE id = $1", DB_ARGS(db_id(id)), NULL, err);
}

enum result group_member_add(
	struct tx *tx, struct id group_id, struct id person_id, int64_t now, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO group_member (group_id, person_id, added_at) VALUES ($1, $2, $3)"
		" ON CONFLICT (group_id, person_id) DO NOTHING",
		DB_ARGS(db_id(group_id), db_id(person_id), db_int(now)), NULL, err);
}

enum result group_member_remove(struct tx *tx, struct id group_id, struct id person_id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM group_member WHERE group_id = $1 AND person_id = $2",
		DB_ARGS(db_id(group_id), db_id(person_id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the group has no such member");
}
