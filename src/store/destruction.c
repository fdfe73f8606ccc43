#include "store/destruction_write.h"

#include "base/mem.h"

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
