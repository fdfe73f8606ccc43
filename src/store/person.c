#include "store/person_private.h"
#include "store/person_write.h"

#include "base/list.h"
#include "base/mem.h"

static struct person read_row(const struct rows *rows, struct arena *arena)
{
	return (struct person){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.address = arena_str(arena, row_text(rows, 2)),
		.address_key = arena_str(arena, row_text(rows, 3)),
		.is_internal = row_bool(rows, 4),
		.is_administrator = row_bool(rows, 5),
		.name_box = arena_bytes(arena, row_bytes(rows, 6)),
		.password_hash = arena_str(arena, row_text(rows, 7)),
		.language = arena_str(arena, row_text(rows, 8)),
		.time_zone = arena_str(arena, row_text(rows, 9)),
		.proved_at = row_int(rows, 10),
		.created_at = row_int(rows, 11),
		.password_set_at = row_int(rows, 12),
		.views = {row_bool(rows, 13), row_bool(rows, 14)},
		.main_id = row_id(rows, 15),
		.joined_at = row_int(rows, 16),
		.dates = {row_int(rows, 17), row_bool(rows, 18)},
		.no_summary = row_bool(rows, 19),
		.shared_at = row_int(rows, 20),
	};
}

static enum result find(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct person *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, args, count, &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result person_list(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct person **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list people = list_new(arena, sizeof(struct person));

	TRY(db_query(tx, sql, args, count, &rows, err));
	while (rows_next(&rows))
		*(struct person *)list_add(&people) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = people.items;
	*ret_count = people.count;
	return RESULT_OK;
}

const struct person *person_among(const struct person *people, size_t count, struct id id)
{
	for (size_t i = 0; i < count; i++)
		if (id_equal(people[i].id, id))
			return &people[i];
	return NULL;
}

enum result person_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct person *ret, struct err *err)
{
	return find(tx, "SELECT " PERSON_COLUMNS " FROM person WHERE account_id = $1 AND id = $2",
		DB_ARGS(db_id(account_id), db_id(id)), arena, ret, err);
}

enum result person_by_address(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err)
{
	enum result found =
		find(tx, "SELECT " PERSON_COLUMNS " FROM person WHERE account_id = $1 AND address_key = $2",
			DB_ARGS(db_id(account_id), db_text(arena_lower(arena, address))), arena, ret, err);

	return found == RESULT_NOT_FOUND ? err_set(err, found, "the account knows nobody with that address")
					 : found;
}

enum result person_list_by_address(struct tx *tx, struct str address, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err)
{
	return person_list(tx, "SELECT " PERSON_COLUMNS " FROM person WHERE address_key = $1 ORDER BY id",
		DB_ARGS(db_text(arena_lower(arena, address))), arena, ret, ret_count, err);
}

enum result person_list_joined(struct tx *tx, struct id main_id, struct arena *arena, struct person **ret,
	size_t *ret_count, struct err *err)
{
	return person_list(tx,
		"SELECT " PERSON_COLUMNS " FROM person WHERE id = $1 OR main_id = $1 ORDER BY joined_at, id",
		DB_ARGS(db_id(main_id)), arena, ret, ret_count, err);
}

enum result person_list_internal(struct tx *tx, struct id account_id, struct str after, int64_t limit,
	struct arena *arena, struct person **ret, size_t *ret_count, struct err *err)
{
	return person_list(tx,
		"SELECT " PERSON_COLUMNS
		" FROM person WHERE account_id = $1 AND is_internal = 1 AND address_key > $2"
		" ORDER BY address_key LIMIT $3",
		DB_ARGS(db_id(account_id), db_text(after), db_int(limit)), arena, ret, ret_count, err);
}

#define INSERT                                                                                               \
	"INSERT INTO person (id, account_id, address, address_key, is_internal, is_administrator, name_box," \
	" password_hash, language, time_zone, proved_at, created_at)"                                        \
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"

#define INSERT_ARGS(person)                                                                                  \
	DB_ARGS(db_id((person)->id), db_id((person)->account_id), db_text((person)->address),                \
		db_text((person)->address_key), db_bool((person)->is_internal),                              \
		db_bool((person)->is_administrator),                                                         \
		(person)->name_box.len ? db_bytes((person)->name_box) : db_null_bytes(),                     \
		(person)->password_hash.len ? db_text((person)->password_hash) : db_null_text(),             \
		db_text((person)->language), db_text((person)->time_zone), db_int((person)->proved_at),      \
		db_int((person)->created_at))

