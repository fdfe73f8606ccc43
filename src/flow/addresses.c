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

/* The rows of the person and of whom the address signs in as, with all that are joined to either. */
struct holding {
	struct person *people;
	size_t count;
	const struct person *row; /* the address */
	struct id main_id;
};

static size_t count_of(const struct holding *h, struct id main_id)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		count += id_equal(person_main(&h->people[i]), main_id);
	return count;
}

/* What the address signs in as has to be known before the rows are held, and may be another by then. */
static enum result hold_rows(struct tx *tx, struct proving *p, struct holding *ret, struct err *err)
{
	struct id self = actor_self(p->actor);
	struct flow_account account;
	struct person known;

	TRY(flow_account_load(p->flow, tx, p->actor->account_id, p->arena, &account, err));
	TRY(people_ensure(
		tx, &account, p->address, STR_NONE, false, p->try.now, p->arena, &known, NULL, err));
	ret->main_id = person_main(&known);
	TRY(person_hold_joined(tx, self, ret->main_id, p->arena, &ret->people, &ret->count, err));
	const struct person *person = person_among(ret->people, ret->count, self);
	if (!person || !id_is_none(person->main_id))
		return err_code(err, RESULT_DENIED, "session-ended", "somebody else's address by now");
	ret->row = person_among(ret->people, ret->count, known.id);
	if (!ret->row || !id_equal(person_main(ret->row), ret->main_id))
		return db_again(err);
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
static enum result join(struct tx *tx, const struct proving *p, const struct holding *h, struct err *err)
{
	struct id from = h->row->id, to = actor_self(p->actor);

	for (size_t i = 0; i < h->count; i++) {
		if (!id_equal(person_main(&h->people[i]), from))
			continue;
		TRY(copy_move(tx, h->people[i].id, from, to, err));
		TRY(person_set_main(tx, h->people[i].id, to, p->try.now, err));
	}
	TRY(draft_move(tx, from, to, (struct id){0}, err));
	TRY(shared_move(tx, from, to, err));
	return person_clear_entries(tx, from, err);
}

/* Several people use it: the person from now on, and whoever did before. */
static enum result share(struct tx *tx, struct proving *p, const struct holding *h, struct err *err)
{
	struct person row = *h->row;
	struct id self = actor_self(p->actor);

	if (!row.shared_at && id_is_none(row.main_id) && count_of(h, row.id) > 1)
		return refuse(p, "address-has-others");
	if (!row.shared_at)
		TRY(shared_make(tx, &row, p->try.now, err));
	p->is_shared = true;
	TRY(person_set_proved(tx, row.id, p->try.now, err));
	return shared_join(p->flow, tx, &row, person_among(h->people, h->count, self), p->actor->origin,
		p->try.now, err);
}

static enum result add(struct tx *tx, struct proving *p, struct err *err)
{
	struct id self = actor_self(p->actor);
	struct holding h;
	bool is_protected;

	TRY(hold_rows(tx, p, &h, err));
	if (id_equal(h.main_id, self))
		return RESULT_OK;
	if (h.row->is_internal)
		return refuse(p, "address-internal");
	TRY(factor_is_set(tx, h.main_id, &is_protected, err));
	if (is_protected)
		return refuse(p, "address-protected");
	if (h.row->shared_at || p->use == ADDRESS_SHARED)
		return share(tx, p, &h, err);
	bool is_main = id_is_none(h.row->main_id);
	if (count_of(&h, self) + (is_main ? count_of(&h, h.main_id) : 1) > LIMIT_ADDRESSES)
		return refuse(p, "addresses-full");
	TRY(is_main ? join(tx, p, &h, err) : take_over(tx, p, h.row, err));
	TRY(person_set_proved(tx, h.row->id, p->try.now, err));
	struct sign_in_part part = {p->flow, p->actor, h.row->id, p->try.now};
	return changed_note(tx, &part, EVENT_ADDRESS_ADDED, h.row->address, err);
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

static enum result remove_address(struct tx *tx, void *context, struct err *err)
{
	const struct sign_in_part *part = context;
	cleanup(arena_done) struct arena arena = {0};
	struct id own_id = actor_self(part->actor), entered;
	struct person *people;
	size_t count;

	TRY(proof_check(tx, part->actor, PROOF_WHOLE, part->now, err));
	TRY(person_hold_joined(tx, own_id, own_id, &arena, &people, &count, err));
	const struct person *row = person_among(people, count, part->id);
	if (!row || !id_equal(row->main_id, own_id))
		return err_set(err, RESULT_NOT_FOUND, "there is no such address");
	TRY(entered_by(tx, part->actor, &arena, &entered, err));
	if (id_equal(entered, row->id))
		return err_code(err, RESULT_CONFLICT, "address-entered", "you are signed in by this address");
	TRY(copy_move(tx, row->id, own_id, row->id, err));
	TRY(draft_move(tx, own_id, row->id, row->id, err));
	TRY(person_set_main(tx, row->id, (struct id){0}, 0, err));
	TRY(session_remove_entered(tx, own_id, row->id, err));
	/* Both learn of it: whoever did it may have been somebody else. */
	TRY(changed_note(tx, part, EVENT_ADDRESS_REMOVED, row->address, err));
	return changed_tell_at(part->flow, tx, row->account_id, row->address, EVENT_ADDRESS_REMOVED,
		row->address, part->now, err);
}

enum result addresses_remove(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct sign_in_part part = {flow, actor, id, now};

	return db_write(flow_db(flow), remove_address, &part, err);
}
