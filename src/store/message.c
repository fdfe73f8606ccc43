#include "store/message_write.h"

#include "base/list.h"
#include "base/mem.h"
#include "store/message_private.h"

#define COLUMNS                                                                                              \
	"id, account_id, kind, owner_id, sender, definition_id, definition_name, may_print, may_reply,"      \
	" may_reply_all, read_receipt, all_recipients, answers_id, sent_at, expires_at, extended_at,"        \
	" recalled_at, size, sealed_size, kept_in, pack_id, pack_offset, content_ends_at, may_save,"         \
	" second_factor, may_extend, code_set_at, code_box"
#define BOXES ", list_box, head_box, index_box"

/* kept_in, pack_id and pack_offset stand together. */
static struct content_place read_place(const struct rows *rows, int id, int kept_in, int sealed_size)
{
	return (struct content_place){
		.kept = (enum content_kept)row_int(rows, kept_in),
		.message_id = row_id(rows, id),
		.pack = {row_id(rows, kept_in + 1), (uint64_t)row_int(rows, kept_in + 2),
			(uint64_t)row_int(rows, sealed_size)},
	};
}

static struct message read_row(const struct rows *rows, struct arena *arena)
{
	return (struct message){
		.id = row_id(rows, 0),
		.account_id = row_id(rows, 1),
		.kind = (enum message_kind)row_int(rows, 2),
		.owner_id = row_id(rows, 3),
		.sender = arena_str(arena, row_text(rows, 4)),
		.definition_id = row_id(rows, 5),
		.definition_name = arena_str(arena, row_text(rows, 6)),
		.rights = {row_bool(rows, 7), row_bool(rows, 8), row_bool(rows, 9), row_bool(rows, 23),
			row_bool(rows, 24), row_bool(rows, 25)},
		.read_receipt = row_bool(rows, 10),
		.all_recipients = row_bool(rows, 11),
		.answers_id = row_id(rows, 12),
		.sent_at = row_int(rows, 13),
		.expires_at = row_int(rows, 14),
		.extended_at = row_int(rows, 15),
		.recalled_at = row_int(rows, 16),
		.size = row_int(rows, 17),
		.sealed_size = row_int(rows, 18),
		.content = read_place(rows, 0, 19, 18),
		.content_ends_at = row_int(rows, 22),
		.code_set_at = row_int(rows, 26),
		.code_box = arena_bytes(arena, row_bytes(rows, 27)),
	};
}

enum result message_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct message *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	enum result found =
		db_query_one(tx, "SELECT " COLUMNS BOXES " FROM message WHERE account_id = $1 AND id = $2",
			DB_ARGS(db_id(account_id), db_id(id)), &rows, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, found, "the account has no such message");
	TRY(found);
	*ret = read_row(&rows, arena);
	ret->list_box = arena_bytes(arena, row_bytes(&rows, 28));
	ret->head_box = arena_bytes(arena, row_bytes(&rows, 29));
	ret->index_box = arena_bytes(arena, row_bytes(&rows, 30));
	return rows_end(&rows, err);
}

enum result message_list(struct tx *tx, struct id account_id, struct id before, int64_t limit,
	struct arena *arena, struct message **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct message));

	TRY(db_query(tx,
		"SELECT " COLUMNS " FROM message WHERE account_id = $1 AND (id < $2 OR $3 = 1)"
		" ORDER BY id DESC LIMIT $4",
		DB_ARGS(db_id(account_id), db_id(before), db_bool(id_is_none(before)), db_int(limit)), &rows,
		err));
	while (rows_next(&rows))
		*(struct message *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result message_body_find(
	struct tx *tx, struct id id, struct arena *arena, struct bytes *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT sealed FROM message_content WHERE message_id = $1 AND sealed IS NOT NULL",
		DB_ARGS(db_id(id)), &rows, err));
	*ret = arena_bytes(arena, row_bytes(&rows, 0));
	return rows_end(&rows, err);
}

enum result message_by_reference(
	struct tx *tx, struct id account_id, struct bytes reference, struct id *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT known_id FROM intake WHERE account_id = $1 AND reference = $2 AND known_id IS NOT "
		"NULL"
		" ORDER BY known_id LIMIT 1",
		DB_ARGS(db_id(account_id), db_bytes(reference)), &rows, err));
	*ret = row_id(&rows, 0);
	return rows_end(&rows, err);
}

