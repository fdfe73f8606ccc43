#include "flow/shared_private.h"

#include "base/limits.h"
#include "base/list.h"
#include "flow/changed.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/sign_in_private.h"
#include "store/event.h"
#include "store/person_write.h"
#include "store/session_write.h"
#include "store/shared_write.h"

struct listing {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct shared_address *addresses;
	size_t count;
};

static enum result list_people(struct tx *tx, const struct listing *l, const struct flow_account *account,
	struct shared_address *address, struct err *err)
{
	struct id self = actor_self(l->actor);
	struct shared_member *members;

	TRY(shared_list_members(tx, address->id, l->arena, &members, &address->count, err));
	address->people = arena_array(l->arena, struct shared_person, address->count);
	for (size_t i = 0; i < address->count; i++)
		address->people[i] = (struct shared_person){.id = members[i].person_id,
			.name = people_name(account, members[i].person_id, members[i].name_box, l->arena),
			.address = members[i].address,
			.is_self = id_equal(members[i].person_id, self)};
	return RESULT_OK;
}

static enum result read_list(struct tx *tx, void *context, struct err *err)
{
	struct listing *l = context;
	struct flow_account account;
	struct person *rows;

	TRY(flow_account_load(l->flow, tx, l->actor->account_id, l->arena, &account, err));
	TRY(shared_list_of(tx, actor_self(l->actor), l->arena, &rows, &l->count, err));
	l->addresses = arena_array(l->arena, struct shared_address, l->count);
	for (size_t i = 0; i < l->count; i++) {
		l->addresses[i] = (struct shared_address){.id = rows[i].id, .address = rows[i].address};
		TRY(list_people(tx, l, &account, &l->addresses[i], err));
	}
	return RESULT_OK;
}

enum result shared_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct shared_address **ret, size_t *ret_count, struct err *err)
{
	struct listing listing = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_list, &listing, err));
	*ret = listing.addresses;
	*ret_count = listing.count;
	return RESULT_OK;
}

struct change {
	struct flow *flow;
	const struct actor *actor;
	const struct visitor *visitor;
	struct id address_id, person_id;
	int64_t now;
	struct arena *arena;
	bool is_open; /* to the person */
	bool ends;    /* the sessions there are */
	struct sign_in sign_in;
};

static enum result read_is_open(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;

	return shared_has(tx, c->address_id, actor_self(c->actor), &c->is_open, err);
}

enum result shared_is_open_to(
	struct flow *flow, const struct actor *actor, struct id address_id, bool *ret, struct err *err)
{
	struct change change = {.actor = actor, .address_id = address_id};

	TRY(db_read(flow_db(flow), read_is_open, &change, err));
	*ret = change.is_open;
	return RESULT_OK;
}

/* The person, the one of the addresses, and how many there are. */
static enum result hold(struct tx *tx, const struct change *c, struct person *ret, struct person *ret_row,
	size_t *ret_count, struct err *err)
{
	struct id self = actor_self(c->actor);
	struct person *people;

	TRY(person_hold_joined(tx, self, self, c->arena, &people, ret_count, err));
	const struct person *person = person_among(people, *ret_count, self);
	const struct person *row = person_among(people, *ret_count, c->address_id);
	if (!person || !row || !id_equal(person_main(row), self))
		return err_set(err, RESULT_NOT_FOUND, "there is no such address");
	*ret = *person;
	*ret_row = *row;
	return RESULT_OK;
}

