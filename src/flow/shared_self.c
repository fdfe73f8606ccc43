/* Who it is that proved a shared address. */
#include "flow/shared_private.h"

#include "base/limits.h"
#include "flow/people.h"
#include "flow/sign_in_private.h"
#include "store/person_write.h"
#include "store/session_write.h"
#include "store/shared.h"

struct due {
	struct flow *flow;
	const struct visitor *visitor;
	struct str address; /* the own one */
	int64_t now;
	struct arena *arena;
	struct shared_due facts;
};

static enum result find_due(
	struct tx *tx, const struct due *d, struct session *ret, struct person *ret_row, struct err *err)
{
	uint8_t hash[HASH_BYTES];
	enum result found = RESULT_NOT_FOUND;

	if (d->visitor->token.len == TOKEN_BYTES) {
		hash_bytes(d->visitor->token, hash);
		found = session_find(tx, (struct bytes){hash, sizeof(hash)}, d->arena, ret, err);
	}
	if (found != RESULT_NOT_FOUND)
		TRY(found);
	if (found == RESULT_NOT_FOUND || ret->stage != SESSION_SELF_DUE || d->now >= ret->ends_at)
		return err_code(err, RESULT_DENIED, "session-ended", "nobody is signing in");
	return person_find(tx, ret->account_id, ret->person_id, d->arena, ret_row, err);
}

static enum result is_nobodys(
	struct tx *tx, const struct due *d, const struct person *row, bool *ret, struct err *err)
{
	struct shared_member *members;
	size_t count;

	TRY(shared_list_members(tx, row->id, d->arena, &members, &count, err));
	*ret = count == 0;
	return RESULT_OK;
}

static enum result read_due(struct tx *tx, void *context, struct err *err)
{
	struct due *d = context;
	struct session session;
	struct person row;

	TRY(find_due(tx, d, &session, &row, err));
	d->facts.address = row.address;
	TRY(settings_load(tx, row.account_id, d->arena, &d->facts.settings, err));
	return is_nobodys(tx, d, &row, &d->facts.is_nobodys, err);
}

enum result shared_due(struct flow *flow, const struct visitor *visitor, int64_t now, struct arena *arena,
	struct shared_due *ret, struct err *err)
{
	struct due due = {.flow = flow, .visitor = visitor, .now = now, .arena = arena};

	TRY(db_read(flow_db(flow), read_due, &due, err));
	*ret = due.facts;
	return RESULT_OK;
}

/* The account knows the own address from now on, so that a code can be sent there. */
static enum result make_known(struct tx *tx, void *context, struct err *err)
{
	struct due *d = context;
	struct flow_account account;
	struct session session;
	struct person row, own;
	bool internal, over = false;

	TRY(find_due(tx, d, &session, &row, err));
	if (str_equal_nocase(row.address, d->address))
		return err_code(err, RESULT_CONFLICT, "address-same", "that is the shared one itself");
	TRY(people_is_internal(tx, row.account_id, d->address, &internal, err));
	if (internal)
		return err_code(err, RESULT_DENIED, "address-internal", "that is one of the account's own");
	TRY(sign_in_count(tx, "shared-self", (struct str){(const char *)row.id.b, ID_BYTES},
		LIMIT_SHARED_MEMBERS, d->now, &over, err));
	if (over)
		return sign_in_too_often(err);
	TRY(flow_account_load(d->flow, tx, row.account_id, d->arena, &account, err));
	return people_ensure(tx, &account, d->address, STR_NONE, false, d->now, d->arena, &own, NULL, err);
}

enum result shared_name_self(
	struct flow *flow, const struct visitor *visitor, struct str address, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct due due = {.flow = flow, .visitor = visitor, .address = address, .now = now, .arena = &arena};

	if (address.len > LIMIT_ADDRESS_BYTES || !is_address(address))
		return err_code(err, RESULT_INVALID, "address-shape", "this is not a mail address");
	TRY(db_write(flow_db(flow), make_known, &due, err));
	return sign_in_send_code_to(flow, address, visitor, now, err);
}

static enum result undo(struct tx *tx, void *context, struct err *err)
{
	struct due *d = context;
	struct session session;
	struct person row;
	bool nobodys;

	TRY(find_due(tx, d, &session, &row, err));
	TRY(person_hold(tx, row.id, d->arena, &row, err));
	TRY(is_nobodys(tx, d, &row, &nobodys, err));
	if (!nobodys)
		return err_set(err, RESULT_CONFLICT, "somebody uses it by now");
	TRY(person_set_shared(tx, row.id, 0, err));
	return session_remove(tx, session.token_hash, err);
}

enum result shared_undo(struct flow *flow, const struct visitor *visitor, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct due due = {.flow = flow, .visitor = visitor, .now = now, .arena = &arena};

	return db_write(flow_db(flow), undo, &due, err);
}
