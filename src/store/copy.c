#include "store/copy_private.h"
#include "store/copy_write.h"

#include "base/list.h"
#include "base/mem.h"
#include "store/person_write.h"

/* copy.is_owner of the owner's second one. */
#define IS_SECOND 2

struct copy copy_read_row(const struct rows *rows)
{
	return (struct copy){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.message_id = row_id(rows, 2),
		.person_id = row_id(rows, 3),
		.is_owner = row_bool(rows, 4),
		.is_second = row_int(rows, 4) == IS_SECOND,
		.role = (enum recipient_role)row_int(rows, 5),
		.folder = (enum folder)row_int(rows, 6),
		.sorted_at = row_int(rows, 7),
		.unread = row_bool(rows, 8),
		.first_read_at = row_int(rows, 9),
		.denied_at = row_int(rows, 10),
		.recall_id = row_id(rows, 11),
		.deleted_from = (enum folder)row_int(rows, 12),
		.destroyed_at = row_int(rows, 13),
		.ends_at = row_int(rows, 14),
		.mailbox_id = row_id(rows, 15),
		.thread_id = row_id(rows, 16),
	};
}

static enum result find(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct copy *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, args, count, &rows, err));
	*ret = copy_read_row(&rows);
	return rows_end(&rows, err);
}

enum result copy_find(
	struct tx *tx, struct id mailbox_id, struct id copy_id, struct copy *ret, struct err *err)
{
	return find(tx, "SELECT " COPY_COLUMNS " FROM copy c WHERE c.id = $1 AND c.mailbox_id = $2",
		DB_ARGS(db_id(copy_id), db_id(mailbox_id)), ret, err);
}

enum result copy_find_any(struct tx *tx, struct id copy_id, struct copy *ret, struct err *err)
{
	return find(
		tx, "SELECT " COPY_COLUMNS " FROM copy c WHERE c.id = $1", DB_ARGS(db_id(copy_id)), ret, err);
}

enum result copy_is_from(struct tx *tx, struct id account_id, struct id mailbox_id, struct str address,
	bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT 1 FROM copy c JOIN message m ON m.id = c.message_id JOIN person p ON p.id = "
		"m.owner_id"
		" WHERE c.mailbox_id = $1 AND c.is_owner = 0 AND p.account_id = $2 AND p.address_key = $3"
		" LIMIT 1",
		DB_ARGS(db_id(mailbox_id), db_id(account_id), db_text(arena_lower(&arena, address))), &rows,
		err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result copy_by_message(struct tx *tx, struct id person_id, struct id message_id, bool is_owner,
	struct copy *ret, struct err *err)
{
	return find(tx,
		"SELECT " COPY_COLUMNS
		" FROM copy c WHERE c.message_id = $1 AND c.person_id = $2 AND c.is_owner = $3",
		DB_ARGS(db_id(message_id), db_id(person_id), db_bool(is_owner)), ret, err);
}

enum result copy_find_twin(struct tx *tx, const struct copy *copy, struct copy *ret, struct err *err)
{
	if (!copy->is_owner)
		return err_set(err, RESULT_NOT_FOUND, "a recipient has one copy");
	return find(tx,
		"SELECT " COPY_COLUMNS " FROM copy c WHERE c.message_id = $1 AND c.person_id = $2"
		" AND c.is_owner > 0 AND c.id <> $3",
		DB_ARGS(db_id(copy->message_id), db_id(copy->person_id), db_id(copy->id)), ret, err);
}

enum result copy_access(
	struct tx *tx, struct id mailbox_id, struct id copy_id, struct copy_access *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT c.is_owner, c.recall_id, w.holder_id, m.expires_at, m.code_set_at FROM copy c"
		" JOIN message m ON m.id = c.message_id LEFT JOIN wrap w ON w.message_id = c.message_id AND "
		"w.holder_id = c.id"
		" WHERE c.id = $1 AND c.mailbox_id = $2",
		DB_ARGS(db_id(copy_id), db_id(mailbox_id)), &rows, err));
	*ret = (struct copy_access){.is_owner = row_bool(&rows, 0),
		.is_recalled = !row_is_null(&rows, 1),
		.has_key = !row_is_null(&rows, 2),
		.expires_at = row_int(&rows, 3),
		.code_set_at = row_int(&rows, 4)};
	return rows_end(&rows, err);
}

