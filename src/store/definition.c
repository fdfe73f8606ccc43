#include "store/definition_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, name, description, is_default, position, may_print, may_reply, may_reply_all,"      \
	" expire_days, read_receipt, all_recipients, created_at, folder_id, may_save, second_factor,"        \
	" may_extend, access_code"
#define IS_PUBLISHED 18 /* the column behind these */

static struct definition read_row(const struct rows *rows, struct arena *arena)
{
	return (struct definition){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.name = arena_str(arena, row_text(rows, 2)),
		.description = arena_str(arena, row_text(rows, 3)),
		.is_default = row_bool(rows, 4),
		.position = row_int(rows, 5),
		.rights = {row_bool(rows, 6), row_bool(rows, 7), row_bool(rows, 8), row_bool(rows, 14),
			row_bool(rows, 15), row_bool(rows, 16)},
		.expire_days = row_int(rows, 9),
		.read_receipt = row_bool(rows, 10),
		.all_recipients = row_bool(rows, 11),
		.created_at = row_int(rows, 12),
		.folder_id = row_id(rows, 13),
		.access_code = row_bool(rows, 17),
	};
}

static enum result find(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct definition *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, args, count, &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result definition_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct definition *ret, struct err *err)
{
	return find(tx, "SELECT " COLUMNS " FROM definition WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id)), arena, ret, err);
}

#define BY_NAME "SELECT " COLUMNS " FROM definition WHERE account_id = $1 AND name_key = $2"

static enum result find_by_name(struct tx *tx, const char *sql, struct id account_id, struct str name,
	struct arena *arena, struct definition *ret, struct err *err)
{
	enum result found =
		find(tx, sql, DB_ARGS(db_id(account_id), db_text(arena_lower(arena, name))), arena, ret, err);

	return found == RESULT_NOT_FOUND
		       ? err_set(err, found, "the account has no definition %.*s", STR_ARG(name))
		       : found;
}

enum result definition_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct definition *ret, struct err *err)
{
	return find_by_name(tx, BY_NAME, account_id, name, arena, ret, err);
}

enum result definition_hold_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct definition *ret, struct err *err)
{
	/* SQLite has one writer at a time. */
	static const char sqlite[] = BY_NAME;
	static const char postgres[] = BY_NAME " FOR NO KEY UPDATE";

	return find_by_name(tx, db_pick(tx, sqlite, postgres), account_id, name, arena, ret, err);
}

enum result definition_list_for(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct definition));

	TRY(db_query(tx,
		"SELECT " COLUMNS ", CASE WHEN EXISTS"
		"  (SELECT 1 FROM definition_folder f"
		"   WHERE f.id = d.folder_id AND f.account_id = $1 AND f.to_everybody = 1) OR EXISTS"
		"  (SELECT 1 FROM person p JOIN group_member m ON m.person_id = p.id"
		"   JOIN folder_group f ON f.group_id = m.group_id"
		"   WHERE p.account_id = $1 AND p.address_key = $2 AND f.folder_id = d.folder_id)"
		" THEN 1 ELSE 0 END"
		" FROM definition d WHERE account_id = $1 ORDER BY position, id",
		DB_ARGS(db_id(account_id), db_text(arena_lower(arena, address))), &rows, err));
	while (rows_next(&rows)) {
		struct definition *definition = list_add(&list);
		*definition = read_row(&rows, arena);
		definition->is_published = row_bool(&rows, IS_PUBLISHED);
	}
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result definition_list(struct tx *tx, struct id account_id, struct arena *arena, struct definition **ret,
	size_t *ret_count, struct err *err)
{
	return definition_list_for(tx, account_id, STR_NONE, arena, ret, ret_count, err);
}

enum result definition_add(struct tx *tx, const struct definition *definition, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return db_exec(tx,
		"INSERT INTO definition (id, account_id, name, name_key, description, is_default, position,"
		" may_print, may_reply, may_reply_all, expire_days, read_receipt, all_recipients, created_at,"
		" folder_id, may_save, second_factor, may_extend, access_code)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
		"$19)",
		DB_ARGS(db_id(definition->id), db_id(definition->account_id), db_text(definition->name),
			db_text(arena_lower(&arena, definition->name)), db_text(definition->description),
			db_bool(definition->is_default), db_int(definition->position),
			db_bool(definition->rights.print), db_bool(definition->rights.reply),
			db_bool(definition->rights.reply_all), db_int(definition->expire_days),
			db_bool(definition->read_receipt), db_bool(definition->all_recipients),
			db_int(definition->created_at), db_id_or_null(definition->folder_id),
			db_bool(definition->rights.save), db_bool(definition->rights.second_factor),
			db_bool(definition->rights.extend), db_bool(definition->access_code)),
		NULL, err);
}

enum result definition_update(struct tx *tx, const struct definition *definition, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE definition SET name = $3, name_key = $4, description = $5, position = $6, may_print "
		"= $7,"
		" may_reply = $8, may_reply_all = $9, expire_days = $10, read_receipt = $11, all_recipients "
		"= $12, folder_id = $13, may_save = $14, second_factor = $15, may_extend = $16, access_code "
		"= $17"
		" WHERE id = $1 AND account_id = $2",
		DB_ARGS(db_id(definition->id), db_id(definition->account_id), db_text(definition->name),
			db_text(arena_lower(&arena, definition->name)), db_text(definition->description),
			db_int(definition->position), db_bool(definition->rights.print),
			db_bool(definition->rights.reply), db_bool(definition->rights.reply_all),
			db_int(definition->expire_days), db_bool(definition->read_receipt),
			db_bool(definition->all_recipients), db_id_or_null(definition->folder_id),
			db_bool(definition->rights.save), db_bool(definition->rights.second_factor),
			db_bool(definition->rights.extend), db_bool(definition->access_code)),
		&changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such definition");
}

enum result definition_set_position(
	struct tx *tx, struct id account_id, struct id id, int64_t position, struct err *err)
{
	return db_exec(tx, "UPDATE definition SET position = $3 WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id), db_int(position)), NULL, err);
}

enum result definition_remove(struct tx *tx, struct id account_id, struct id id, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct definition definition;
	int64_t changed;

	TRY(definition_find(tx, account_id, id, &arena, &definition, err));
	TRY(db_exec(tx, "DELETE FROM definition WHERE account_id = $1 AND id = $2 AND is_default = 0",
		DB_ARGS(db_id(account_id), db_id(id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_DENIED, "the default definition cannot be removed");
}
