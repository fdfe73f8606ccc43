#include "store/recall_write.h"

#include "base/mem.h"

enum result recall_find(struct tx *tx, struct id id, struct arena *arena, struct recall *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT id, message_id, at, actor_id, reason_box FROM recall WHERE id = $1",
		DB_ARGS(db_id(id)), &rows, err));
	*ret = (struct recall){.id = row_id(&rows, 0),
		.message_id = row_id(&rows, 1),
		.at = row_int(&rows, 2),
		.actor_id = row_id(&rows, 3),
		.reason_box = arena_bytes(arena, row_bytes(&rows, 4))};
	return rows_end(&rows, err);
}

enum result recall_add(struct tx *tx, const struct recall *recall, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO recall (id, message_id, at, actor_id, reason_box) VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_id(recall->id), db_id(recall->message_id), db_int(recall->at),
			db_id_or_null(recall->actor_id),
			recall->reason_box.len ? db_bytes(recall->reason_box) : db_null_bytes()),
		NULL, err);
}
