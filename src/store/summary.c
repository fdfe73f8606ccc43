#include "store/summary_write.h"

#include "base/list.h"
#include "store/message_private.h"

/* $1 account, $2 now, $3 failed until, $4, $5 expired after and until, $6, $7 ends until and within, $8, $9
 * sent after and until, $10 day, $11 limit. What has no owner is told to nobody. */
static const char due[] =
	"SELECT d.owner_id, d.id, d.matter FROM ("
	"SELECT owner_id, id, sent_at, 1 AS matter FROM message WHERE account_id = $1 AND failed_at > 0"
	" AND failed_at <= $3"
	" UNION ALL SELECT owner_id, id, sent_at, 2 FROM message WHERE account_id = $1 AND " MESSAGE_STAGE
	" IN (0, 1, 2) AND expires_at > $4 AND expires_at <= $5 AND expired_told_at = 0"
	" AND recalled_at = 0"
	" UNION ALL SELECT owner_id, id, sent_at, 3 FROM message WHERE account_id = $1 AND " MESSAGE_STAGE
	" IN (0, 1) AND expires_at > $2 AND expires_at <= $6 AND expires_at - sent_at > $7"
	" AND expired_told_at = 0 AND ends_told_at = 0 AND recalled_at = 0"
	" UNION ALL SELECT owner_id, id, sent_at, 4 FROM message WHERE account_id = $1 AND kind = 1"
	" AND unread_told_at = 0 AND sent_at > $8 AND sent_at <= $9 AND recalled_at = 0"
	" AND (expires_at = 0 OR expires_at > $2)"
	") d JOIN person p ON p.id = d.owner_id WHERE p.summary_day < $10"
	" ORDER BY d.owner_id, d.matter, d.sent_at, d.id LIMIT $11";

enum result summary_list(struct tx *tx, const struct summary_range *r, int64_t limit, struct arena *arena,
	struct summary_due **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct summary_due));

	TRY(db_query(tx, due,
		DB_ARGS(db_id(r->account_id), db_int(r->now), db_int(r->failed_until),
			db_int(r->expired_from), db_int(r->expired_until), db_int(r->ends_until),
			db_int(r->ends_within), db_int(r->unread_from), db_int(r->unread_until),
			db_int(r->day), db_int(limit)),
		&rows, err));
	while (rows_next(&rows))
		*(struct summary_due *)list_add(&list) = (struct summary_due){
			row_id(&rows, 0), row_id(&rows, 1), (enum summary_matter)row_int(&rows, 2)};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result summary_claim(
	struct tx *tx, struct id owner_id, int64_t day, bool *ret, bool *ret_wanted, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"UPDATE person SET summary_day = $2 WHERE id = $1 AND summary_day < $2 RETURNING no_summary",
		DB_ARGS(db_id(owner_id), db_int(day)), &rows, err));
	*ret = rows_next(&rows);
	*ret_wanted = *ret && !row_bool(&rows, 0);
	return rows_end(&rows, err);
}

enum result summary_claim_matter(
	struct tx *tx, const struct summary_due *matter, int64_t now, bool *ret, struct err *err)
{
	static const char *const sql[] = {
		[SUMMARY_FAILED] = "UPDATE message SET failed_at = 0 WHERE id = $1 AND failed_at > 0 AND "
				   "failed_at <= $2",
		[SUMMARY_EXPIRED] = "UPDATE message SET expired_told_at = $2 WHERE id = $1"
				    " AND expired_told_at = 0 AND recalled_at = 0 AND expires_at <= $2",
		[SUMMARY_ENDS_SOON] = "UPDATE message SET ends_told_at = $2 WHERE id = $1"
				      " AND ends_told_at = 0 AND recalled_at = 0",
		[SUMMARY_UNREAD] = "UPDATE message SET unread_told_at = $2 WHERE id = $1"
				   " AND unread_told_at = 0 AND recalled_at = 0",
	};
	int64_t changed;

	TRY(db_exec(tx, sql[matter->matter], DB_ARGS(db_id(matter->message_id), db_int(now)), &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result summary_set_failed(struct tx *tx, struct id message_id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE message SET failed_at = $2 WHERE id = $1",
		DB_ARGS(db_id(message_id), db_int(now)), NULL, err);
}

enum result summary_list_failed(struct tx *tx, struct id message_id, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct str));

	/* Notifications that failed; what was recalled meanwhile is no matter any more. */
	TRY(db_query(tx,
		"SELECT DISTINCT d.recipient FROM delivery d JOIN copy c ON c.id = d.copy_id"
		" WHERE d.message_id = $1 AND d.kind = 2 AND d.state = 3 AND c.recall_id IS NULL"
		" ORDER BY d.recipient",
		DB_ARGS(db_id(message_id)), &rows, err));
	while (rows_next(&rows))
		*(struct str *)list_add(&list) = arena_str(arena, row_text(&rows, 0));
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result summary_set_wanted(struct tx *tx, struct id person_id, bool wanted, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE person SET no_summary = $2 WHERE id = $1",
		DB_ARGS(db_id(person_id), db_bool(!wanted)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such person");
}