enum result copy_list_by_message(struct tx *tx, struct id message_id, struct arena *arena, struct copy **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct copy));

	TRY(db_query(tx,
		"SELECT " COPY_COLUMNS " FROM copy c WHERE c.message_id = $1 ORDER BY c.person_id, c.id",
		DB_ARGS(db_id(message_id)), &rows, err));
	while (rows_next(&rows))
		*(struct copy *)list_add(&list) = copy_read_row(&rows);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result copy_tally(struct tx *tx, struct id message_id, struct copy_tally *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	/* Kinds: a notification, the mail itself, a reply; states: failed, dropped. */
	TRY(db_query_one(tx,
		"SELECT (SELECT COUNT(*) FROM recipient WHERE message_id = $1), COUNT(*),"
		" COALESCE(SUM(CASE WHEN first_read_at > 0 THEN 1 ELSE 0 END), 0),"
		" COALESCE(SUM(CASE WHEN recall_id IS NULL THEN 0 ELSE 1 END), 0),"
		" (SELECT COUNT(*) FROM delivery WHERE message_id = $1 AND kind IN (2, 3, 4)"
		"  AND state IN (3, 4))"
		" FROM copy WHERE message_id = $1 AND is_owner = 0",
		DB_ARGS(db_id(message_id)), &rows, err));
	*ret = (struct copy_tally){.people = row_int(&rows, 0),
		.copies = row_int(&rows, 1),
		.read = row_int(&rows, 2),
		.recalled = row_int(&rows, 3),
		.failed = row_int(&rows, 4)};
	return rows_end(&rows, err);
}

enum result copy_list_written_to(struct tx *tx, struct id mailbox_id, int64_t limit, struct arena *arena,
	struct str **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct str));

	TRY(db_query(tx,
		"SELECT p.address FROM (SELECT message_id, sorted_at FROM copy"
		"  WHERE mailbox_id = $1 AND folder = $2 ORDER BY sorted_at DESC, id DESC LIMIT $3) s"
		" JOIN recipient r ON r.message_id = s.message_id JOIN person p ON p.id = r.person_id"
		" GROUP BY p.address ORDER BY MAX(s.sorted_at) DESC, p.address",
		DB_ARGS(db_id(mailbox_id), db_int(FOLDER_SENT), db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct str *)list_add(&list) = arena_str(arena, row_text(&rows, 0));
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result copy_count(
	struct tx *tx, struct id mailbox_id, enum folder folder, struct folder_count *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct folder_count count = {0};

	TRY(db_query(tx, "SELECT total, unread FROM folder_count WHERE person_id = $1 AND folder = $2",
		DB_ARGS(db_id(mailbox_id), db_int(folder)), &rows, err));
	if (rows_next(&rows))
		count = (struct folder_count){row_int(&rows, 0), row_int(&rows, 1)};
	TRY(rows_end(&rows, err));
	*ret = count;
	return RESULT_OK;
}

enum result copy_thread(struct tx *tx, struct id message_id, struct id *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT thread_id FROM copy WHERE message_id = $1 LIMIT 1",
		DB_ARGS(db_id(message_id)), &rows, err));
	*ret = rows_next(&rows) ? row_id(&rows, 0) : message_id;
	return rows_end(&rows, err);
}

/* Every change of copy.folder and copy.unread goes with one of these. */
static enum result count_change(struct tx *tx, struct id person_id, enum folder folder, int64_t total,
	int64_t unread, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO folder_count (person_id, folder, total, unread) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (person_id, folder) DO UPDATE SET"
		" total = folder_count.total + $3, unread = folder_count.unread + $4",
		DB_ARGS(db_id(person_id), db_int(folder), db_int(total), db_int(unread)), NULL, err);
}

enum result copy_add(struct tx *tx, const struct copy *copy, struct err *err)
{
	struct id mailbox_id;

