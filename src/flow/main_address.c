/* Which of a person's addresses is the main one: the row that all others sign in as. */
#include "flow/addresses.h"

#include "flow/changed.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/sign_in_private.h"
#include "store/copy_write.h"
#include "store/draft_write.h"
#include "store/event.h"
#include "store/person_write.h"

struct change {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	int64_t now;
	struct arena arena;
	struct person *people; /* all who sign in as the one before */
	size_t count;
	struct person old, row;
};

/* Held, so that mail which comes meanwhile finds the one or the other. */
static enum result hold(struct tx *tx, struct change *c, struct err *err)
{
	struct id self = actor_self(c->actor);

	TRY(person_hold_joined(tx, self, self, &c->arena, &c->people, &c->count, err));
	const struct person *old = person_among(c->people, c->count, self);
	const struct person *row = person_among(c->people, c->count, c->id);
	if (!old || !row || !id_equal(row->main_id, self))
		return err_set(err, RESULT_NOT_FOUND, "there is no such address");
	c->old = *old;
	c->row = *row;
	return RESULT_OK;
}

static enum result move_rows(struct tx *tx, struct change *c, struct err *err)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct person *held = &c->people[i];
		bool is_new_main = id_equal(held->id, c->row.id);
		TRY(copy_move(tx, held->id, c->old.id, c->row.id, err));
		TRY(person_set_main(tx, held->id, is_new_main ? (struct id){{0}} : c->row.id,
			is_new_main		    ? 0
			: id_is_none(held->main_id) ? c->now
						    : held->joined_at,
			err));
	}
	return draft_move(tx, c->old.id, c->row.id, (struct id){{0}}, err);
}

/* The name is sealed for its row. */
static enum result move_name(struct tx *tx, struct change *c, struct err *err)
{
	struct flow_account account;

	TRY(flow_account_load(c->flow, tx, c->old.account_id, &c->arena, &account, err));
	struct str name = people_name(&account, c->old.id, c->old.name_box, &c->arena);
	return person_set_name_box(
		tx, c->row.id, people_name_seal(&account, c->row.id, name, &c->arena), err);
}

static enum result make_main(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;

	TRY(proof_check(tx, c->actor, PROOF_WHOLE, c->now, err));
	TRY(hold(tx, c, err));
	TRY(move_rows(tx, c, err));
	TRY(move_name(tx, c, err));
	TRY(person_move_entries(tx, c->old.id, c->row.id, err));
	struct person person = {.id = c->row.id, .account_id = c->row.account_id};
	TRY(sign_in_note(tx, EVENT_ADDRESS_MAIN, &person, (struct id){{0}}, c->actor->origin, c->row.address,
		c->now, err));
	struct str what =
		arena_printf(&c->arena, "%.*s\n%.*s", STR_ARG(c->row.address), STR_ARG(c->old.address));
	TRY(changed_tell_at(
		c->flow, tx, person.account_id, c->old.address, EVENT_ADDRESS_MAIN, what, c->now, err));
	return changed_tell_at(
		c->flow, tx, person.account_id, c->row.address, EVENT_ADDRESS_MAIN, what, c->now, err);
}

enum result addresses_make_main(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .id = id, .now = now};

	enum result result = db_write(flow_db(flow), make_main, &change, err);
	arena_done(&change.arena);
	return result;
}
