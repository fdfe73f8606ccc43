#include "store/telling_write.h"

#include "base/list.h"
#include "store/message_private.h"

enum result telling_list_read(struct tx *tx, int64_t limit, struct arena *arena, struct telling_read **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct telling_read));

	TRY(db_query(tx,
		"SELECT c.id, c.account_id, c.message_id, c.person_id, c.first_read_at FROM copy c"
		" JOIN message m ON m.id = c.message_id WHERE c.receipt_at = 0 AND c.first_read_at > 0"
		" AND c.is_owner = 0 AND m.read_receipt = 1 ORDER BY c.id LIMIT $1",
		DB_ARGS(db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct telling_read *)list_add(&list) = (struct telling_read){.copy_id = row_id(&rows, 0),
			.account_id = row_id(&rows, 1),
			.message_id = row_id(&rows, 2),
			.person_id = row_id(&rows, 3),
			.read_at = row_int(&rows, 4)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result telling_skip_read(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"UPDATE copy SET receipt_at = $1 WHERE id IN (SELECT c.id FROM copy c"
		" JOIN message m ON m.id = c.message_id WHERE c.receipt_at = 0 AND c.first_read_at > 0"
		" AND c.is_owner = 0 AND m.read_receipt = 0 ORDER BY c.id LIMIT $2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}

enum result telling_claim_read(struct tx *tx, struct id copy_id, int64_t now, bool *ret, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE copy SET receipt_at = $2 WHERE id = $1 AND receipt_at = 0",
		DB_ARGS(db_id(copy_id), db_int(now)), &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result telling_list(struct tx *tx, enum telling telling, struct id account_id, int64_t from,
	int64_t until, int64_t limit, struct arena *arena, struct id **ret, size_t *ret_count,
	struct err *err)
{
	static const char *const sql[] = {
		[TELLING_ENDS_SOON] = "SELECT id FROM message WHERE account_id = $1 AND " MESSAGE_STAGE
				      " = 0 AND expires_at > $2 AND expires_at <= $3"
				      " AND recalled_at = 0 AND expires_at - sent_at > $3 - $2"
				      " ORDER BY expires_at LIMIT $4",
		[TELLING_UNREAD] = "SELECT id FROM message WHERE account_id = $1 AND kind = 1"
				   " AND unread_told_at = 0 AND sent_at <= $3 AND recalled_at = 0"
				   " AND (expires_at = 0 OR expires_at > $2) ORDER BY sent_at LIMIT $4",
		[TELLING_EXPIRED] = "SELECT id FROM message WHERE account_id = $1 AND " MESSAGE_STAGE
				    " IN (0, 1, 2) AND expires_at > $2 AND expires_at <= $3"
				    " AND expired_told_at = 0"
				    " AND recalled_at = 0 ORDER BY expires_at LIMIT $4",
	};
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct id));

	TRY(db_query(tx, sql[telling], DB_ARGS(db_id(account_id), db_int(from), db_int(until), db_int(limit)),
		&rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result telling_claim(
	struct tx *tx, enum telling telling, struct id message_id, int64_t now, bool *ret, struct err *err)
{
	static const char *const sql[] = {
		[TELLING_ENDS_SOON] = "UPDATE message SET reminded_at = $2 WHERE id = $1 AND reminded_at = 0"
				      " AND recalled_at = 0",
		[TELLING_UNREAD] = "UPDATE message SET unread_told_at = $2 WHERE id = $1"
				   " AND unread_told_at = 0 AND recalled_at = 0",
		[TELLING_EXPIRED] = "UPDATE message SET expired_told_at = $2 WHERE id = $1"
				    " AND expired_told_at = 0 AND recalled_at = 0 AND expires_at <= $2",
	};
	int64_t changed;

	TRY(db_exec(tx, sql[telling], DB_ARGS(db_id(message_id), db_int(now)), &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result telling_list_unread(struct tx *tx, struct id message_id, struct arena *arena,
	struct telling_person **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct telling_person));

	TRY(db_query(tx,
		"SELECT c.id, p.id, p.address, CASE WHEN c.denied_at = 0 AND c.folder <> 4"
		" AND EXISTS (SELECT 1 FROM wrap w WHERE w.message_id = c.message_id AND w.holder_id = c.id)"
		" AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = c.message_id AND d.kind = 2"
		" AND d.copy_id = c.id AND d.state <> 2) THEN 1 ELSE 0 END"
		" FROM copy c JOIN recipient r ON r.message_id = c.message_id AND r.person_id = c.person_id"
		" JOIN person p ON p.id = c.person_id WHERE c.message_id = $1 AND c.is_owner = 0"
		" AND c.first_read_at = 0 AND c.recall_id IS NULL AND r.route = 1 ORDER BY p.address",
		DB_ARGS(db_id(message_id)), &rows, err));
	while (rows_next(&rows))
		*(struct telling_person *)list_add(&list) =
			(struct telling_person){.copy_id = row_id(&rows, 0),
				.person_id = row_id(&rows, 1),
				.address = arena_str(arena, row_text(&rows, 2)),
				.can_read = row_int(&rows, 3) != 0};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}
