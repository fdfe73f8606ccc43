#include "flow/addresses.h"

#include "base/limits.h"
#include "flow/changed.h"
#include "flow/mail_out.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/sign_in_private.h"
#include "store/copy_write.h"
#include "store/draft_write.h"
#include "store/event.h"
#include "store/factor.h"
#include "store/person_write.h"
#include "store/session_write.h"
#include "store/shared_write.h"

/* Within an hour by one person, besides what counts for the address and the network. */
#define ASKED_PER_PERSON 10

struct listing {
	const struct actor *actor;
	struct arena *arena;
	struct address_facts *facts;
	size_t count;
};

static enum result entered_by(
	struct tx *tx, const struct actor *actor, struct arena *arena, struct id *ret, struct err *err)
{
	struct session session;

	TRY(session_find(tx, actor->session_hash, arena, &session, err));
	*ret = session.entered_id;
	return RESULT_OK;
}

static enum result read_list(struct tx *tx, void *context, struct err *err)
{
	struct listing *l = context;
	struct person *people;
	struct id entered;

	TRY(entered_by(tx, l->actor, l->arena, &entered, err));
	TRY(person_list_joined(tx, actor_self(l->actor), l->arena, &people, &l->count, err));
	l->facts = arena_array(l->arena, struct address_facts, l->count);
	for (size_t i = 0; i < l->count; i++)
		l->facts[i] = (struct address_facts){.id = people[i].id,
			.address = people[i].address,
			.since = people[i].joined_at,
			.is_main = id_is_none(people[i].main_id),
			.is_entered = id_equal(people[i].id, entered)};
	return RESULT_OK;
}

enum result addresses_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct address_facts **ret, size_t *ret_count, struct err *err)
{
	struct listing listing = {.actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_list, &listing, err));
	*ret = listing.facts;
	*ret_count = listing.count;
	return RESULT_OK;
}

struct asking {
	struct flow *flow;
	const struct actor *actor;
	const struct visitor *visitor;
	struct str address;
	int64_t now;
	bool over;
};

static enum result refuse_internal(struct err *err)
{
	return err_code(err, RESULT_DENIED, "address-internal",
		"addresses of the account's own are its administrator's");
}

/* What is said at once is known to the person anyhow: the own addresses, and the account's domains. */
static enum result check_address(struct tx *tx, const struct asking *a, const struct person *person,
	struct arena *arena, struct err *err)
{
	struct person *own;
	size_t count;
	bool internal;

	TRY(people_is_internal(tx, person->account_id, a->address, &internal, err));
	if (internal || person->is_internal)
		return refuse_internal(err);
	TRY(person_list_joined(tx, person->id, arena, &own, &count, err));
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(own[i].address, a->address))
			return err_code(err, RESULT_CONFLICT, "address-own", "it is one of yours already");
	if (count >= LIMIT_ADDRESSES)
		return err_code(
			err, RESULT_CONFLICT, "addresses-full", "%d addresses are the most", LIMIT_ADDRESSES);
	return RESULT_OK;
}

static enum result count(struct tx *tx, struct asking *a, struct arena *arena, struct err *err)
{
	struct id self = actor_self(a->actor);
	struct str whom = {(const char *)self.b, ID_BYTES};

	a->over = false;
	TRY(sign_in_count(tx, "address", whom, ASKED_PER_PERSON, a->now, &a->over, err));
	if (a->over)
		return RESULT_OK;
	return code_count_typed(tx, a->visitor, arena_lower(arena, a->address), a->now, arena, &a->over, err);
}

static enum result ask(struct tx *tx, void *context, struct err *err)
{
	struct asking *a = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person person;
	struct str digits;

	TRY(proof_check(tx, a->actor, PROOF_WHOLE, a->now, err));
	TRY(person_find(tx, a->actor->account_id, actor_self(a->actor), &arena, &person, err));
	TRY(check_address(tx, a, &person, &arena, err));
	TRY(count(tx, a, &arena, err));
	if (a->over)
		return RESULT_OK;
	struct code code = {
		.account_id = person.account_id, .person_id = person.id, .adds_address = a->address};
	TRY(code_begin(tx, &code, a->visitor, a->now, &arena, &digits, err));
	TRY(flow_account_load(a->flow, tx, person.account_id, &arena, &account, err));
	TRY(mail_out_address_code(
		a->flow, tx, &account, a->address, digits, person.address, person.language, a->now, err));
	return sign_in_note(
		tx, EVENT_CODE_SENT, &person, (struct id){0}, a->visitor->origin, a->address, a->now, err);
}