enum result person_ensure(
	struct tx *tx, const struct person *person, struct id *ret_id, bool *ret_is_new, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	/* An update that changes nothing, so that RETURNING gives the row that was there. */
	TRY(db_query_one(tx,
		INSERT
		" ON CONFLICT (account_id, address_key) DO UPDATE SET address = person.address RETURNING id",
		INSERT_ARGS(person), &rows, err));
	*ret_id = row_id(&rows, 0);
	if (ret_is_new)
		*ret_is_new = id_equal(*ret_id, person->id);
	return rows_end(&rows, err);
}

enum result person_set_name_box(struct tx *tx, struct id id, struct bytes name_box, struct err *err)
{
	return db_exec(tx, "UPDATE person SET name_box = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_bytes(name_box)), NULL, err);
}

enum result person_make_internal(struct tx *tx, struct id id, bool *ret, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE person SET is_internal = 1 WHERE id = $1 AND main_id IS NULL AND shared_at = 0"
		" AND NOT EXISTS (SELECT 1 FROM person j WHERE j.main_id = $1)",
		DB_ARGS(db_id(id)), &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result person_set_administrator(struct tx *tx, struct id id, bool is_administrator, struct err *err)
{
	return db_exec(tx, "UPDATE person SET is_administrator = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_bool(is_administrator)), NULL, err);
}

enum result person_set_password(
	struct tx *tx, struct id id, struct str password_hash, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE person SET password_hash = $2, password_set_at = $3 WHERE id = $1",
		DB_ARGS(db_id(id), db_text(password_hash), db_int(now)), NULL, err);
}

enum result person_set_choices(
	struct tx *tx, struct id id, const struct person_choices *choices, struct err *err)
{
	return db_exec(tx,
		"UPDATE person SET language = $2, time_zone = $3, date_order = $4, twelve_hours = $5 WHERE "
		"id = $1",
		DB_ARGS(db_id(id), db_text(choices->language), db_text(choices->time_zone),
			db_int(choices->dates.order), db_bool(choices->dates.twelve_hours)),
		NULL, err);
}

enum result person_set_views(struct tx *tx, struct id id, const struct person_views *views, struct err *err)
{
	return db_exec(tx, "UPDATE person SET no_keys = $2, conversations = $3 WHERE id = $1",
		DB_ARGS(db_id(id), db_bool(views->no_keys), db_bool(views->conversations)), NULL, err);
}

enum result person_set_signature(
	struct tx *tx, struct id id, const struct person_signature *signature, struct err *err)
{
	return db_exec(tx,
		"UPDATE person SET signature_box = $2, signs_replies = $3, writes_plain = $4 WHERE id = $1",
		DB_ARGS(db_id(id), signature->box.len ? db_bytes(signature->box) : db_null_bytes(),
			db_bool(signature->on_replies), db_bool(signature->writes_plain)),
		NULL, err);
}

enum result person_signature_find(
	struct tx *tx, struct id id, struct arena *arena, struct person_signature *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT signature_box, signs_replies, writes_plain FROM person WHERE id = $1",
		DB_ARGS(db_id(id)), &rows, err));
	*ret = (struct person_signature){
		arena_bytes(arena, row_bytes(&rows, 0)), row_bool(&rows, 1), row_bool(&rows, 2)};
	return rows_end(&rows, err);
}

enum result person_set_proved(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE person SET proved_at = $2 WHERE id = $1 AND proved_at = 0",
		DB_ARGS(db_id(id), db_int(now)), NULL, err);
}

enum result person_hold(struct tx *tx, struct id id, struct arena *arena, struct person *ret, struct err *err)
{
	/* SQLite has one writer at a time. */
	static const char sqlite[] = "SELECT " PERSON_COLUMNS " FROM person WHERE id = $1";
	static const char postgres[] =
		"SELECT " PERSON_COLUMNS " FROM person WHERE id = $1 FOR NO KEY UPDATE";

	return find(tx, db_pick(tx, sqlite, postgres), DB_ARGS(db_id(id)), arena, ret, err);
}

