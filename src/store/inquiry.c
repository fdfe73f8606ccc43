#include "store/inquiry_write.h"

#include "base/list.h"

#define SELECT                                                                                               \
	"SELECT i.id, i.account_id, i.asker_id, i.asked_id, i.definition_id, i.purpose_box, i.bytes_max,"    \
	" i.bytes_got, i.answers, i.created_at, i.expires_at, i.closed_at, i.delivery_id, k.address,"        \
	" d.address, COALESCE(v.state, 0), i.link_opened_at, i.denied_at FROM inquiry i JOIN person k ON "   \
	"k.id = i.asker_id"                                                                                  \
	" JOIN person d ON d.id = i.asked_id LEFT JOIN delivery v ON v.id = i.delivery_id"

static struct inquiry read_row(const struct rows *rows, struct arena *arena)
{
	return (struct inquiry){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.asker_id = row_id(rows, 2),
		.asked_id = row_id(rows, 3),
		.definition_id = row_id(rows, 4),
		.purpose_box = arena_bytes(arena, row_bytes(rows, 5)),
		.bytes_max = row_int(rows, 6),
		.bytes_got = row_int(rows, 7),
		.answers = row_int(rows, 8),
		.created_at = row_int(rows, 9),
		.expires_at = row_int(rows, 10),
		.closed_at = row_int(rows, 11),
		.delivery_id = row_id(rows, 12),
		.asker_address = arena_str(arena, row_text(rows, 13)),
		.asked_address = arena_str(arena, row_text(rows, 14)),
		.delivery_state = (enum delivery_state)row_int(rows, 15),
		.link_opened_at = row_int(rows, 16),
		.denied_at = row_int(rows, 17),
	};
}

enum result inquiry_find(
	struct tx *tx, struct id id, struct arena *arena, struct inquiry *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result found = db_query_one(tx, SELECT " WHERE i.id = $1", DB_ARGS(db_id(id)), &rows, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, found, "there is no such request");
	TRY(found);
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result inquiry_list_of(struct tx *tx, struct id account_id, struct id asker_id, int64_t limit,
	struct arena *arena, struct inquiry **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct inquiry));

	if (id_is_none(asker_id))
		TRY(db_query(tx, SELECT " WHERE i.account_id = $1 ORDER BY i.id DESC LIMIT $2",
			DB_ARGS(db_id(account_id), db_int(limit)), &rows, err));
	else
		TRY(db_query(tx, SELECT " WHERE i.asker_id = $1 ORDER BY i.id DESC LIMIT $2",
			DB_ARGS(db_id(asker_id), db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct inquiry *)list_add(&list) = read_row(&rows, arena);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result inquiry_copies(struct tx *tx, const struct inquiry *inquiry, struct arena *arena, struct id **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct id));

	TRY(db_query(tx,
		"SELECT c.id FROM inquiry_answer a JOIN copy c ON c.message_id = a.message_id"
		" AND c.person_id = $2 AND c.is_owner = 0 WHERE a.inquiry_id = $1 ORDER BY a.at, c.id",
		DB_ARGS(db_id(inquiry->id), db_id(inquiry->asker_id)), &rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result inquiry_add(struct tx *tx, const struct inquiry *inquiry, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO inquiry (id, account_id, asker_id, asked_id, definition_id, purpose_box,"
		" bytes_max, bytes_got, answers, created_at, expires_at, closed_at, delivery_id)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, 0, $10)",
		DB_ARGS(db_id(inquiry->id), db_id(inquiry->account_id), db_id(inquiry->asker_id),
			db_id(inquiry->asked_id), db_id_or_null(inquiry->definition_id),
			db_bytes(inquiry->purpose_box), db_int(inquiry->bytes_max),
			db_int(inquiry->created_at), db_int(inquiry->expires_at),
			db_id(inquiry->delivery_id)),
		NULL, err);
}

enum result inquiry_count_answer(struct tx *tx, struct id id, struct id asked_id, int64_t bytes, int64_t most,
	int64_t now, bool *ret_done, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE inquiry SET bytes_got = bytes_got + $3, answers = answers + 1"
		" WHERE id = $1 AND asked_id = $2 AND closed_at = 0 AND expires_at > $5"
		" AND bytes_got + $3 <= bytes_max AND answers < $4",
		DB_ARGS(db_id(id), db_id(asked_id), db_int(bytes), db_int(most), db_int(now)), &changed,
		err));
	*ret_done = changed > 0;
	return RESULT_OK;
}

enum result inquiry_add_answer(
	struct tx *tx, struct id id, struct id message_id, int64_t now, struct err *err)
{
	return db_exec(tx, "INSERT INTO inquiry_answer (message_id, inquiry_id, at) VALUES ($1, $2, $3)",
		DB_ARGS(db_id(message_id), db_id(id), db_int(now)), NULL, err);
}

enum result inquiry_set_closed(struct tx *tx, struct id id, int64_t now, bool *ret_done, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE inquiry SET closed_at = $2 WHERE id = $1 AND closed_at = 0 AND expires_at > $2",
		DB_ARGS(db_id(id), db_int(now)), &changed, err));
	*ret_done = changed > 0;
	return RESULT_OK;
}

enum result inquiry_mark_opened(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE inquiry SET link_opened_at = $2 WHERE id = $1 AND link_opened_at = 0",
		DB_ARGS(db_id(id), db_int(now)), NULL, err);
}

enum result inquiry_mark_denied(struct tx *tx, struct id id, int64_t now, bool *ret_first, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE inquiry SET denied_at = $2 WHERE id = $1 AND denied_at = 0",
		DB_ARGS(db_id(id), db_int(now)), &changed, err));
	*ret_first = changed > 0;
	return RESULT_OK;
}

enum result inquiry_forget(struct tx *tx, int64_t before, int64_t limit, struct err *err)
{
	static const char old[] = "SELECT id FROM inquiry WHERE expires_at < $1 ORDER BY expires_at LIMIT $2";
	cleanup(arena_done) struct arena arena = {0};
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(&arena, sizeof(struct id));

	TRY(db_query(tx, old, DB_ARGS(db_int(before), db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	TRY(rows_end(&rows, err));
	const struct id *ids = list.items;
	for (size_t i = 0; i < list.count; i++) {
		TRY(db_exec(tx, "DELETE FROM inquiry_answer WHERE inquiry_id = $1", DB_ARGS(db_id(ids[i])),
			NULL, err));
		TRY(db_exec(tx, "DELETE FROM inquiry WHERE id = $1", DB_ARGS(db_id(ids[i])), NULL, err));
	}
	return RESULT_OK;
}
