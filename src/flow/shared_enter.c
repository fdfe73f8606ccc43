/* How the mailbox of a shared address is come into. */
#include "flow/shared_private.h"

#include "base/limits.h"
#include "flow/changed.h"
#include "flow/sign_in_private.h"
#include "store/copy_write.h"
#include "store/draft_write.h"
#include "store/event.h"
#include "store/person_write.h"
#include "store/session_write.h"
#include "store/shared_write.h"

enum result shared_make(struct tx *tx, struct person *row, int64_t now, struct err *err)
{
	struct id user = row->main_id;
	bool is_new;

	if (!id_is_none(user)) {
		TRY(copy_move(tx, row->id, user, row->id, err));
		TRY(draft_move(tx, user, row->id, row->id, err));
		TRY(session_remove_entered(tx, user, row->id, err));
		TRY(person_set_main(tx, row->id, (struct id){{0}}, 0, err));
		TRY(shared_add(tx, row->id, user, now, &is_new, err));
	}
	row->main_id = (struct id){{0}};
	row->shared_at = now;
	TRY(person_clear_entries(tx, row->id, err));
	return person_set_shared(tx, row->id, now, err);
}

enum result shared_join(struct flow *flow, struct tx *tx, const struct person *row,
	const struct person *person, struct str origin, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct shared_member *members;
	bool is_new;
	size_t count;

	TRY(shared_add(tx, row->id, person->id, now, &is_new, err));
	if (!is_new)
		return RESULT_OK;
	TRY(shared_list_members(tx, row->id, &arena, &members, &count, err));
	if (count > LIMIT_SHARED_MEMBERS)
		return err_code(
			err, RESULT_CONFLICT, "shared-full", "%d people are the most", LIMIT_SHARED_MEMBERS);
	TRY(sign_in_note(tx, EVENT_ADDRESS_SHARED, person, (struct id){{0}}, origin, row->address, now, err));
	struct str what = arena_printf(&arena, "%.*s\n%.*s", STR_ARG(row->address), STR_ARG(person->address));
	TRY(changed_tell_at(flow, tx, row->account_id, row->address, EVENT_ADDRESS_SHARED, what, now, err));
	for (size_t i = 0; i < count; i++)
		TRY(changed_tell_at(
			flow, tx, row->account_id, members[i].address, EVENT_ADDRESS_SHARED, what, now, err));
	return RESULT_OK;
}

/* The shared address that was proved in this browser before the person signed in. */
static enum result find_proved(struct flow *flow, struct tx *tx, const struct person *person,
	const struct visitor *visitor, int64_t now, struct id *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t hash[HASH_BYTES];
	struct session session;
	struct person row;

	if (visitor->token.len != TOKEN_BYTES)
		return RESULT_OK;
	hash_bytes(visitor->token, hash);
	enum result found = session_find(tx, (struct bytes){hash, sizeof(hash)}, &arena, &session, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	if (session.stage != SESSION_SELF_DUE || now >= session.ends_at || person->is_internal ||
		!id_equal(session.account_id, person->account_id))
		return RESULT_OK;
	TRY(person_hold(tx, session.person_id, &arena, &row, err));
	/* It may be one person's again. */
	if (!row.shared_at)
		return RESULT_OK;
	TRY(shared_join(flow, tx, &row, person, visitor->origin, now, err));
	*ret = row.id;
	return session_remove(tx, session.token_hash, err);
}

enum result shared_mailbox(struct flow *flow, struct tx *tx, const struct person *person,
	const struct shared_wish *wish, int64_t now, struct id *ret, struct err *err)
{
	struct id wished = wish->into;
	struct copy copy;
	bool is_open;

	*ret = person->id;
	if (person->shared_at)
		return RESULT_OK;
	TRY(find_proved(flow, tx, person, wish->visitor, now, &wished, err));
	if (id_is_none(wished) && !id_is_none(wish->copy_id)) {
		enum result found = copy_find_any(tx, wish->copy_id, &copy, err);
		if (found == RESULT_OK)
			wished = copy.mailbox_id;
		else if (found != RESULT_NOT_FOUND)
			return found;
	}
	if (id_is_none(wished) || id_equal(wished, person->id))
		return RESULT_OK;
	TRY(shared_has(tx, wished, person->id, &is_open, err));
	if (is_open)
		*ret = wished;
	return RESULT_OK;
}
