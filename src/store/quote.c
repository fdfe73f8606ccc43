#include "store/quote_write.h"

#include "base/list.h"
#include "base/mem.h"

enum result quote_list(struct tx *tx, struct id message_id, struct arena *arena, struct quote **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct quote));

	TRY(db_query(tx,
		"SELECT id, quoted_id, position, box FROM quote WHERE message_id = $1 ORDER BY position",
		DB_ARGS(db_id(message_id)), &rows, err));
	while (rows_next(&rows))
		*(struct quote *)list_add(&list) = (struct quote){
			.id = row_id(&rows, 0),
			.message_id = message_id,
			.quoted_id = row_id(&rows, 1),
			.position = row_int(&rows, 2),
			.box = arena_bytes(arena, row_bytes(&rows, 3)),
		};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result quote_any(struct tx *tx, struct id message_id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM quote WHERE message_id = $1 LIMIT 1", DB_ARGS(db_id(message_id)),
		&rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result quote_recalled_at(struct tx *tx, struct id message_id, int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT quotes_recalled_at FROM message WHERE id = $1",
		DB_ARGS(db_id(message_id)), &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result quote_add(struct tx *tx, const struct quote *quote, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO quote (id, message_id, quoted_id, position, box) VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_id(quote->id), db_id(quote->message_id), db_id(quote->quoted_id),
			db_int(quote->position), db_bytes(quote->box)),
		NULL, err);
}

enum result quote_hold_quoted(struct tx *tx, struct id quoted_id, bool *ret_may, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE message SET quotes_recalled_at = 0 WHERE id = $1 AND quotes_recalled_at = 0",
		DB_ARGS(db_id(quoted_id)), &changed, err));
	*ret_may = changed > 0;
	return RESULT_OK;
}

enum result quote_recall(struct tx *tx, struct id quoted_id, int64_t now, struct arena *arena,
	struct id **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct id));

	TRY(db_exec(tx, "UPDATE message SET quotes_recalled_at = $2 WHERE id = $1 AND quotes_recalled_at = 0",
		DB_ARGS(db_id(quoted_id), db_int(now)), NULL, err));
	TRY(db_query(tx, "SELECT id FROM quote WHERE quoted_id = $1", DB_ARGS(db_id(quoted_id)), &rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}
