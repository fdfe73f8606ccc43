#include "store/attempt_write.h"

#include "base/mem.h"

enum result attempt_count(
	struct tx *tx, struct bytes key, int64_t now, int64_t window_ms, int64_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"INSERT INTO attempt (key, count, window_ends_at) VALUES ($1, 1, $3) ON CONFLICT (key) DO "
		"UPDATE SET"
		"  count = CASE WHEN attempt.window_ends_at <= $2 THEN 1 ELSE attempt.count + 1 END,"
		"  window_ends_at = CASE WHEN attempt.window_ends_at <= $2 THEN $3 ELSE "
		"attempt.window_ends_at END"
		" RETURNING count",
		DB_ARGS(db_bytes(key), db_int(now), db_int(now + window_ms)), &rows, err));
	*ret_count = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result attempt_take_back(struct tx *tx, struct bytes key, struct err *err)
{
	return db_exec(tx, "UPDATE attempt SET count = count - 1 WHERE key = $1 AND count > 0",
		DB_ARGS(db_bytes(key)), NULL, err);
}

enum result attempt_clear(struct tx *tx, struct bytes key, struct err *err)
{
	return db_exec(tx, "DELETE FROM attempt WHERE key = $1", DB_ARGS(db_bytes(key)), NULL, err);
}

enum result attempt_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM attempt WHERE key IN (SELECT key FROM attempt WHERE window_ends_at < $1 LIMIT "
		"$2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}