enum result recipient_list(struct tx *tx, struct id message_id, struct arena *arena, struct recipient **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct recipient));

	TRY(db_query(tx,
		"SELECT r.person_id, r.role, r.route, r.added_at, p.address, r.name_box, p.is_internal"
		" FROM recipient r JOIN person p ON p.id = r.person_id"
		" WHERE r.message_id = $1 ORDER BY r.role, p.address_key",
		DB_ARGS(db_id(message_id)), &rows, err));
	while (rows_next(&rows))
		*(struct recipient *)list_add(&list) = (struct recipient){
			.message_id = message_id,
			.person_id = row_id(&rows, 0),
			.role = (enum recipient_role)row_int(&rows, 1),
			.route = (enum recipient_route)row_int(&rows, 2),
			.added_at = row_int(&rows, 3),
			.address = arena_str(arena, row_text(&rows, 4)),
			.name_box = arena_bytes(arena, row_bytes(&rows, 5)),
			.is_internal = row_bool(&rows, 6),
		};
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result message_add(struct tx *tx, const struct message *message, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO message (" COLUMNS BOXES
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
		" $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, "
		"$31)",
		DB_ARGS(db_id(message->id), db_id(message->account_id), db_int(message->kind),
			db_id_or_null(message->owner_id), db_text(message->sender),
			db_id_or_null(message->definition_id), db_text(message->definition_name),
			db_bool(message->rights.print), db_bool(message->rights.reply),
			db_bool(message->rights.reply_all), db_bool(message->read_receipt),
			db_bool(message->all_recipients), db_id_or_null(message->answers_id),
			db_int(message->sent_at), db_int(message->expires_at), db_int(message->extended_at),
			db_int(message->recalled_at), db_int(message->size), db_int(message->sealed_size),
			db_int(message->content.kept), db_id_or_null(message->content.pack.pack),
			db_int((int64_t)message->content.pack.offset), db_int(message->content_ends_at),
			db_bool(message->rights.save), db_bool(message->rights.second_factor),
			db_bool(message->rights.extend), db_int(message->code_set_at),
			db_bytes_or_null(message->code_box), db_bytes(message->list_box),
			db_bytes(message->head_box), db_bytes(message->index_box)),
		NULL, err);
}

enum result message_hold(struct tx *tx, struct id id, struct message_state *ret, struct err *err)
{
	/* SQLite has one writer at a time. */
	static const char sqlite[] = "SELECT kind, content_ends_at FROM message WHERE id = $1";
	static const char postgres[] =
		"SELECT kind, content_ends_at FROM message WHERE id = $1 FOR NO KEY UPDATE";
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, db_pick(tx, sqlite, postgres), DB_ARGS(db_id(id)), &rows, err));
	*ret = (struct message_state){(enum message_kind)row_int(&rows, 0), row_int(&rows, 1)};
	return rows_end(&rows, err);
}

enum result message_set_terms(struct tx *tx, const struct message *message, struct err *err)
{
	return db_exec(tx,
		"UPDATE message SET kind = $2, owner_id = $3, definition_id = $4, definition_name = $5,"
		" may_print = $6, may_reply = $7, may_reply_all = $8, read_receipt = $9,"
		" all_recipients = $10, answers_id = $11, expires_at = $12, list_box = $13,"
		" content_ends_at = $14, may_save = $15, second_factor = $16, may_extend = $17,"
		" code_set_at = $18, code_box = $19 WHERE id = $1",
		DB_ARGS(db_id(message->id), db_int(message->kind), db_id_or_null(message->owner_id),
			db_id_or_null(message->definition_id), db_text(message->definition_name),
			db_bool(message->rights.print), db_bool(message->rights.reply),
			db_bool(message->rights.reply_all), db_bool(message->read_receipt),
			db_bool(message->all_recipients), db_id_or_null(message->answers_id),
			db_int(message->expires_at), db_bytes(message->list_box),
			db_int(message->content_ends_at), db_bool(message->rights.save),
			db_bool(message->rights.second_factor), db_bool(message->rights.extend),
			db_int(message->code_set_at), db_bytes_or_null(message->code_box)),
		NULL, err);
}

enum result message_set_code(struct tx *tx, const struct message *message, struct err *err)
{
	return db_exec(tx, "UPDATE message SET code_set_at = $2, code_box = $3 WHERE id = $1",
		DB_ARGS(db_id(message->id), db_int(message->code_set_at), db_bytes(message->code_box)), NULL,
		err);
}

