#include "store/destruction_write.h"

#include "base/list.h"
#include "base/mem.h"
#include "store/wrap_write.h"

/* wiped_at: 0 not yet, -1 under way (again, when that was cut short), then when it was done. */

enum result destruction_is_to_wipe(struct tx *tx, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM destruction WHERE wiped_at <= 0 LIMIT 1", DB_NO_ARGS, &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result destruction_begin_wipe(struct tx *tx, struct err *err)
{
	return db_exec(tx, "UPDATE destruction SET wiped_at = -1 WHERE wiped_at = 0", DB_NO_ARGS, NULL, err);
}

enum result destruction_end_wipe(struct tx *tx, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE destruction SET wiped_at = $1 WHERE wiped_at = -1", DB_ARGS(db_int(now)),
		NULL, err);
}

enum result destruction_list_unlisted(struct tx *tx, int64_t limit, struct arena *arena,
	struct destruction **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct destruction));

	TRY(db_query(tx,
		"SELECT holder_id, message_id, destroyed_at FROM destruction WHERE listed = 0 LIMIT $1",
		DB_ARGS(db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct destruction *)list_add(&list) =
			(struct destruction){row_id(&rows, 0), row_id(&rows, 1), row_int(&rows, 2)};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result destruction_seen(struct tx *tx, int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT bytes FROM destruction_file WHERE id = 1", DB_NO_ARGS, &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result destruction_set_listed(struct tx *tx, struct id holder_id, struct err *err)
{
	return db_exec(tx, "UPDATE destruction SET listed = 1 WHERE holder_id = $1",
		DB_ARGS(db_id(holder_id)), NULL, err);
}

enum result destruction_set_seen(struct tx *tx, int64_t bytes, struct err *err)
{
	return db_exec(tx, "UPDATE destruction_file SET bytes = $1 WHERE id = 1 AND bytes < $1",
		DB_ARGS(db_int(bytes)), NULL, err);
}

enum result destruction_list_anew(struct tx *tx, struct err *err)
{
	TRY(db_exec(tx, "UPDATE destruction_file SET bytes = 0 WHERE id = 1", DB_NO_ARGS, NULL, err));
	return db_exec(tx, "UPDATE destruction SET listed = 0 WHERE listed = 1", DB_NO_ARGS, NULL, err);
}

enum result destruction_repeat(
	struct tx *tx, const struct destruction *destruction, bool is_listed, bool *ret_done, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct db_value holder = db_id(destruction->holder_id);

	TRY(db_query(tx, "SELECT 1 FROM wrap WHERE message_id = $2 AND holder_id = $1",
		DB_ARGS(holder, db_id(destruction->message_id)), &rows, err));
	*ret_done = rows_next(&rows);
	TRY(rows_end(&rows, err));
	TRY(db_exec(tx,
		"INSERT INTO destruction (holder_id, message_id, destroyed_at, wiped_at, listed)"
		" VALUES ($1, $2, $3, 0, $4) ON CONFLICT (holder_id) DO NOTHING",
		DB_ARGS(holder, db_id(destruction->message_id), db_int(destruction->destroyed_at),
			db_bool(is_listed)),
		NULL, err));
	return wrap_destroy(tx, destruction->holder_id, destruction->message_id, err);
}
