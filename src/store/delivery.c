#include "store/delivery_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS                                                                                              \
	"id, account_id, message_id, copy_id, kind, recipient, sender, destination, state, created_at,"      \
	" give_up_at, next_try_at, attempts, holder_id, dsn_notify, dsn_original, dsn_envelope, "            \
	"dsn_return,"                                                                                        \
	" smtputf8, payload_box, last_reply, last_host, tls_version, tls_cipher, tls_verified, done_at,"     \
	" delay_told_at, resends"

static struct delivery read_row(const struct rows *rows, struct arena *arena)
{
	return (struct delivery){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.message_id = row_id(rows, 2),
		.copy_id = row_id(rows, 3),
		.kind = (enum delivery_kind)row_int(rows, 4),
		.recipient = arena_str(arena, row_text(rows, 5)),
		.sender = arena_str(arena, row_text(rows, 6)),
		.destination = arena_str(arena, row_text(rows, 7)),
		.state = (enum delivery_state)row_int(rows, 8),
		.created_at = row_int(rows, 9),
		.give_up_at = row_int(rows, 10),
		.next_try_at = row_int(rows, 11),
		.attempts = row_int(rows, 12),
		.holder_id = row_id(rows, 13),
		.dsn_notify = row_int(rows, 14),
		.dsn_original = arena_str(arena, row_text(rows, 15)),
		.dsn_envelope = arena_str(arena, row_text(rows, 16)),
		.dsn_return = row_int(rows, 17),
		.smtputf8 = row_bool(rows, 18),
		.payload_box = arena_bytes(arena, row_bytes(rows, 19)),
		.last_reply = arena_str(arena, row_text(rows, 20)),
		.last_host = arena_str(arena, row_text(rows, 21)),
		.tls_version = arena_str(arena, row_text(rows, 22)),
		.tls_cipher = arena_str(arena, row_text(rows, 23)),
		.tls_verified = arena_str(arena, row_text(rows, 24)),
		.done_at = row_int(rows, 25),
		.delay_told_at = row_int(rows, 26),
		.resends = row_int(rows, 27),
	};
}

static enum result list(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct delivery **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list deliveries = list_new(arena, sizeof(struct delivery));

	TRY(db_query(tx, sql, args, count, &rows, err));
	while (rows_next(&rows))
		*(struct delivery *)list_add(&deliveries) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = deliveries.items;
	*ret_count = deliveries.count;
	return RESULT_OK;
}

static enum result read_number(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, args, count, &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

enum result delivery_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct delivery *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT " COLUMNS " FROM delivery WHERE id = $1 AND (account_id = $2 OR $3 = 1)",
		DB_ARGS(db_id(id), db_id(account_id), db_bool(id_is_none(account_id))), &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result delivery_list_by_message(struct tx *tx, struct id message_id, struct arena *arena,
	struct delivery **ret, size_t *ret_count, struct err *err)
{
	return list(tx, "SELECT " COLUMNS " FROM delivery WHERE message_id = $1 ORDER BY id",
		DB_ARGS(db_id(message_id)), arena, ret, ret_count, err);
}

enum result delivery_list(struct tx *tx, struct id account_id, bool all, int64_t limit, struct arena *arena,
	struct delivery **ret, size_t *ret_count, struct err *err)
{
	return list(tx,
		"SELECT " COLUMNS " FROM delivery WHERE (account_id = $1 OR $2 = 1) AND (state = 1 OR $3 = 1)"
		" ORDER BY state, next_try_at, id LIMIT $4",
		DB_ARGS(db_id(account_id), db_bool(id_is_none(account_id)), db_bool(all), db_int(limit)),
		arena, ret, ret_count, err);
}

enum result delivery_next_time(struct tx *tx, int64_t *ret, struct err *err)
{
	return read_number(tx,
		"SELECT COALESCE(MIN(next_try_at), 9223372036854775807) FROM delivery"
		" WHERE state = 1 AND holder_id IS NULL",
		DB_NO_ARGS, ret, err);
}

enum result delivery_count_waiting(struct tx *tx, struct id message_id, int64_t *ret, struct err *err)
{
	return read_number(tx,
		"SELECT COUNT(*) FROM delivery WHERE message_id = $1 AND state = 1 AND kind IN (1, 3, 4, 14)",
		DB_ARGS(db_id(message_id)), ret, err);
}

enum result delivery_count_held(struct tx *tx, struct id holder_id, int64_t *ret, struct err *err)
{
	return read_number(tx, "SELECT COUNT(*) FROM delivery WHERE holder_id = $1",
		DB_ARGS(db_id(holder_id)), ret, err);
}

enum result delivery_relays_wait(struct tx *tx, struct id message_id, bool *ret, struct err *err)
{
	int64_t count;

	TRY(read_number(tx, "SELECT COUNT(*) FROM delivery WHERE message_id = $1 AND state = 1 AND kind = 1",
		DB_ARGS(db_id(message_id)), &count, err));
	*ret = count > 0;
	return RESULT_OK;
}

enum result delivery_add(struct tx *tx, const struct delivery *d, bool *ret_is_new, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO delivery (" COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
		" $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)"
		" ON CONFLICT (message_id, kind, recipient) DO NOTHING",
		DB_ARGS(db_id(d->id), db_id(d->account_id), db_id_or_null(d->message_id),
			db_id_or_null(d->copy_id), db_int(d->kind), db_text(d->recipient), db_text(d->sender),
			db_text(d->destination), db_int(d->state), db_int(d->created_at),
			db_int(d->give_up_at), db_int(d->next_try_at), db_int(d->attempts),
			db_id_or_null(d->holder_id), db_int(d->dsn_notify), db_text(d->dsn_original),
			db_text(d->dsn_envelope), db_int(d->dsn_return), db_bool(d->smtputf8),
			d->payload_box.len ? db_bytes(d->payload_box) : db_null_bytes(),
			db_text(d->last_reply), db_text(d->last_host), db_text(d->tls_version),
			db_text(d->tls_cipher), db_text(d->tls_verified), db_int(d->done_at),
			db_int(d->delay_told_at), db_int(d->resends)),
		&changed, err));
	if (ret_is_new)
		*ret_is_new = changed > 0;
	return RESULT_OK;
}