enum result message_content_add(
	struct tx *tx, struct id message_id, struct bytes words, struct bytes sealed, struct err *err)
{
	if (words.len + sealed.len == 0)
		return RESULT_OK;
	return db_exec(tx, "INSERT INTO message_content (message_id, words, sealed) VALUES ($1, $2, $3)",
		DB_ARGS(db_id(message_id), db_bytes_or_null(words), db_bytes_or_null(sealed)), NULL, err);
}

#define INSERT_CLAIM                                                                                         \
	"INSERT INTO intake (account_id, reference, fingerprint, message_id, accepted_at, known_id)"         \
	" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, reference, fingerprint)"
#define IF_RECENT(known, new) " CASE WHEN intake.accepted_at > $7 THEN intake." known " ELSE " new " END"

enum result message_claim(
	struct tx *tx, const struct message_claim *claim, struct id *ret_id, struct err *err)
{
	struct db_value args[] = {db_id(claim->account_id), db_bytes(claim->reference),
		db_bytes(claim->fingerprint), db_id(claim->message_id), db_int(claim->now),
		db_id_or_null(claim->is_known ? claim->message_id : (struct id){{0}}), db_int(claim->cut)};
	cleanup(rows_done) struct rows rows = {0};
	int64_t is_new;

	/* Nearly always; and for SQLite RETURNING is dear. */
	TRY(db_exec(tx, INSERT_CLAIM " DO NOTHING", args, COUNT_OF(args) - 1, &is_new, err));
	*ret_id = claim->message_id;
	if (is_new)
		return RESULT_OK;
	TRY(db_query_one(tx,
		INSERT_CLAIM " DO UPDATE SET message_id =" IF_RECENT(
			"message_id", "excluded.message_id") ", accepted_at =" IF_RECENT("accepted_at",
			"excluded.accepted_at") ", known_id =" IF_RECENT("known_id",
			"COALESCE(intake.known_id, excluded.known_id)") " RETURNING message_id",
		args, COUNT_OF(args), &rows, err));
	*ret_id = row_id(&rows, 0);
	return rows_end(&rows, err);
}

enum result message_claims_forget(struct tx *tx, int64_t cut, int64_t limit, struct err *err)
{
	return db_exec(tx,
		"DELETE FROM intake WHERE (account_id, reference, fingerprint) IN"
		" (SELECT account_id, reference, fingerprint FROM intake WHERE known_id IS NULL"
		" AND accepted_at < $1 LIMIT $2)",
		DB_ARGS(db_int(cut), db_int(limit)), NULL, err);
}

enum result message_reference_add(struct tx *tx, struct id account_id, struct bytes reference,
	struct bytes fingerprint, struct id message_id, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO intake (account_id, reference, fingerprint, message_id, accepted_at, known_id)"
		" VALUES ($1, $2, $3, $4, 0, $4) ON CONFLICT (account_id, reference, fingerprint)"
		" DO UPDATE SET known_id = COALESCE(intake.known_id, excluded.known_id)",
		DB_ARGS(db_id(account_id), db_bytes(reference), db_bytes(fingerprint), db_id(message_id)),
		NULL, err);
}

enum result recipient_add(struct tx *tx, const struct recipient *recipient, bool *ret_is_new, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO recipient (message_id, person_id, role, route, added_at, name_box)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (message_id, person_id) DO NOTHING",
		DB_ARGS(db_id(recipient->message_id), db_id(recipient->person_id), db_int(recipient->role),
			db_int(recipient->route), db_int(recipient->added_at),
			recipient->name_box.len ? db_bytes(recipient->name_box) : db_null_bytes()),
		&changed, err));
	*ret_is_new = changed > 0;
	return RESULT_OK;
}

enum result message_set_content_end(struct tx *tx, struct id id, int64_t at, struct err *err)
{
	return db_exec(tx, "UPDATE message SET content_ends_at = $2 WHERE id = $1",
		DB_ARGS(db_id(id), db_int(at)), NULL, err);
}

