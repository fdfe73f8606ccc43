#include "store/device_write.h"

#include "base/mem.h"

enum result device_note(
	struct tx *tx, struct bytes cookie_hash, struct str address_key, int64_t now, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO device (cookie_hash, address_key, used_at) VALUES ($1, $2, $3)"
		" ON CONFLICT (cookie_hash, address_key) DO UPDATE SET used_at = $3",
		DB_ARGS(db_bytes(cookie_hash), db_text(address_key), db_int(now)), NULL, err);
}

enum result device_is_known(struct tx *tx, struct bytes cookie_hash, struct str address_key, int64_t since,
	bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM device WHERE cookie_hash = $1 AND address_key = $2 AND used_at >= $3",
		DB_ARGS(db_bytes(cookie_hash), db_text(address_key), db_int(since)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result device_remove_unused(struct tx *tx, int64_t before, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM device WHERE used_at < $1 AND (cookie_hash, address_key) IN"
		" (SELECT cookie_hash, address_key FROM device WHERE used_at < $1 LIMIT $2)",
		DB_ARGS(db_int(before), db_int(limit)), NULL, err);
}

enum result device_forget(struct tx *tx, struct str address_key, struct err *err)
{
	return db_exec(
		tx, "DELETE FROM device WHERE address_key = $1", DB_ARGS(db_text(address_key)), NULL, err);
}
