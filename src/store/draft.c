#include "store/draft_write.h"

#include "base/list.h"

#define COLUMNS                                                                                              \
	"id, account_id, person_id, answers_id, answers_all, saved_at, box, state, leaves_at, refused_at, "  \
	"message_id, version, inquiry_id, refused_code"
#define OPEN "state = 1"

static struct draft read_row(const struct rows *rows, struct arena *arena)
{
	return (struct draft){.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.person_id = row_id(rows, 2),
		.answers_id = row_id(rows, 3),
		.answers_all = row_bool(rows, 4),
		.saved_at = row_int(rows, 5),
		.box = arena_bytes(arena, row_bytes(rows, 6)),
		.state = (enum draft_state)row_int(rows, 7),
		.leaves_at = row_int(rows, 8),
		.refused_at = row_int(rows, 9),
		.message_id = row_id(rows, 10),
		.version = row_int(rows, 11),
		.inquiry_id = row_id(rows, 12),
		.refused_code = arena_str(arena, row_text(rows, 13))};
}

enum result draft_find(struct tx *tx, struct id person_id, struct id id, bool is_leaving, struct arena *arena,
	struct draft *ret, struct err *err)
{
	struct draft draft;

	TRY(draft_find_any(tx, person_id, id, arena, &draft, err));
	if (draft.state != DRAFT_OPEN || (draft.leaves_at > 0) != is_leaving)
		return err_set(err, RESULT_NOT_FOUND, "there is no such draft");
	*ret = draft;
	return RESULT_OK;
}

enum result draft_find_any(struct tx *tx, struct id person_id, struct id id, struct arena *arena,
	struct draft *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result found = db_query_one(tx, "SELECT " COLUMNS " FROM draft WHERE id = $1 AND person_id = $2",
		DB_ARGS(db_id(id), db_id(person_id)), &rows, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, RESULT_NOT_FOUND, "there is no such draft");
	TRY(found);
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

static enum result read_all(
	struct rows *rows, struct arena *arena, struct draft **ret, size_t *ret_count, struct err *err)
{
	struct list list = list_new(arena, sizeof(struct draft));

	while (rows_next(rows))
		*(struct draft *)list_add(&list) = read_row(rows, arena);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(rows, err);
}

enum result draft_list_due(struct tx *tx, int64_t now, int64_t limit, struct arena *arena, struct draft **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT id, account_id, person_id, answers_id, answers_all, saved_at, NULL, state, leaves_at,"
		" refused_at, message_id, version, inquiry_id, refused_code FROM draft WHERE leaves_at > 0 "
		"AND leaves_at "
		"<= $1 ORDER "
		"BY "
		"leaves_at LIMIT $2",
		DB_ARGS(db_int(now), db_int(limit)), &rows, err));
	return read_all(&rows, arena, ret, ret_count, err);
}

enum result draft_list(struct tx *tx, struct id person_id, int64_t limit, struct arena *arena,
	struct draft **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT " COLUMNS " FROM draft WHERE person_id = $1 AND " OPEN
		" ORDER BY saved_at DESC, id DESC LIMIT $2",
		DB_ARGS(db_id(person_id), db_int(limit)), &rows, err));
	return read_all(&rows, arena, ret, ret_count, err);
}

enum result draft_count(
	struct tx *tx, struct id person_id, int64_t *ret_count, int64_t *ret_bytes, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT (SELECT COUNT(*) FROM draft WHERE person_id = $1 AND " OPEN "),"
		" (SELECT CAST(COALESCE(SUM(f.size), 0) AS BIGINT) FROM draft_file f"
		" JOIN draft d ON d.id = f.draft_id WHERE d.person_id = $1 AND d." OPEN ")",
		DB_ARGS(db_id(person_id)), &rows, err));
	*ret_count = row_int(&rows, 0);
	*ret_bytes = row_int(&rows, 1);
	return rows_end(&rows, err);
}

enum result draft_file_list(struct tx *tx, struct id draft_id, struct arena *arena, struct draft_file **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct draft_file));

	TRY(db_query(tx,
		"SELECT id, size, sealed_size, kept_in, pack_id, pack_offset, box FROM draft_file"
		" WHERE draft_id = $1 ORDER BY id",
		DB_ARGS(db_id(draft_id)), &rows, err));
	while (rows_next(&rows))
		*(struct draft_file *)list_add(&list) = (struct draft_file){.id = row_id(&rows, 0),
			.draft_id = draft_id,
			.size = row_int(&rows, 1),
			.sealed_size = row_int(&rows, 2),
			.place = {.kept = (enum content_kept)row_int(&rows, 3),
				.message_id = row_id(&rows, 0),
				.pack = {row_id(&rows, 4), (uint64_t)row_int(&rows, 5),
					(uint64_t)row_int(&rows, 2)}},
			.box = arena_bytes(arena, row_bytes(&rows, 6))};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result draft_file_body(
	struct tx *tx, struct id id, struct arena *arena, struct bytes *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT sealed FROM draft_file WHERE id = $1", DB_ARGS(db_id(id)), &rows, err));
	*ret = arena_bytes(arena, row_bytes(&rows, 0));
	return rows_end(&rows, err);
}