enum result person_hold_joined(struct tx *tx, struct id a, struct id b, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err)
{
#define JOINED                                                                                               \
	"SELECT " PERSON_COLUMNS                                                                             \
	" FROM person WHERE id IN ($1, $2) OR main_id IN ($1, $2) ORDER BY address_key"
	static const char sqlite[] = JOINED;
	static const char postgres[] = JOINED " COLLATE \"C\" FOR NO KEY UPDATE";
#undef JOINED
	const char *sql = db_pick(tx, sqlite, postgres);

	/* Once the two are held none joins or leaves them: the second time it is all there are. */
	TRY(person_list(tx, sql, DB_ARGS(db_id(a), db_id(b)), arena, ret, ret_count, err));
	return person_list(tx, sql, DB_ARGS(db_id(a), db_id(b)), arena, ret, ret_count, err);
}

enum result person_hold_main(struct tx *tx, struct id id, struct id *ret, struct err *err)
{
#define MAIN "SELECT COALESCE(main_id, id) FROM person WHERE id = $1"
	static const char sqlite[] = MAIN;
	static const char postgres[] = MAIN " FOR SHARE";
#undef MAIN
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, db_pick(tx, sqlite, postgres), DB_ARGS(db_id(id)), &rows, err));
	*ret = row_id(&rows, 0);
	return rows_end(&rows, err);
}

enum result person_set_main(struct tx *tx, struct id id, struct id main_id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE person SET main_id = $2, joined_at = $3 WHERE id = $1",
		DB_ARGS(db_id(id), db_id_or_null(main_id), db_int(now)), NULL, err);
}

enum result person_set_shared(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE person SET shared_at = $2 WHERE id = $1", DB_ARGS(db_id(id), db_int(now)),
		NULL, err);
}

enum result person_clear_entries(struct tx *tx, struct id id, struct err *err)
{
	static const char *const statements[] = {
		"UPDATE person SET password_hash = NULL WHERE id = $1",
		"DELETE FROM passkey WHERE person_id = $1",
		"DELETE FROM recovery_code WHERE person_id = $1",
		"DELETE FROM second_factor WHERE person_id = $1",
		"DELETE FROM remembered WHERE person_id = $1",
		"DELETE FROM session WHERE person_id = $1 OR self_id = $1",
		"DELETE FROM code WHERE person_id = $1",
	};

	for (size_t i = 0; i < COUNT_OF(statements); i++)
		TRY(db_exec(tx, statements[i], DB_ARGS(db_id(id)), NULL, err));
	return RESULT_OK;
}

enum result person_forget(struct tx *tx, struct id id, struct err *err)
{
	return db_exec(tx,
		"UPDATE person SET name_box = NULL, proved_at = 0, password_set_at = 0, no_keys = 0,"
		" conversations = 0, date_order = 0, twelve_hours = 0, no_summary = 0, signature_box = NULL,"
		" signs_replies = 0, writes_plain = 0 WHERE id = $1",
		DB_ARGS(db_id(id)), NULL, err);
}

enum result person_move_entries(struct tx *tx, struct id from, struct id to, struct err *err)
{
	static const char *const statements[] = {
		"UPDATE person SET password_hash = m.password_hash, password_set_at = m.password_set_at,"
		" language = m.language, time_zone = m.time_zone, no_keys = m.no_keys,"
		" conversations = m.conversations, date_order = m.date_order, twelve_hours = m.twelve_hours"
		" FROM person m WHERE m.id = $1 AND person.id = $2",
		"UPDATE person SET password_hash = NULL WHERE id = $1 AND id <> $2",
		"UPDATE passkey SET person_id = $2 WHERE person_id = $1",
		"UPDATE second_factor SET made_for = COALESCE(made_for, person_id), person_id = $2"
		" WHERE person_id = $1",
		"UPDATE recovery_code SET person_id = $2 WHERE person_id = $1",
		"UPDATE remembered SET person_id = $2 WHERE person_id = $1",
		"UPDATE address_member SET person_id = $2 WHERE person_id = $1",
		"UPDATE session SET self_id = $2 WHERE self_id = $1",
		"UPDATE session SET person_id = $2 WHERE person_id = $1",
		"DELETE FROM code WHERE person_id = $1 AND adds_address <> '' AND person_id <> $2",
	};

	for (size_t i = 0; i < COUNT_OF(statements); i++)
		TRY(db_exec(tx, statements[i], DB_ARGS(db_id(from), db_id(to)), NULL, err));
	return RESULT_OK;
}
