#include "store/shared_write.h"

#include "base/list.h"
#include "store/person_private.h"

enum result shared_list_members(struct tx *tx, struct id address_id, struct arena *arena,
	struct shared_member **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct shared_member));

	TRY(db_query(tx,
		"SELECT p.id, p.address, p.name_box, m.since FROM address_member m"
		" JOIN person p ON p.id = m.person_id WHERE m.address_id = $1 ORDER BY m.since, p.id",
		DB_ARGS(db_id(address_id)), &rows, err));
	while (rows_next(&rows))
		*(struct shared_member *)list_add(&list) =
			(struct shared_member){row_id(&rows, 0), arena_str(arena, row_text(&rows, 1)),
				arena_bytes(arena, row_bytes(&rows, 2)), row_int(&rows, 3)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result shared_list_of(struct tx *tx, struct id person_id, struct arena *arena, struct person **ret,
	size_t *ret_count, struct err *err)
{
	return person_list(tx,
		"SELECT " PERSON_COLUMNS
		" FROM person WHERE id IN (SELECT address_id FROM address_member WHERE person_id = $1)"
		" ORDER BY shared_at, id",
		DB_ARGS(db_id(person_id)), arena, ret, ret_count, err);
}

enum result shared_has(struct tx *tx, struct id address_id, struct id person_id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx, "SELECT 1 FROM address_member WHERE address_id = $1 AND person_id = $2",
		DB_ARGS(db_id(address_id), db_id(person_id)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result shared_add(struct tx *tx, struct id address_id, struct id person_id, int64_t now,
	bool *ret_is_new, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO address_member (address_id, person_id, since) VALUES ($1, $2, $3)"
		" ON CONFLICT (address_id, person_id) DO NOTHING",
		DB_ARGS(db_id(address_id), db_id(person_id), db_int(now)), &changed, err));
	*ret_is_new = changed > 0;
	return RESULT_OK;
}

enum result shared_remove(struct tx *tx, struct id address_id, struct id person_id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM session WHERE person_id = $1 AND self_id = $2",
		DB_ARGS(db_id(address_id), db_id(person_id)), NULL, err));
	TRY(db_exec(tx, "DELETE FROM address_member WHERE address_id = $1 AND person_id = $2",
		DB_ARGS(db_id(address_id), db_id(person_id)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "there is no such person");
}

enum result shared_move(struct tx *tx, struct id from, struct id to, struct err *err)
{
	/* Whoever takes somebody out of an address holds its row. */
	TRY(db_hold(tx,
		"SELECT id FROM person WHERE id IN"
		" (SELECT address_id FROM address_member WHERE person_id = $1)"
		" ORDER BY address_key COLLATE \"C\" FOR NO KEY UPDATE",
		DB_ARGS(db_id(from)), err));
	TRY(db_exec(tx,
		"INSERT INTO address_member (address_id, person_id, since)"
		" SELECT address_id, $2, since FROM address_member WHERE person_id = $1"
		" ON CONFLICT (address_id, person_id) DO NOTHING",
		DB_ARGS(db_id(from), db_id(to)), NULL, err));
	TRY(db_exec(tx, "DELETE FROM session WHERE self_id = $1", DB_ARGS(db_id(from)), NULL, err));
	return db_exec(
		tx, "DELETE FROM address_member WHERE person_id = $1", DB_ARGS(db_id(from)), NULL, err);
}