static enum result any(struct tx *tx, const char *sql, struct id id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, sql, DB_ARGS(db_id(id)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result draft_has_blob(struct tx *tx, struct id id, bool *ret, struct err *err)
{
	return any(tx, "SELECT 1 FROM draft_file WHERE id = $1 AND kept_in = 1", id, ret, err);
}

enum result draft_any_in_pack(struct tx *tx, struct id pack_id, bool *ret, struct err *err)
{
	return any(tx, "SELECT 1 FROM draft_file WHERE pack_id = $1 LIMIT 1", pack_id, ret, err);
}

/* Why it was not held. */
static enum result refuse_late(struct tx *tx, const struct draft *draft, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM draft WHERE id = $1 AND person_id = $2 AND leaves_at = 0 AND " OPEN,
		DB_ARGS(db_id(draft->id), db_id(draft->person_id)), &rows, err));
	bool is_open = rows_next(&rows);
	TRY(rows_end(&rows, err));
	if (is_open)
		return err_code(
			err, RESULT_CONFLICT, "draft-newer", "the draft was saved elsewhere meanwhile");
	return err_code(err, RESULT_CONFLICT, "already-sent", "what was written in this form was sent");
}

enum result draft_hold(struct tx *tx, const struct draft *draft, bool *ret_is_new, struct err *err)
{
	int64_t added, held;

	TRY(db_exec(tx,
		"INSERT INTO draft (id, account_id, person_id, answers_id, answers_all, state, saved_at, "
		"version, inquiry_id)"
		" VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
		DB_ARGS(db_id(draft->id), db_id(draft->account_id), db_id(draft->person_id),
			db_id_or_null(draft->answers_id), db_bool(draft->answers_all),
			db_int(draft->saved_at), db_int(draft->version), db_id_or_null(draft->inquiry_id)),
		&added, err));
	TRY(db_exec(tx,
		"UPDATE draft SET saved_at = $3, refused_at = 0, version = version + 1, page_id = $5"
		" WHERE id = $1 AND person_id = $2 AND leaves_at = 0 AND (version = $4 OR page_id = $5) "
		"AND " OPEN,
		DB_ARGS(db_id(draft->id), db_id(draft->person_id), db_int(draft->saved_at),
			db_int(draft->version), db_id(draft->page_id)),
		&held, err));
	*ret_is_new = added > 0;
	return held ? RESULT_OK : refuse_late(tx, draft, err);
}

enum result draft_is_newer(struct tx *tx, const struct draft *draft, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT 1 FROM draft WHERE id = $1 AND person_id = $2 AND leaves_at = 0 AND version <> $3"
		" AND (page_id IS NULL OR page_id <> $4) AND " OPEN,
		DB_ARGS(db_id(draft->id), db_id(draft->person_id), db_int(draft->version),
			db_id(draft->page_id)),
		&rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result draft_set_box(struct tx *tx, struct id id, struct bytes box, struct err *err)
{
	return db_exec(
		tx, "UPDATE draft SET box = $2 WHERE id = $1", DB_ARGS(db_id(id), db_bytes(box)), NULL, err);
}

enum result draft_file_add(struct tx *tx, const struct draft_file *file, struct bytes body, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO draft_file (id, draft_id, size, sealed_size, kept_in, pack_id, pack_offset, "
		"box, sealed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
		DB_ARGS(db_id(file->id), db_id(file->draft_id), db_int(file->size), db_int(file->sealed_size),
			db_int(file->place.kept), db_id_or_null(file->place.pack.pack),
			db_int((int64_t)file->place.pack.offset), db_bytes(file->box),
			file->place.kept == CONTENT_IN_ROW ? db_bytes(body) : db_null_bytes()),
		NULL, err);
}

enum result draft_file_remove(struct tx *tx, struct id draft_id, struct id id, struct err *err)
{
	return db_exec(tx, "DELETE FROM draft_file WHERE draft_id = $1 AND id = $2",
		DB_ARGS(db_id(draft_id), db_id(id)), NULL, err);
}

enum result draft_close(struct tx *tx, const struct draft *draft, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO draft (id, account_id, person_id, answers_all, state, saved_at, message_id)"
		" VALUES ($1, $2, $3, 0, 2, $4, $5) ON CONFLICT (id) DO UPDATE"
		" SET state = 2, saved_at = excluded.saved_at, leaves_at = 0, message_id = "
		"excluded.message_id"
		" WHERE draft.person_id = $3 AND draft.state = 1",
		DB_ARGS(db_id(draft->id), db_id(draft->account_id), db_id(draft->person_id),
			db_int(draft->saved_at), db_id_or_null(draft->message_id)),
		NULL, err);
}

