#include "store/sending_write.h"

#include "base/list.h"
#include "base/mem.h"

static enum result read_number(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, sql, args, count, &rows, err));
	*ret = rows_next(&rows) ? row_int(&rows, 0) : 0;
	return rows_end(&rows, err);
}

enum result sending_count(struct tx *tx, struct id person_id, int64_t month, int64_t *ret, struct err *err)
{
	return read_number(tx, "SELECT count FROM sending_month WHERE person_id = $1 AND month = $2",
		DB_ARGS(db_id(person_id), db_int(month)), ret, err);
}

enum result sending_packs(struct tx *tx, struct id person_id, int64_t now, int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT more FROM pack WHERE person_id = $1 AND starts_at <= $2 AND ends_at > $2",
		DB_ARGS(db_id(person_id), db_int(now)), &rows, err));
	*ret = 0;
	while (rows_next(&rows))
		*ret += row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result pack_list(struct tx *tx, struct id account_id, struct arena *arena, struct pack **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct pack));

	TRY(db_query(tx,
		"SELECT k.id, k.account_id, k.person_id, p.address, k.more, k.starts_at, k.ends_at, "
		"k.created_at FROM pack k JOIN person p ON p.id = k.person_id"
		" WHERE k.account_id = $1 ORDER BY k.id",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct pack *)list_add(&list) = (struct pack){.id = row_id(&rows, 0),
			.account_id = row_id(&rows, 1),
			.person_id = row_id(&rows, 2),
			.address = arena_str(arena, row_text(&rows, 3)),
			.more = row_int(&rows, 4),
			.starts_at = row_int(&rows, 5),
			.ends_at = row_int(&rows, 6),
			.created_at = row_int(&rows, 7)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result sending_list(struct tx *tx, struct id account_id, int64_t month, struct arena *arena,
	struct sending_use **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct sending_use));

	TRY(db_query(tx,
		"SELECT s.person_id, p.address, s.count FROM sending_month s"
		" JOIN person p ON p.id = s.person_id"
		" WHERE p.account_id = $1 AND s.month = $2 AND s.count > 0 ORDER BY p.address_key",
		DB_ARGS(db_id(account_id), db_int(month)), &rows, err));
	while (rows_next(&rows))
		*(struct sending_use *)list_add(&list) = (struct sending_use){
			row_id(&rows, 0), arena_str(arena, row_text(&rows, 1)), row_int(&rows, 2)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

/* A change that changes nothing locks the row on PostgreSQL; on SQLite nobody else writes. */
enum result sending_hold(struct tx *tx, struct id person_id, int64_t month, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO sending_month (person_id, month, count) VALUES ($1, $2, 0)"
		" ON CONFLICT (person_id, month) DO UPDATE SET count = sending_month.count",
		DB_ARGS(db_id(person_id), db_int(month)), NULL, err);
}

enum result sending_add(struct tx *tx, struct id person_id, int64_t month, struct id recipient_id,
	int64_t now, bool *ret_is_new, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO sending_recipient (person_id, month, recipient_id, counted_at)"
		" VALUES ($1, $2, $3, $4) ON CONFLICT (person_id, month, recipient_id) DO NOTHING",
		DB_ARGS(db_id(person_id), db_int(month), db_id(recipient_id), db_int(now)), &changed, err));
	*ret_is_new = changed > 0;
	return RESULT_OK;
}

enum result sending_take(struct tx *tx, struct id person_id, int64_t month, int64_t more, int64_t limit,
	bool *ret, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE sending_month SET count = count + $3"
		" WHERE person_id = $1 AND month = $2 AND count + $3 <= $4",
		DB_ARGS(db_id(person_id), db_int(month), db_int(more), db_int(limit)), &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result sending_forget(struct tx *tx, int64_t before, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM sending_recipient WHERE (person_id, month, recipient_id) IN"
		" (SELECT person_id, month, recipient_id FROM sending_recipient WHERE counted_at < $1"
		"  LIMIT $2)",
		DB_ARGS(db_int(before), db_int(limit)), NULL, err);
}

enum result pack_add(struct tx *tx, const struct pack *pack, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO pack (id, account_id, person_id, more, starts_at, ends_at, created_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		DB_ARGS(db_id(pack->id), db_id(pack->account_id), db_id(pack->person_id), db_int(pack->more),
			db_int(pack->starts_at), db_int(pack->ends_at), db_int(pack->created_at)),
		NULL, err);
}

enum result pack_remove(struct tx *tx, struct id account_id, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM pack WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such pack");
}