	/* Whoever joins addresses holds the person's row, and moves what is there by then (copy_move). */
	TRY(person_hold_main(tx, copy->person_id, &mailbox_id, err));
	TRY(db_exec(tx,
		"INSERT INTO copy (id, account_id, message_id, person_id, is_owner, role, folder, sorted_at, "
		"unread, first_read_at, has_files, who, ends_at, thread_id, mailbox_id)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
		DB_ARGS(db_id(copy->id), db_id(copy->account_id), db_id(copy->message_id),
			db_id(copy->person_id), db_int(copy->is_second ? IS_SECOND : copy->is_owner),
			db_int(copy->role), db_int(copy->folder), db_int(copy->sorted_at),
			db_bool(copy->unread), db_int(copy->first_read_at), db_bool(copy->has_files),
			db_text(copy->who), db_int(copy->ends_at), db_id(copy->thread_id), db_id(mailbox_id)),
		NULL, err));
	return count_change(tx, mailbox_id, copy->folder, 1, copy->unread, err);
}

struct moved {
	enum folder folder;
	int64_t total, unread;
};

enum result copy_move(struct tx *tx, struct id person_id, struct id from, struct id to, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(&arena, sizeof(struct moved));

	/* Changes of these copies under way end first; what they count is counted then. */
	TRY(db_exec(tx, "UPDATE copy SET mailbox_id = $3 WHERE mailbox_id = $2 AND person_id = $1",
		DB_ARGS(db_id(person_id), db_id(from), db_id(to)), NULL, err));
	TRY(db_query(tx,
		"SELECT folder, COUNT(*), COALESCE(SUM(CASE WHEN unread = 1 THEN 1 ELSE 0 END), 0)"
		" FROM copy"
		" WHERE mailbox_id = $2 AND person_id = $1 AND folder <> 0 GROUP BY folder",
		DB_ARGS(db_id(person_id), db_id(to)), &rows, err));
	while (rows_next(&rows))
		*(struct moved *)list_add(&list) =
			(struct moved){(enum folder)row_int(&rows, 0), row_int(&rows, 1), row_int(&rows, 2)};
	TRY(rows_end(&rows, err));
	const struct moved *moved = list.items;
	for (size_t i = 0; i < list.count; i++) {
		TRY(count_change(tx, from, moved[i].folder, -moved[i].total, -moved[i].unread, err));
		TRY(count_change(tx, to, moved[i].folder, moved[i].total, moved[i].unread, err));
	}
	return RESULT_OK;
}

enum result copy_mark_read(struct tx *tx, struct id copy_id, int64_t now, bool *ret_is_first, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	int64_t first;

	TRY(db_exec(tx, "UPDATE copy SET first_read_at = $2 WHERE id = $1 AND first_read_at = 0",
		DB_ARGS(db_id(copy_id), db_int(now)), &first, err));
	if (ret_is_first)
		*ret_is_first = first > 0;
	TRY(db_query(tx,
		"UPDATE copy SET unread = 0 WHERE id = $1 AND unread = 1 RETURNING mailbox_id, folder",
		DB_ARGS(db_id(copy_id)), &rows, err));
	bool was_unread = rows_next(&rows);
	struct id mailbox_id = was_unread ? row_id(&rows, 0) : (struct id){0};
	enum folder folder = was_unread ? (enum folder)row_int(&rows, 1) : FOLDER_INBOX;
	TRY(rows_end(&rows, err));
	return was_unread ? count_change(tx, mailbox_id, folder, 0, -1, err) : RESULT_OK;
}

enum result copy_set_unread(struct tx *tx, const struct copy *held, bool unread, struct err *err)
{
	if (held->unread == unread)
		return RESULT_OK;
	TRY(db_exec(tx, "UPDATE copy SET unread = $2 WHERE id = $1",
		DB_ARGS(db_id(held->id), db_bool(unread)), NULL, err));
	return count_change(tx, held->mailbox_id, held->folder, 0, unread ? 1 : -1, err);
}

enum result copy_set_end(struct tx *tx, struct id message_id, int64_t ends_at, struct err *err)
{
	return db_exec(tx, "UPDATE copy SET ends_at = $2 WHERE message_id = $1",
		DB_ARGS(db_id(message_id), db_int(ends_at)), NULL, err);
}