enum result draft_set_leaving(struct tx *tx, struct id id, int64_t leaves_at, struct err *err)
{
	return db_exec(tx, "UPDATE draft SET leaves_at = $2 WHERE id = $1 AND " OPEN,
		DB_ARGS(db_id(id), db_int(leaves_at)), NULL, err);
}

#define STILL_LEAVING " WHERE id = $1 AND leaves_at = $2 AND leaves_at > 0 AND " OPEN

enum result draft_leave_later(
	struct tx *tx, const struct draft *draft, int64_t until, bool *ret_done, struct err *err)
{
	int64_t done;

	TRY(db_exec(tx, "UPDATE draft SET leaves_at = $3" STILL_LEAVING,
		DB_ARGS(db_id(draft->id), db_int(draft->leaves_at), db_int(until)), &done, err));
	*ret_done = done > 0;
	return RESULT_OK;
}

enum result draft_left(struct tx *tx, const struct draft *draft, struct err *err)
{
	int64_t done;

	TRY(db_exec(tx,
		"UPDATE draft SET state = 2, leaves_at = 0, saved_at = $3, message_id = $4" STILL_LEAVING,
		DB_ARGS(db_id(draft->id), db_int(draft->leaves_at), db_int(draft->saved_at),
			db_id(draft->message_id)),
		&done, err));
	return done ? RESULT_OK
		    : err_code(err, RESULT_CONFLICT, "not-leaving", "it is not to be sent any more");
}

enum result draft_refuse(struct tx *tx, const struct draft *draft, const char *code, int64_t now,
	bool *ret_done, struct err *err)
{
	int64_t done;

	TRY(db_exec(tx, "UPDATE draft SET leaves_at = 0, refused_at = $3, refused_code = $4" STILL_LEAVING,
		DB_ARGS(db_id(draft->id), db_int(draft->leaves_at), db_int(now), db_text(str_of(code))),
		&done, err));
	*ret_done = done > 0;
	return RESULT_OK;
}

enum result draft_undo(struct tx *tx, struct id person_id, struct id id, bool *ret_done, struct err *err)
{
	int64_t done;

	TRY(db_exec(tx,
		"UPDATE draft SET leaves_at = 0 WHERE id = $1 AND person_id = $2 AND leaves_at > 0 AND " OPEN,
		DB_ARGS(db_id(id), db_id(person_id)), &done, err));
	*ret_done = done > 0;
	return RESULT_OK;
}

enum result draft_move(struct tx *tx, struct id from, struct id to, struct id answered_by, struct err *err)
{
	return db_exec(tx,
		"UPDATE draft SET person_id = $2 WHERE person_id = $1"
		" AND ($3 = 1 OR EXISTS (SELECT 1 FROM copy c WHERE c.id = draft.answers_id AND c.person_id "
		"= $4)"
		" OR EXISTS (SELECT 1 FROM inquiry i WHERE i.id = draft.inquiry_id AND i.asked_id = $4))",
		DB_ARGS(db_id(from), db_id(to), db_bool(id_is_none(answered_by)), db_id(answered_by)), NULL,
		err);
}

enum result draft_close_all(struct tx *tx, struct id person_id, int64_t now, struct err *err)
{
	return db_exec(tx,
		"UPDATE draft SET state = 2, saved_at = $2, leaves_at = 0 WHERE person_id = $1 AND state = 1",
		DB_ARGS(db_id(person_id), db_int(now)), NULL, err);
}

enum result draft_close_old(struct tx *tx, int64_t cut, int64_t now, struct err *err)
{
	return db_exec(tx,
		"UPDATE draft SET state = 2, saved_at = $2, leaves_at = 0 WHERE saved_at < $1 AND " OPEN,
		DB_ARGS(db_int(cut), db_int(now)), NULL, err);
}

enum result draft_list_closed(struct tx *tx, int64_t limit, struct arena *arena, struct id **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct id));

	TRY(db_query(
		tx, "SELECT id FROM draft WHERE state = 2 LIMIT $1", DB_ARGS(db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result draft_empty(struct tx *tx, struct id id, struct err *err)
{
	TRY(db_exec(tx, "DELETE FROM draft_file WHERE draft_id = $1", DB_ARGS(db_id(id)), NULL, err));
	return db_exec(
		tx, "UPDATE draft SET state = 3, box = NULL WHERE id = $1", DB_ARGS(db_id(id)), NULL, err);
}

enum result draft_forget(struct tx *tx, int64_t cut, struct err *err)
{
	return db_exec(
		tx, "DELETE FROM draft WHERE state = 3 AND saved_at < $1", DB_ARGS(db_int(cut)), NULL, err);
}