enum result message_list_content_ended(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct id **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct id));

	TRY(db_query(tx,
		"SELECT id FROM message WHERE content_ends_at > 0 AND content_ends_at <= $1 AND kind = 2"
		" ORDER BY content_ends_at LIMIT $2",
		DB_ARGS(db_int(now), db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct id *)list_add(&list) = row_id(&rows, 0);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

static enum result list_due(struct tx *tx, const char *sql, int64_t now, int64_t limit, struct arena *arena,
	struct message_due **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct message_due));

	TRY(db_query(tx, sql, DB_ARGS(db_int(now), db_int(limit)), &rows, err));
	while (rows_next(&rows))
		*(struct message_due *)list_add(&list) =
			(struct message_due){row_id(&rows, 0), row_id(&rows, 1)};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result message_list_expired(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct message_due **ret, size_t *ret_count, struct err *err)
{
	return list_due(tx,
		"SELECT m.account_id, m.id FROM account a CROSS JOIN message m WHERE m.account_id = a.id"
		" AND " MESSAGE_STAGE " IN (0, 1) AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
		now, limit, arena, ret, ret_count, err);
}

enum result message_list_kept_long_enough(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct message_due **ret, size_t *ret_count, struct err *err)
{
	return list_due(tx,
		"SELECT account_id, id FROM message WHERE content_ends_at > 0 AND content_ends_at <= $1"
		" AND kind = 1 ORDER BY content_ends_at LIMIT $2",
		now, limit, arena, ret, ret_count, err);
}

/* Runs a change that holds only under its conditions; *ret: it did. */
static enum result change_if(
	struct tx *tx, const char *sql, const struct db_value *args, size_t count, bool *ret, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, sql, args, count, &changed, err));
	*ret = changed > 0;
	return RESULT_OK;
}

enum result message_recall(
	struct tx *tx, struct id id, bool whole, int64_t now, bool *ret_done, struct err *err)
{
	return change_if(tx,
		"UPDATE message SET recalled_at = CASE WHEN $3 = 1 THEN $2 ELSE 0 END"
		" WHERE id = $1 AND kind = 1 AND recalled_at = 0 AND (expires_at = 0 OR expires_at > $2)",
		DB_ARGS(db_id(id), db_int(now), db_bool(whole)), ret_done, err);
}

enum result message_extend(struct tx *tx, struct id id, int64_t until, int64_t soon, bool once, int64_t now,
	bool *ret_done, struct err *err)
{
	return change_if(tx,
		"UPDATE message SET expires_at = $2,"
		" extended_at = CASE WHEN $4 = 1 THEN $3 ELSE extended_at END,"
		" reminded_at = CASE WHEN $2 > $5 THEN 0 ELSE reminded_at END,"
		" ends_told_at = CASE WHEN $2 > $5 THEN 0 ELSE ends_told_at END"
		" WHERE id = $1 AND kind = 1 AND recalled_at = 0 AND expires_at > $3 AND expiry_done = 0"
		" AND $2 > $3 AND $2 <= content_ends_at"
		" AND ($4 = 0 OR (extended_at = 0 AND may_extend = 1 AND $2 > expires_at))",
		DB_ARGS(db_id(id), db_int(until), db_int(now), db_bool(once), db_int(soon)), ret_done, err);
}

enum result message_end_expiry(struct tx *tx, struct id id, int64_t now, bool *ret_done, struct err *err)
{
	return change_if(tx,
		"UPDATE message SET expiry_done = 1"
		" WHERE id = $1 AND expiry_done = 0 AND expires_at > 0 AND expires_at <= $2",
		DB_ARGS(db_id(id), db_int(now)), ret_done, err);
}

enum result message_has_blob(struct tx *tx, struct id id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT COUNT(*) FROM message WHERE id = $1 AND kept_in = $2",
		DB_ARGS(db_id(id), db_int(CONTENT_IN_BLOB)), &rows, err));
	*ret = row_int(&rows, 0) > 0;
	return rows_end(&rows, err);
}

enum result message_any_in_pack(struct tx *tx, struct id pack_id, bool *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query(
		tx, "SELECT 1 FROM message WHERE pack_id = $1 LIMIT 1", DB_ARGS(db_id(pack_id)), &rows, err));
	*ret = rows_next(&rows);
	return rows_end(&rows, err);
}

enum result message_remove_content(struct tx *tx, struct id id, struct content_place *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT id, sealed_size, kept_in, pack_id, pack_offset FROM message WHERE id = $1",
		DB_ARGS(db_id(id)), &rows, err));
	*ret = read_place(&rows, 0, 2, 1);
	TRY(rows_end(&rows, err));
	TRY(db_exec(tx, "DELETE FROM message_content WHERE message_id = $1", DB_ARGS(db_id(id)), NULL, err));
	return db_exec(tx,
		"UPDATE message SET kept_in = 0, pack_id = NULL, pack_offset = 0, content_ends_at = 0"
		" WHERE id = $1",
		DB_ARGS(db_id(id)), NULL, err);
}