enum result addresses_ask(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str address, int64_t now, struct err *err)
{
	struct asking asking = {
		.flow = flow, .actor = actor, .visitor = visitor, .address = address, .now = now};

	if (address.len > LIMIT_ADDRESS_BYTES || !is_address(address))
		return err_code(err, RESULT_INVALID, "address-shape", "this is not a mail address");
	TRY(db_write(flow_db(flow), ask, &asking, err));
	return asking.over ? sign_in_too_often(err) : RESULT_OK;
}

struct proving {
	struct flow *flow;
	const struct actor *actor;
	struct code_try try;
	struct arena *arena;
	struct str address;
	enum address_use use;
	bool is_shared;
	enum result outcome; /* of what the right code led to; the code is used up whatever it is */
	const char *why;
};

static enum result refuse(struct proving *p, const char *why)
{
	p->outcome = RESULT_CONFLICT;
	p->why = why;
	return RESULT_OK;
}

/* A row that was another person's further address leaves it: that person's way in by it is closed, too. */
static enum result take_over(
	struct tx *tx, const struct proving *p, const struct person *row, struct err *err)
{
	struct id to = actor_self(p->actor);
	struct person left = {.id = row->main_id, .account_id = row->account_id};

	TRY(copy_move(tx, row->id, row->main_id, to, err));
	TRY(draft_move(tx, row->main_id, to, row->id, err));
	TRY(session_remove_entered(tx, row->main_id, row->id, err));
	TRY(person_set_main(tx, row->id, to, p->try.now, err));
	TRY(sign_in_note(tx, EVENT_ADDRESS_REMOVED, &left, (struct id){0}, p->actor->origin, row->address,
		p->try.now, err));
	return changed_tell(
		p->flow, tx, left.account_id, left.id, EVENT_ADDRESS_REMOVED, row->address, p->try.now, err);
}

/* A row that signed in as itself joins, and what was joined to it. */
static enum result join(struct tx *tx, const struct proving *p, const struct person *row,
	const struct person *rows, size_t count, struct err *err)
{
	struct id to = actor_self(p->actor);

	for (size_t i = 0; i < count; i++) {
		TRY(copy_move(tx, rows[i].id, row->id, to, err));
		TRY(person_set_main(tx, rows[i].id, to, p->try.now, err));
	}
	TRY(draft_move(tx, row->id, to, (struct id){0}, err));
	TRY(shared_move(tx, row->id, to, err));
	return person_clear_entries(tx, row->id, err);
}

static enum result note(
	struct tx *tx, const struct proving *p, const char *kind, struct str address, struct err *err)
{
	struct person person = {.id = actor_self(p->actor), .account_id = p->actor->account_id};

	TRY(sign_in_note(tx, kind, &person, (struct id){0}, p->actor->origin, address, p->try.now, err));
	return changed_tell(p->flow, tx, person.account_id, person.id, kind, address, p->try.now, err);
}

/* Whoever holds the row of an address and of whom it signs in as changes what they are joined to. */
static enum result hold_row(
	struct tx *tx, struct proving *p, struct person *ret_row, struct id *ret_main, struct err *err)
{
	struct flow_account account;
	struct person person, main;

	TRY(flow_account_load(p->flow, tx, p->actor->account_id, p->arena, &account, err));
	TRY(people_ensure(
		tx, &account, p->address, STR_NONE, false, p->try.now, p->arena, &person, NULL, err));
	TRY(person_hold(tx, actor_self(p->actor), p->arena, &main, err));
	if (!id_is_none(main.main_id))
		return err_code(err, RESULT_DENIED, "session-ended", "somebody else's address by now");
	TRY(person_hold(tx, person.id, p->arena, ret_row, err));
	*ret_main = id_is_none(ret_row->main_id) ? ret_row->id : ret_row->main_id;
	return person_hold(tx, *ret_main, p->arena, &main, err);
}

/* Several people use it: the person from now on, and whoever did before. */
static enum result share(
	struct tx *tx, struct proving *p, struct person *row, size_t row_count, struct err *err)
{
	struct person person;

	if (!row->shared_at && id_is_none(row->main_id) && row_count > 1)
		return refuse(p, "address-has-others");
	if (!row->shared_at)
		TRY(shared_make(tx, row, p->try.now, err));
	p->is_shared = true;
	TRY(person_find(tx, p->actor->account_id, actor_self(p->actor), p->arena, &person, err));
	TRY(person_set_proved(tx, row->id, p->try.now, err));
	return shared_join(p->flow, tx, row, &person, p->actor->origin, p->try.now, err);
}

