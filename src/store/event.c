#include "store/event_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, at, kind, actor_id, message_id, person_id, delivery_id, origin, detail, seq, hash"

static struct event read_row(const struct rows *rows, struct arena *arena)
{
	return (struct event){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.at = row_int(rows, 2),
		.kind = arena_str(arena, row_text(rows, 3)),
		.actor_id = row_id(rows, 4),
		.message_id = row_id(rows, 5),
		.person_id = row_id(rows, 6),
		.delivery_id = row_id(rows, 7),
		.origin = arena_str(arena, row_text(rows, 8)),
		.detail = arena_str(arena, row_text(rows, 9)),
		.seq = row_int(rows, 10),
		.hash = arena_bytes(arena, row_bytes(rows, 11)),
	};
}

static enum result list(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct event **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list events = list_new(arena, sizeof(struct event));

	TRY(db_query(tx, sql, args, count, &rows, err));
	while (rows_next(&rows))
		*(struct event *)list_add(&events) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = events.items;
	*ret_count = events.count;
	return RESULT_OK;
}

enum result event_list_by_message(struct tx *tx, struct id message_id, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err)
{
	return list(tx, "SELECT " COLUMNS " FROM event WHERE message_id = $1 ORDER BY id",
		DB_ARGS(db_id(message_id)), arena, ret, ret_count, err);
}

enum result event_is_noted(struct tx *tx, struct id message_id, struct id person_id, struct id actor_id,
	struct str kind, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT 1 FROM event WHERE message_id = $1 AND person_id = $2 AND actor_id = $3 AND kind = $4"
		" LIMIT 1",
		DB_ARGS(db_id(message_id), db_id(person_id), db_id(actor_id), db_text(kind)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result event_is_noted_at(
	struct tx *tx, struct id person_id, struct str kind, int64_t at, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"SELECT 1 FROM event WHERE person_id = $1 AND message_id IS NULL AND kind = $2 AND at = $3"
		" LIMIT 1",
		DB_ARGS(db_id(person_id), db_text(kind), db_int(at)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result event_list(struct tx *tx, struct id account_id, struct id before, int64_t limit,
	struct arena *arena, struct event **ret, size_t *ret_count, struct err *err)
{
	return list(tx,
		"SELECT " COLUMNS
		" FROM event WHERE account_id = $1 AND (id < $2 OR $3 = 1) ORDER BY id DESC LIMIT $4",
		DB_ARGS(db_id(account_id), db_id(before), db_bool(id_is_none(before)), db_int(limit)), arena,
		ret, ret_count, err);
}

enum result event_list_of_person(struct tx *tx, struct id person_id, int64_t limit, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err)
{
	return list(tx,
		"SELECT " COLUMNS
		" FROM event WHERE person_id IN (SELECT id FROM person WHERE id = $1 OR main_id = $1)"
		" AND message_id IS NULL ORDER BY id DESC LIMIT $2",
		DB_ARGS(db_id(person_id), db_int(limit)), arena, ret, ret_count, err);
}

enum result event_first_sign_in(struct tx *tx, struct id person_id, int64_t since, struct arena *arena,
	int64_t *ret, struct str *ret_origin, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	/* The kind stands here in words, as in the index of these events alone. */
	TRY(db_query(tx,
		"SELECT at, origin FROM event"
		" WHERE kind = '" EVENT_SIGNED_IN "' AND person_id = $1 AND at >= $2 ORDER BY at LIMIT 1",
		DB_ARGS(db_id(person_id), db_int(since)), &rows, err));
	bool found = rows_next(&rows);
	*ret = found ? row_int(&rows, 0) : 0;
	*ret_origin = found ? arena_str(arena, row_text(&rows, 1)) : STR_NONE;
	return rows_end(&rows, err);
}

enum result event_record(struct tx *tx, const struct event *event, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO event (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, NULL)",
		DB_ARGS(db_id(id_new(event->at)), db_id(event->account_id), db_int(event->at),
			db_text(event->kind), db_id_or_null(event->actor_id),
			db_id_or_null(event->message_id), db_id_or_null(event->person_id),
			db_id_or_null(event->delivery_id), db_text(event->origin), db_text(event->detail)),
		NULL, err);
}

enum result event_list_unchained(struct tx *tx, int64_t before, int64_t limit, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err)
{
	return list(tx,
		"SELECT " COLUMNS " FROM event WHERE seq = 0 AND at < $1 ORDER BY account_id, id LIMIT $2",
		DB_ARGS(db_int(before), db_int(limit)), arena, ret, ret_count, err);
}

enum result event_chain_end(struct tx *tx, struct id account_id, struct arena *arena, int64_t *ret_seq,
	struct bytes *ret_hash, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	/* An upsert that changes nothing takes the row's lock on PostgreSQL. */
	TRY(db_query_one(tx,
		"INSERT INTO event_chain (account_id, seq, hash) VALUES ($1, 0, $2)"
		" ON CONFLICT (account_id) DO UPDATE SET seq = event_chain.seq RETURNING seq, hash",
		DB_ARGS(db_id(account_id), db_bytes((struct bytes){(const uint8_t *)"", 0})), &rows, err));
	*ret_seq = row_int(&rows, 0);
	*ret_hash = arena_bytes(arena, row_bytes(&rows, 1));
	return rows_end(&rows, err);
}

enum result event_chain(
	struct tx *tx, const struct event *event, int64_t seq, struct bytes hash, struct err *err)
{
	TRY(db_exec(tx, "UPDATE event SET seq = $2, hash = $3 WHERE account_id = $4 AND id = $1 AND seq = 0",
		DB_ARGS(db_id(event->id), db_int(seq), db_bytes(hash), db_id(event->account_id)), NULL, err));
	return db_exec(tx, "UPDATE event_chain SET seq = $2, hash = $3 WHERE account_id = $1",
		DB_ARGS(db_id(event->account_id), db_int(seq), db_bytes(hash)), NULL, err);
}
