#include "store/wrap_write.h"

#include "base/list.h"
#include "base/mem.h"

enum result wrap_find(struct tx *tx, struct id holder_id, struct id message_id, struct arena *arena,
	struct bytes *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	enum result result =
		db_query_one(tx, "SELECT sealed FROM wrap WHERE message_id = $1 AND holder_id = $2",
			DB_ARGS(db_id(message_id), db_id(holder_id)), &rows, err);

	if (result == RESULT_NOT_FOUND)
		return err_set(err, RESULT_GONE, "the key to this was destroyed");
	TRY(result);
	*ret = arena_bytes(arena, row_bytes(&rows, 0));
	return rows_end(&rows, err);
}

enum result wrap_find_any(struct tx *tx, struct id message_id, struct arena *arena, struct id *ret_holder_id,
	struct bytes *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	enum result result =
		db_query_one(tx, "SELECT holder_id, sealed FROM wrap WHERE message_id = $1 LIMIT 1",
			DB_ARGS(db_id(message_id)), &rows, err);

	if (result == RESULT_NOT_FOUND)
		return err_set(err, RESULT_GONE, "the keys to this were destroyed");
	TRY(result);
	*ret_holder_id = row_id(&rows, 0);
	*ret = arena_bytes(arena, row_bytes(&rows, 1));
	return rows_end(&rows, err);
}

enum result wrap_add(
	struct tx *tx, struct id holder_id, struct id message_id, struct bytes sealed, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO wrap (holder_id, message_id, sealed) VALUES ($1, $2, $3)"
		" ON CONFLICT (message_id, holder_id) DO NOTHING",
		DB_ARGS(db_id(holder_id), db_id(message_id), db_bytes(sealed)), NULL, err);
}

static const uint8_t zeros[256];

enum result wrap_destroy(struct tx *tx, struct id holder_id, struct id message_id, struct err *err)
{
	struct db_value of_same_size = db_bytes((struct bytes){zeros, sizeof(zeros)});

	TRY(db_exec(tx,
		"UPDATE wrap SET sealed = substr($2, 1, length(sealed)) WHERE message_id = $3 AND holder_id "
		"= $1",
		DB_ARGS(db_id(holder_id), of_same_size, db_id(message_id)), NULL, err));
	return db_exec(tx, "DELETE FROM wrap WHERE message_id = $1 AND holder_id = $2",
		DB_ARGS(db_id(message_id), db_id(holder_id)), NULL, err);
}

enum result wrap_destroy_for_good(
	struct tx *tx, struct id holder_id, struct id message_id, int64_t now, struct err *err)
{
	TRY(db_exec(tx,
		"INSERT INTO destruction (holder_id, message_id, destroyed_at, wiped_at)"
		" SELECT holder_id, message_id, $2, 0 FROM wrap WHERE message_id = $3 AND holder_id = $1"
		" ON CONFLICT (holder_id) DO NOTHING",
		DB_ARGS(db_id(holder_id), db_int(now), db_id(message_id)), NULL, err));
	return wrap_destroy(tx, holder_id, message_id, err);
}

#define OF_MAILBOX                                                                                           \
	" WHERE (message_id, holder_id) IN"                                                                  \
	" (SELECT message_id, id FROM copy WHERE mailbox_id = $1 AND destroyed_at = $2)"

enum result wrap_destroy_all(struct tx *tx, struct id mailbox_id, int64_t now, struct err *err)
{
	struct db_value of_same_size = db_bytes((struct bytes){zeros, sizeof(zeros)});

	TRY(db_exec(tx,
		"INSERT INTO destruction (holder_id, message_id, destroyed_at, wiped_at)"
		" SELECT holder_id, message_id, $2, 0 FROM wrap" OF_MAILBOX
		" ON CONFLICT (holder_id) DO NOTHING",
		DB_ARGS(db_id(mailbox_id), db_int(now)), NULL, err));
	TRY(db_exec(tx, "UPDATE wrap SET sealed = substr($3, 1, length(sealed))" OF_MAILBOX,
		DB_ARGS(db_id(mailbox_id), db_int(now), of_same_size), NULL, err));
	return db_exec(tx, "DELETE FROM wrap" OF_MAILBOX, DB_ARGS(db_id(mailbox_id), db_int(now)), NULL, err);
}

enum result wrap_destroy_of_queue(struct tx *tx, struct id message_id, int64_t now, struct err *err)
{
	TRY(db_exec(tx,
		"INSERT INTO destruction (holder_id, message_id, destroyed_at, wiped_at)"
		" VALUES ($1, $1, $2, 0) ON CONFLICT (holder_id) DO NOTHING",
		DB_ARGS(db_id(message_id), db_int(now)), NULL, err));
	return wrap_destroy(tx, message_id, message_id, err);
}