static enum result add(struct tx *tx, struct proving *p, struct err *err)
{
	struct person row, *own, *others;
	size_t own_count, other_count;
	struct id main_id;
	bool is_protected;

	TRY(hold_row(tx, p, &row, &main_id, err));
	if (id_equal(main_id, actor_self(p->actor)))
		return RESULT_OK;
	if (row.is_internal)
		return refuse(p, "address-internal");
	TRY(factor_is_set(tx, main_id, &is_protected, err));
	if (is_protected)
		return refuse(p, "address-protected");
	TRY(person_list_joined(tx, actor_self(p->actor), p->arena, &own, &own_count, err));
	TRY(person_list_joined(tx, main_id, p->arena, &others, &other_count, err));
	if (row.shared_at || p->use == ADDRESS_SHARED)
		return share(tx, p, &row, other_count, err);
	if (own_count + (id_is_none(row.main_id) ? other_count : 1) > LIMIT_ADDRESSES)
		return refuse(p, "addresses-full");
	TRY(id_is_none(row.main_id) ? join(tx, p, &row, others, other_count, err)
				    : take_over(tx, p, &row, err));
	TRY(person_set_proved(tx, row.id, p->try.now, err));
	return note(tx, p, EVENT_ADDRESS_ADDED, row.address, err);
}

static enum result prove(struct tx *tx, void *context, struct err *err)
{
	struct proving *p = context;

	p->outcome = RESULT_OK;
	TRY(code_take(tx, &p->try, p->arena, err));
	if (p->try.outcome != RESULT_OK)
		return RESULT_OK;
	/* Signed in as somebody else meanwhile: the code is as good as asked for elsewhere. */
	if (!id_equal(p->try.code.person_id, actor_self(p->actor))) {
		p->try.outcome = RESULT_NOT_FOUND;
		return RESULT_OK;
	}
	p->address = p->try.code.adds_address;
	return add(tx, p, err);
}

enum result addresses_prove(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str code, enum address_use use, int64_t now, struct arena *arena, struct str *ret_address,
	bool *ret_shared, struct err *err)
{
	struct proving proving = {.flow = flow,
		.actor = actor,
		.use = use,
		.try = {.visitor = visitor, .digits = code_digits(code, arena), .adds = true, .now = now},
		.arena = arena};

	TRY(db_write(flow_db(flow), prove, &proving, err));
	TRY(code_tried(&proving.try, err));
	if (proving.outcome != RESULT_OK)
		return err_code(err, proving.outcome, proving.why, "the address cannot be added");
	*ret_address = proving.address;
	*ret_shared = proving.is_shared;
	return RESULT_OK;
}

struct removing {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	int64_t now;
};

static enum result remove_address(struct tx *tx, void *context, struct err *err)
{
	const struct removing *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct id own_id = actor_self(r->actor), entered;
	struct person person = {.id = own_id, .account_id = r->actor->account_id}, row;

	TRY(proof_check(tx, r->actor, PROOF_WHOLE, r->now, err));
	enum result found = person_hold(tx, r->id, &arena, &row, err);
	if (found == RESULT_OK && !id_equal(row.main_id, own_id))
		return err_set(err, RESULT_NOT_FOUND, "there is no such address");
	TRY(found);
	TRY(entered_by(tx, r->actor, &arena, &entered, err));
	if (id_equal(entered, row.id))
		return err_code(err, RESULT_CONFLICT, "address-entered", "you are signed in by this address");
	TRY(copy_move(tx, row.id, own_id, row.id, err));
	TRY(draft_move(tx, own_id, row.id, row.id, err));
	TRY(person_set_main(tx, row.id, (struct id){0}, 0, err));
	TRY(session_remove_entered(tx, own_id, row.id, err));
	TRY(sign_in_note(tx, EVENT_ADDRESS_REMOVED, &person, (struct id){0}, r->actor->origin, row.address,
		r->now, err));
	/* Both learn of it: whoever did it may have been somebody else. */
	TRY(changed_tell(
		r->flow, tx, person.account_id, person.id, EVENT_ADDRESS_REMOVED, row.address, r->now, err));
	return changed_tell_at(
		r->flow, tx, person.account_id, row.address, EVENT_ADDRESS_REMOVED, row.address, r->now, err);
}

enum result addresses_remove(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct removing removing = {flow, actor, id, now};

	return db_write(flow_db(flow), remove_address, &removing, err);
}