enum result copy_mark_denied(
	struct tx *tx, struct id copy_id, int64_t now, bool *ret_is_first, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE copy SET denied_at = $2 WHERE id = $1 AND denied_at = 0",
		DB_ARGS(db_id(copy_id), db_int(now)), &changed, err));
	*ret_is_first = changed > 0;
	return RESULT_OK;
}

enum result copy_hold(struct tx *tx, struct id copy_id, struct copy *ret, struct err *err)
{
	/* SQLite has one writer at a time. */
	static const char sqlite[] = "SELECT " COPY_COLUMNS " FROM copy c WHERE c.id = $1";
	static const char postgres[] =
		"SELECT " COPY_COLUMNS " FROM copy c WHERE c.id = $1 FOR NO KEY UPDATE";

	return find(tx, db_pick(tx, sqlite, postgres), DB_ARGS(db_id(copy_id)), ret, err);
}

/* Where a copy is, with its place in the counts; `held` is as it was before. */
static enum result move(struct tx *tx, const struct copy *held, enum folder to, bool unread, struct err *err)
{
	enum folder from = to == FOLDER_DELETED ? held->folder : FOLDER_NONE;

	TRY(db_exec(tx, "UPDATE copy SET folder = $2, deleted_from = $3, unread = $4 WHERE id = $1",
		DB_ARGS(db_id(held->id), db_int(to), db_int(from), db_bool(unread)), NULL, err));
	TRY(count_change(tx, held->mailbox_id, held->folder, -1, held->unread ? -1 : 0, err));
	return to == FOLDER_NONE ? RESULT_OK : count_change(tx, held->mailbox_id, to, 1, unread, err);
}

enum result copy_delete(struct tx *tx, const struct copy *held, struct err *err)
{
	return move(tx, held, FOLDER_DELETED, held->unread, err);
}

enum result copy_restore(struct tx *tx, const struct copy *held, struct err *err)
{
	return move(tx, held, held->deleted_from, held->unread, err);
}

enum result copy_destroy(struct tx *tx, const struct copy *held, int64_t now, struct err *err)
{
	TRY(db_exec(tx, "UPDATE copy SET destroyed_at = $2 WHERE id = $1",
		DB_ARGS(db_id(held->id), db_int(now)), NULL, err));
	return move(tx, held, FOLDER_NONE, false, err);
}

enum result copy_destroy_all(struct tx *tx, struct id mailbox_id, int64_t now, struct err *err)
{
	TRY(db_hold(tx,
		"SELECT id FROM copy WHERE mailbox_id = $1 AND folder <> 0 ORDER BY id FOR NO KEY UPDATE",
		DB_ARGS(db_id(mailbox_id)), err));
	TRY(db_exec(tx,
		"UPDATE copy SET destroyed_at = $2, folder = 0, deleted_from = 0, unread = 0"
		" WHERE mailbox_id = $1 AND folder <> 0",
		DB_ARGS(db_id(mailbox_id), db_int(now)), NULL, err));
	return db_exec(tx, "UPDATE folder_count SET total = 0, unread = 0 WHERE person_id = $1",
		DB_ARGS(db_id(mailbox_id)), NULL, err);
}

enum result copy_leave_folder(struct tx *tx, const struct copy *copy, struct err *err)
{
	struct copy held;

	/* What it was before is counted, so it must not change in between. */
	TRY(copy_hold(tx, copy->id, &held, err));
	return held.folder == FOLDER_NONE ? RESULT_OK : move(tx, &held, FOLDER_NONE, false, err);
}

enum result copy_recall(
	struct tx *tx, const struct copy *copy, struct id recall_id, bool *ret_done, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE copy SET recall_id = $2 WHERE id = $1 AND is_owner = 0 AND recall_id IS NULL",
		DB_ARGS(db_id(copy->id), db_id(recall_id)), &changed, err));
	*ret_done = changed > 0;
	return changed ? copy_leave_folder(tx, copy, err) : RESULT_OK;
}