/* As many as can be full with all workers busy (base/config.c); of more, some are held and wait. */
#define BUSY_MAX 16

#define HOLD(tail)                                                                                           \
	"UPDATE delivery SET holder_id = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM delivery"   \
	" WHERE state = 1 AND holder_id IS NULL AND next_try_at <= $1 AND destination NOT IN"                \
	" ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"                        \
	" ORDER BY next_try_at, id LIMIT $3" tail ") RETURNING " COLUMNS

static const char hold_sqlite[] = HOLD("");
static const char hold_postgres[] = HOLD(" FOR UPDATE SKIP LOCKED");

enum result delivery_hold(struct tx *tx, struct id holder_id, int64_t now, const struct str *busy,
	size_t busy_count, int64_t limit, struct arena *arena, struct delivery **ret, size_t *ret_count,
	struct err *err)
{
	struct db_value args[3 + BUSY_MAX] = {db_int(now), db_id(holder_id), db_int(limit)};

	for (size_t i = 0; i < BUSY_MAX; i++)
		args[3 + i] = db_text(i < busy_count ? busy[i] : STR(" ")); /* which is none */
	return list(tx, db_pick(tx, hold_sqlite, hold_postgres), args, COUNT_OF(args), arena, ret, ret_count,
		err);
}

enum result delivery_set_destination(struct tx *tx, struct id id, struct str destination, struct err *err)
{
	return db_exec(tx, "UPDATE delivery SET destination = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_text(destination)), NULL, err);
}

enum result delivery_release_all(
	struct tx *tx, struct id holder_id, int64_t now, int64_t *ret_count, struct err *err)
{
	return db_exec(tx,
		"UPDATE delivery SET holder_id = NULL, next_try_at = $2 WHERE state = 1 AND holder_id = $1",
		DB_ARGS(db_id(holder_id), db_int(now)), ret_count, err);
}

enum result delivery_release(struct tx *tx, const struct delivery *d, int64_t next_try_at, struct err *err)
{
	return db_exec(tx,
		"UPDATE delivery SET holder_id = NULL, next_try_at = $3, attempts = attempts - 1"
		" WHERE id = $1 AND holder_id = $2 AND state = 1",
		DB_ARGS(db_id(d->id), db_id(d->holder_id), db_int(next_try_at)), NULL, err);
}

enum result delivery_finish(
	struct tx *tx, struct id id, const struct delivery_outcome *outcome, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE delivery SET state = $2, next_try_at = $3, holder_id = NULL, last_reply = $4, "
		"last_host = $5,"
		" tls_version = $6, tls_cipher = $7, tls_verified = $8, done_at = $9, payload_box ="
		" CASE WHEN $2 = 1 THEN payload_box ELSE NULL END"
		" WHERE id = $1 AND state = 1 AND (holder_id = $10 OR $10 IS NULL)",
		DB_ARGS(db_id(id), db_int(outcome->state), db_int(outcome->next_try_at),
			db_text(outcome->reply), db_text(outcome->host), db_text(outcome->tls_version),
			db_text(outcome->tls_cipher), db_text(outcome->tls_verified),
			db_int(outcome->state == DELIVERY_WAITING ? 0 : now),
			db_id_or_null(outcome->holder_id)),
		&changed, err));
	return changed ? RESULT_OK
		       : err_set(err, RESULT_CONFLICT, "the delivery is finished already, or another node's");
}

