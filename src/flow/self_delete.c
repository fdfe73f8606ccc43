#include "flow/self_delete.h"

#include "flow/changed.h"
#include "flow/leave.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/shared_private.h"
#include "flow/sign_in_private.h"
#include "store/copy_write.h"
#include "store/device_write.h"
#include "store/draft_write.h"
#include "store/event.h"
#include "store/person_write.h"
#include "store/shared_write.h"
#include "store/wrap_write.h"

struct ending {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct arena arena;
	struct person *people; /* all that sign in as the person */
	size_t count;
};

static enum result hold(struct tx *tx, struct ending *e, struct person *ret, struct err *err)
{
	struct id self = actor_self(e->actor);
	bool internal;

	/* Held first: the second of two at once finds no session. */
	TRY(person_hold_joined(tx, self, self, &e->arena, &e->people, &e->count, err));
	const struct person *person = person_among(e->people, e->count, self);
	if (!person || !id_is_none(person->main_id))
		return err_code(err, RESULT_DENIED, "session-ended", "somebody else's address by now");
	*ret = *person;
	TRY(proof_check(tx, e->actor, PROOF_WHOLE, e->now, err));
	TRY(people_is_internal(tx, ret->account_id, ret->address, &internal, err));
	if (internal || ret->is_internal)
		return err_code(err, RESULT_DENIED, "person-internal", "their administrator keeps those");
	return RESULT_OK;
}

static enum result leave_shared(struct tx *tx, struct ending *e, const struct person *person, struct err *err)
{
	struct person *shared;
	size_t count;

	TRY(shared_list_of(tx, person->id, &e->arena, &shared, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(shared_leave_in(tx, e->flow, e->actor->origin,
			&(struct shared_leaving){shared[i].id, person->id}, e->now, &e->arena, err));
	return RESULT_OK;
}

/* One of the addresses: it is noted and told for each, since each is known to senders by itself. */
static enum result end_address(struct tx *tx, struct ending *e, const struct person *row,
	const struct person *person, struct err *err)
{
	if (!id_equal(row->id, person->id)) {
		TRY(copy_move(tx, row->id, person->id, row->id, err));
		TRY(person_set_main(tx, row->id, (struct id){{0}}, 0, err));
	}
	TRY(person_forget(tx, row->id, err));
	TRY(device_forget(tx, row->address_key, err));
	TRY(sign_in_note(
		tx, EVENT_PERSON_DELETED, row, (struct id){{0}}, e->actor->origin, STR_NONE, e->now, err));
	return changed_tell_at(
		e->flow, tx, row->account_id, row->address, EVENT_PERSON_DELETED, row->address, e->now, err);
}

static enum result end_all(struct tx *tx, void *context, struct err *err)
{
	struct ending *e = context;
	struct person person;

	TRY(hold(tx, e, &person, err));
	TRY(copy_destroy_all(tx, person.id, e->now, err));
	TRY(wrap_destroy_all(tx, person.id, e->now, err));
	TRY(draft_close_all(tx, person.id, e->now, err));
	TRY(leave_shared(tx, e, &person, err));
	TRY(person_clear_entries(tx, person.id, err));
	for (size_t i = 0; i < e->count; i++)
		TRY(end_address(tx, e, &e->people[i], &person, err));
	return RESULT_OK;
}

enum result self_delete(struct flow *flow, const struct actor *actor, int64_t now, struct err *err)
{
	struct ending ending = {.flow = flow, .actor = actor, .now = now};

	/* What was written and only waits for being undone goes first. */
	TRY(leave_all(flow, actor, now, err));
	enum result result = db_write(flow_db(flow), end_all, &ending, err);
	arena_done(&ending.arena);
	return result;
}
