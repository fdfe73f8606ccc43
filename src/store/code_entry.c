#include "store/code_entry.h"

#include "base/mem.h"
#include "store/code_entry_write.h"

enum result code_entry_exists(struct tx *tx, struct bytes session_hash, struct id copy_id,
	int64_t code_set_at, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT 1 FROM code_entry WHERE session_hash = $1 AND copy_id = $2 AND code_set_at = $3",
		DB_ARGS(db_bytes(session_hash), db_id(copy_id), db_int(code_set_at)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result code_entry_put(
	struct tx *tx, struct bytes session_hash, struct id copy_id, int64_t code_set_at, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO code_entry (session_hash, copy_id, code_set_at) VALUES ($1, $2, $3)"
		" ON CONFLICT (session_hash, copy_id) DO UPDATE SET code_set_at = excluded.code_set_at",
		DB_ARGS(db_bytes(session_hash), db_id(copy_id), db_int(code_set_at)), NULL, err);
}