enum result delivery_set_bounced(
	struct tx *tx, struct id id, struct str reply, int64_t now, bool *ret_changed, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE delivery SET state = 3, holder_id = NULL, payload_box = NULL, last_reply = $2,"
		" done_at = $3 WHERE id = $1 AND state IN (1, 2)",
		DB_ARGS(db_id(id), db_text(reply), db_int(now)), &changed, err));
	*ret_changed = changed > 0;
	return RESULT_OK;
}

enum result delivery_set_delay_told(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	return db_exec(tx, "UPDATE delivery SET delay_told_at = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_int(now)), NULL, err);
}

enum result delivery_retry(struct tx *tx, struct id account_id, struct id id, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE delivery SET next_try_at = $4 WHERE id = $1 AND (account_id = $2 OR $3 = 1)"
		" AND state = 1 AND holder_id IS NULL",
		DB_ARGS(db_id(id), db_id(account_id), db_bool(id_is_none(account_id)), db_int(now)), &changed,
		err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "no such delivery waits");
}

enum result delivery_drop(struct tx *tx, struct id id, struct str reason, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"UPDATE delivery SET state = 4, last_reply = $2, done_at = $3, payload_box = NULL"
		" WHERE id = $1 AND state = 1 AND holder_id IS NULL",
		DB_ARGS(db_id(id), db_text(reason), db_int(now)), &changed, err));
	return changed ? RESULT_OK
		       : err_set(err, RESULT_CONFLICT,
				 "it is being sent at this moment and may arrive: try again when "
				 "\"is_tried\" "
				 "in sealpost queue list --json is false");
}

enum result delivery_hurry(struct tx *tx, struct id message_id, int64_t now, struct err *err)
{
	return db_exec(tx,
		"UPDATE delivery SET next_try_at = $2"
		" WHERE message_id = $1 AND state = 1 AND holder_id IS NULL AND next_try_at > $2",
		DB_ARGS(db_id(message_id), db_int(now)), NULL, err);
}

enum result delivery_send_again(struct tx *tx, enum delivery_kind kind, struct id message_id,
	struct id copy_id, int64_t now, int64_t give_up_at, struct id *ret_id, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(tx,
		"UPDATE delivery SET state = 1, created_at = $3, next_try_at = $3, give_up_at = $4,"
		" delay_told_at = 0, done_at = 0, last_reply = '', resends = resends + 1"
		" WHERE message_id = $1 AND kind = $5 AND copy_id = $2 AND state <> 1 RETURNING id",
		DB_ARGS(db_id(message_id), db_id(copy_id), db_int(now), db_int(give_up_at), db_int(kind)),
		&rows, err));
	bool changed = rows_next(&rows);
	if (changed)
		*ret_id = row_id(&rows, 0);
	TRY(rows_end(&rows, err));
	return changed ? RESULT_OK
		       : err_code(err, RESULT_CONFLICT, "still-waits",
				 "the notification still waits to be sent");
}

const char *delivery_kind_name(enum delivery_kind kind)
{
	static const char *const names[] = {
		[DELIVERY_RELAY] = "relay",
		[DELIVERY_NOTIFICATION] = "notification",
		[DELIVERY_INTERNAL_COPY] = "internal-copy",
		[DELIVERY_REPLY] = "reply",
		[DELIVERY_REPORT] = "report",
		[DELIVERY_CODE] = "code",
		[DELIVERY_NOT_READ_HERE] = "not-read-here",
		[DELIVERY_TOO_LARGE] = "too-large",
		[DELIVERY_ADDRESS_DENIED] = "address-denied",
		[DELIVERY_RECEIPT] = "receipt",
		[DELIVERY_REMINDER] = "reminder",
		[DELIVERY_UNREAD] = "unread",
		[DELIVERY_REQUEST] = "request",
		[DELIVERY_OWN_COPY] = "own-copy",
		[DELIVERY_CHANGED] = "changed",
		[DELIVERY_SUMMARY] = "summary",
		[DELIVERY_NOT_SENT] = "not-sent",
	};

	return (size_t)kind < COUNT_OF(names) && names[kind] ? names[kind] : "unknown";
}

const char *delivery_state_name(enum delivery_state state)
{
	static const char *const names[] = {
		[DELIVERY_WAITING] = "waiting",
		[DELIVERY_SENT] = "sent",
		[DELIVERY_FAILED] = "failed",
		[DELIVERY_DROPPED] = "dropped",
		[DELIVERY_CANCELLED] = "cancelled",
	};

	return (size_t)state < COUNT_OF(names) && names[state] ? names[state] : "unknown";
}
