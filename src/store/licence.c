#include "store/licence_write.h"

#include "base/list.h"
#include "base/mem.h"

enum result licence_terms_find(
	struct tx *tx, struct id account_id, struct licence_terms *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT licence_count, licences_taken, licences_named FROM account WHERE id = $1",
		DB_ARGS(db_id(account_id)), &rows, err));
	*ret = (struct licence_terms){row_int(&rows, 0), row_int(&rows, 1), row_bool(&rows, 2)};
	return rows_end(&rows, err);
}

enum result licence_has(struct tx *tx, struct id person_id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(
		tx, "SELECT since FROM licence WHERE person_id = $1", DB_ARGS(db_id(person_id)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result licence_list(struct tx *tx, struct id account_id, struct arena *arena, struct licence **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct licence));

	TRY(db_query(tx,
		"SELECT l.person_id, p.address, l.since FROM licence l JOIN person p ON p.id = l.person_id"
		" WHERE l.account_id = $1 ORDER BY l.since, l.person_id",
		DB_ARGS(db_id(account_id)), &rows, err));
	while (rows_next(&rows))
		*(struct licence *)list_add(&list) = (struct licence){
			row_id(&rows, 0), arena_str(arena, row_text(&rows, 1)), row_int(&rows, 2)};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result licence_set_terms(
	struct tx *tx, struct id account_id, int64_t count, bool named_only, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE account SET licence_count = $2, licences_named = $3"
		" WHERE id = $1 AND ($2 < 0 OR licences_taken <= $2)",
		DB_ARGS(db_id(account_id), db_int(count), db_bool(named_only)), &changed, err));
	return changed ? RESULT_OK
		       : err_set(err, RESULT_CONFLICT, "more people have a licence: revoke some first");
}

enum result licence_take(struct tx *tx, struct id account_id, struct id person_id, bool by_sending,
	int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO licence (person_id, account_id, since) VALUES ($1, $2, $3)"
		" ON CONFLICT (person_id) DO NOTHING",
		DB_ARGS(db_id(person_id), db_id(account_id), db_int(now)), &changed, err));
	if (changed == 0)
		return RESULT_OK;
	TRY(db_exec(tx,
		"UPDATE account SET licences_taken = licences_taken + 1 WHERE id = $1"
		" AND (licence_count < 0 OR licences_taken < licence_count)"
		" AND ($2 = 0 OR licences_named = 0)",
		DB_ARGS(db_id(account_id), db_bool(by_sending)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_DENIED, "no licence is left");
}

enum result licence_give_back(struct tx *tx, struct id account_id, struct id person_id, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM licence WHERE account_id = $1 AND person_id = $2",
		DB_ARGS(db_id(account_id), db_id(person_id)), &changed, err));
	if (changed == 0)
		return err_set(err, RESULT_NOT_FOUND, "the person has no licence");
	return db_exec(tx, "UPDATE account SET licences_taken = licences_taken - 1 WHERE id = $1",
		DB_ARGS(db_id(account_id)), NULL, err);
}
