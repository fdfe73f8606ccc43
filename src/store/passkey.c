#include "store/passkey_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, person_id, credential_id, algorithm, public_key, counter, name_box, created_at, "   \
	"used_at"

static struct passkey_row read_row(const struct rows *rows, struct arena *arena)
{
	return (struct passkey_row){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.person_id = row_id(rows, 2),
		.passkey = {.credential_id = arena_bytes(arena, row_bytes(rows, 3)),
			.algorithm = row_int(rows, 4),
			.public_key = arena_bytes(arena, row_bytes(rows, 5)),
			.counter = row_int(rows, 6)},
		.name_box = arena_bytes(arena, row_bytes(rows, 7)),
		.created_at = row_int(rows, 8),
		.used_at = row_int(rows, 9),
	};
}

enum result passkey_list(struct tx *tx, struct id person_id, struct arena *arena, struct passkey_row **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct passkey_row));

	TRY(db_query(tx, "SELECT " COLUMNS " FROM passkey WHERE person_id = $1 ORDER BY id",
		DB_ARGS(db_id(person_id)), &rows, err));
	while (rows_next(&rows))
		*(struct passkey_row *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result passkey_find(struct tx *tx, struct bytes credential_id, struct arena *arena,
	struct passkey_row *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT " COLUMNS " FROM passkey WHERE credential_id = $1",
		DB_ARGS(db_bytes(credential_id)), &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result passkey_add(struct tx *tx, const struct passkey_row *row, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO passkey (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		DB_ARGS(db_id(row->id), db_id(row->account_id), db_id(row->person_id),
			db_bytes(row->passkey.credential_id), db_int(row->passkey.algorithm),
			db_bytes(row->passkey.public_key), db_int(row->passkey.counter),
			db_bytes(row->name_box), db_int(row->created_at), db_int(row->used_at)),
		NULL, err);
}

enum result passkey_use(struct tx *tx, struct id id, int64_t counter, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE passkey SET counter = $2, used_at = $3"
		" WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))",
		DB_ARGS(db_id(id), db_int(counter), db_int(now)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "its counter did not grow");
}

enum result passkey_remove(struct tx *tx, struct id person_id, struct id id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM passkey WHERE person_id = $1 AND id = $2",
		DB_ARGS(db_id(person_id), db_id(id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such passkey");
}

enum result challenge_add(struct tx *tx, const struct challenge *challenge, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO challenge (challenge_hash, use_kind, browser_hash, person_id, expires_at)"
		" VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_bytes(challenge->hash), db_int(challenge->use), db_bytes(challenge->browser_hash),
			db_id(challenge->person_id), db_int(challenge->expires_at)),
		NULL, err);
}

enum result challenge_spend(struct tx *tx, const struct challenge *challenge, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"DELETE FROM challenge WHERE challenge_hash = $1 AND use_kind = $2 AND browser_hash = $3"
		" AND person_id = $4 AND expires_at > $5",
		DB_ARGS(db_bytes(challenge->hash), db_int(challenge->use), db_bytes(challenge->browser_hash),
			db_id(challenge->person_id), db_int(now)),
		&changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such challenge");
}

enum result challenge_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM challenge WHERE challenge_hash IN"
		" (SELECT challenge_hash FROM challenge WHERE expires_at <= $1 LIMIT $2)",
		DB_ARGS(db_int(now), db_int(limit)), NULL, err);
}
