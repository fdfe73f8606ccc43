#include "store/session_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"token_hash, account_id, person_id, created_at, used_at, ends_at, proof, origin, stage, agent, "     \
	"entered_id, self_id, proved_at, proved_by"

static struct session read_row(const struct rows *rows, struct arena *arena)
{
	return (struct session){
		.token_hash = arena_bytes(arena, row_bytes(rows, 0)),
		.account_id = row_id(rows, 1),
		.person_id = row_id(rows, 2),
		.created_at = row_int(rows, 3),
		.used_at = row_int(rows, 4),
		.ends_at = row_int(rows, 5),
		.proof = row_int(rows, 6),
		.origin = arena_str(arena, row_text(rows, 7)),
		.stage = (enum session_stage)row_int(rows, 8),
		.agent = arena_str(arena, row_text(rows, 9)),
		.entered_id = row_id(rows, 10),
		.self_id = row_id(rows, 11),
		.proved_at = row_int(rows, 12),
		.proved_by = row_int(rows, 13),
	};
}

enum result session_find(
	struct tx *tx, struct bytes token_hash, struct arena *arena, struct session *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT " COLUMNS " FROM session WHERE token_hash = $1",
		DB_ARGS(db_bytes(token_hash)), &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result session_list(struct tx *tx, struct id person_id, int64_t now, int64_t since, struct arena *arena,
	struct session **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct session));

	TRY(db_query(tx,
		"SELECT " COLUMNS " FROM session WHERE (person_id = $1 OR self_id = $1) AND ends_at > $2 AND "
		"used_at > $3 AND stage = 0"
		" ORDER BY used_at DESC, created_at DESC",
		DB_ARGS(db_id(person_id), db_int(now), db_int(since)), &rows, err));
	while (rows_next(&rows))
		*(struct session *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result session_add(struct tx *tx, const struct session *session, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO session (" COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
		DB_ARGS(db_bytes(session->token_hash), db_id(session->account_id), db_id(session->person_id),
			db_int(session->created_at), db_int(session->used_at), db_int(session->ends_at),
			db_int(session->proof), db_text(session->origin), db_int(session->stage),
			db_text(session->agent), db_id(session->entered_id), db_id_or_null(session->self_id),
			db_int(session->proved_at), db_int(session->proved_by)),
		NULL, err);
}

enum result session_set_used(struct tx *tx, struct bytes token_hash, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE session SET used_at = $2 WHERE token_hash = $1 AND used_at < $2",
		DB_ARGS(db_bytes(token_hash), db_int(now)), NULL, err);
}

enum result session_prove(
	struct tx *tx, struct bytes token_hash, int64_t proof, int64_t now, int64_t ends_at, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE session SET proof = proof | $2, proved_by = proved_by | $2, stage = 0, used_at = $3,"
		" ends_at = $4 WHERE token_hash = $1",
		DB_ARGS(db_bytes(token_hash), db_int(proof), db_int(now), db_int(ends_at)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such session");
}

enum result session_prove_anew(
	struct tx *tx, struct bytes token_hash, int64_t proof, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE session SET proof = proof | $2, proved_by = $2, proved_at = $3"
		" WHERE token_hash = $1 AND stage = 0 AND ends_at > $3",
		DB_ARGS(db_bytes(token_hash), db_int(proof), db_int(now)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such session");
}

enum result session_stand_in(
	struct tx *tx, struct bytes token_hash, const struct session *old, int64_t proved_by, struct err *err)
{
	return db_exec(tx,
		"UPDATE session SET created_at = $2, ends_at = CASE WHEN ends_at < $3 THEN ends_at ELSE $3 "
		"END, proved_at = $4, proved_by = $5 WHERE token_hash = $1",
		DB_ARGS(db_bytes(token_hash), db_int(old->created_at), db_int(old->ends_at),
			db_int(old->proved_at), db_int(proved_by)),
		NULL, err);
}

enum result session_remove(struct tx *tx, struct bytes token_hash, struct err *err)
{
	return db_exec(
		tx, "DELETE FROM session WHERE token_hash = $1", DB_ARGS(db_bytes(token_hash)), NULL, err);
}

enum result session_remove_of(struct tx *tx, struct id person_id, struct bytes token_hash, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM session WHERE (person_id = $1 OR self_id = $1) AND token_hash = $2",
		DB_ARGS(db_id(person_id), db_bytes(token_hash)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such session");
}

enum result session_remove_others(struct tx *tx, struct id person_id, struct bytes keep, struct err *err)
{
	return db_exec(tx, "DELETE FROM session WHERE (person_id = $1 OR self_id = $1) AND token_hash <> $2",
		DB_ARGS(db_id(person_id), db_bytes(keep)), NULL, err);
}

enum result session_remove_entered(struct tx *tx, struct id person_id, struct id entered_id, struct err *err)
{
	return db_exec(tx, "DELETE FROM session WHERE (person_id = $1 OR self_id = $1) AND entered_id = $2",
		DB_ARGS(db_id(person_id), db_id(entered_id)), NULL, err);
}

enum result session_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session WHERE ends_at < $1 "
		"LIMIT $2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}