static enum result begin(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;
	struct person row, person;
	size_t count;

	TRY(proof_check(tx, c->actor, PROOF_WHOLE, c->now, err));
	TRY(hold(tx, c, &person, &row, &count, err));
	if (person.is_internal)
		return err_code(err, RESULT_DENIED, "address-internal", "their administrator keeps those");
	c->ends = id_equal(row.id, person.id);
	if (c->ends && count > 1)
		return err_code(err, RESULT_CONFLICT, "address-has-others", "it is the main one of several");
	TRY(shared_make(tx, &row, c->now, err));
	TRY(sign_in_note(tx, EVENT_ADDRESS_SHARED, &person, (struct id){{0}}, c->actor->origin, row.address,
		c->now, err));
	TRY(changed_tell_at(c->flow, tx, row.account_id, row.address, EVENT_ADDRESS_SHARED,
		c->ends ? row.address
			: arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(row.address), STR_ARG(person.address)),
		c->now, err));
	if (!c->ends)
		return RESULT_OK;
	return sign_in_begin(c->flow, tx, &row, PROOF_CODE, &(struct shared_wish){.visitor = c->visitor},
		c->now, &c->sign_in, err);
}

enum result shared_begin(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct id address_id, int64_t now, struct sign_in *ret, bool *ret_ends, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct change change = {.flow = flow,
		.actor = actor,
		.visitor = visitor,
		.address_id = address_id,
		.now = now,
		.arena = &arena};

	TRY(db_write(flow_db(flow), begin, &change, err));
	*ret = change.sign_in;
	*ret_ends = change.ends;
	return RESULT_OK;
}

/* The address, those who are left, and the one who went learn of it. */
static enum result tell_left(struct tx *tx, const struct change *c, const struct person *row,
	const struct person *gone, const struct shared_member *left, size_t count, struct err *err)
{
	struct str what = arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(row->address), STR_ARG(gone->address));

	TRY(changed_tell_at(
		c->flow, tx, row->account_id, row->address, EVENT_ADDRESS_LEFT, what, c->now, err));
	TRY(changed_tell_at(
		c->flow, tx, row->account_id, gone->address, EVENT_ADDRESS_LEFT, what, c->now, err));
	for (size_t i = 0; i < count; i++)
		TRY(changed_tell_at(c->flow, tx, row->account_id, left[i].address, EVENT_ADDRESS_LEFT, what,
			c->now, err));
	return RESULT_OK;
}

static enum result take_out(struct tx *tx, const struct change *c, struct str origin, struct err *err)
{
	struct shared_member *left;
	struct person row, gone;
	size_t count;

	TRY(person_hold(tx, c->address_id, c->arena, &row, err));
	TRY(shared_remove(tx, row.id, c->person_id, err));
	TRY(person_find(tx, row.account_id, c->person_id, c->arena, &gone, err));
	TRY(shared_list_members(tx, row.id, c->arena, &left, &count, err));
	if (count == 0)
		TRY(person_set_shared(tx, row.id, 0, err));
	TRY(sign_in_note(tx, EVENT_ADDRESS_LEFT, &gone, (struct id){{0}}, origin, row.address, c->now, err));
	return tell_left(tx, c, &row, &gone, left, count, err);
}

enum result shared_leave_in(struct tx *tx, struct flow *flow, struct str origin,
	const struct shared_leaving *leaving, int64_t now, struct arena *arena, struct err *err)
{
	struct change change = {.flow = flow,
		.address_id = leaving->address_id,
		.person_id = leaving->person_id,
		.now = now,
		.arena = arena};

	return take_out(tx, &change, origin, err);
}

static enum result leave(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;
	bool is_open;

	TRY(proof_check(tx, c->actor, PROOF_WHOLE, c->now, err));
	TRY(shared_has(tx, c->address_id, actor_self(c->actor), &is_open, err));
	if (!is_open)
		return err_set(err, RESULT_NOT_FOUND, "there is no such address");
	return take_out(tx, c, c->actor->origin, err);
}

enum result shared_leave(struct flow *flow, const struct actor *actor, struct id address_id,
	struct id person_id, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct change change = {.flow = flow,
		.actor = actor,
		.address_id = address_id,
		.person_id = person_id,
		.now = now,
		.arena = &arena};

	return db_write(flow_db(flow), leave, &change, err);
}
