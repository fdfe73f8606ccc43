/* Signing in by password. */
#include "flow/sign_in_private.h"

#include "base/limits.h"
#include "flow/people.h"
#include "flow/proof_private.h"
#include "seal/password.h"
#include "store/copy.h"
#include "store/event.h"
#include "store/person_write.h"

#include <string.h>

/* How often, within an hour, wrong passwords are tried for one address and network together, for one address
 * from anywhere, and from one network; and in a browser that the address signed in with before, which is
 * counted apart, so that strangers do not keep its owner out. A code is always another way. */
#define PASSWORD_TRIES_PER_KNOWN_BROWSER 10
#define PASSWORD_TRIES_PER_PAIR 10
#define PASSWORD_TRIES_PER_ADDRESS 20
#define PASSWORD_TRIES_PER_NETWORK 100

/* An address may have a mailbox, and a password, in several accounts. Beyond this number they are reached by
 * link or code; each costs everybody's sign-in a hash. */
#define MAILBOXES_TRIED 4

struct password_try {
	struct flow *flow;
	struct str address;
	const struct visitor *visitor;
	int64_t now;
	struct arena *arena;
	struct id copy_id;
	/* Whose passwords are verified, and how many: always so many, with nobody's behind those there are.
	 */
	struct person people[MAILBOXES_TRIED], entered[MAILBOXES_TRIED];
	size_t count;
	struct person
		*person; /* by whose address: whose it was, or who is told of a wrong one; NULL: nobody */
	bool over;
	struct sign_in sign_in;
	struct proof_try proof; /* where the person is signed in already */
	/* What the try was counted under, to be taken back when the password was right. */
	bool is_known;
	struct str known, pair, lower, network;
};

/* A try is counted before it is made, so that tries at once are not more than there may be. */
static enum result count_try(struct tx *tx, struct password_try *t, struct err *err)
{
	t->lower = arena_lower(t->arena, t->address);
	t->network = network_key(t->visitor->origin, t->arena);
	t->pair = pair_key(t->lower, t->network, t->arena);
	TRY(sign_in_device_is_known(
		tx, t->visitor, t->lower, t->now, t->arena, &t->is_known, &t->known, err));
	if (t->is_known)
		return sign_in_count(tx, "password-known", t->known, PASSWORD_TRIES_PER_KNOWN_BROWSER, t->now,
			&t->over, err);
	TRY(sign_in_count(tx, "password-pair", t->pair, PASSWORD_TRIES_PER_PAIR, t->now, &t->over, err));
	TRY(sign_in_count(
		tx, "password-network", t->network, PASSWORD_TRIES_PER_NETWORK, t->now, &t->over, err));
	/* What was turned away before costs the address nothing. */
	if (!t->over)
		TRY(sign_in_count(
			tx, "password-address", t->lower, PASSWORD_TRIES_PER_ADDRESS, t->now, &t->over, err));
	return RESULT_OK;
}

/* A right password is no try: whoever has it forgets the own mistakes, and takes nothing from others. */
static enum result uncount_try(struct tx *tx, const struct password_try *t, struct err *err)
{
	if (t->is_known)
		return sign_in_forget_count(tx, "password-known", t->known, err);
	TRY(sign_in_forget_count(tx, "password-pair", t->pair, err));
	TRY(sign_in_uncount(tx, "password-network", t->network, err));
	return sign_in_uncount(tx, "password-address", t->lower, err);
}

/* As many as there are accounts, whether or not the address is known there. */
static enum result find_people(struct tx *tx, struct password_try *t, struct err *err)
{
	struct account *accounts;
	struct person *people;
	size_t account_count, people_count, found = 0;

	TRY(account_list(tx, t->arena, &accounts, &account_count, err));
	TRY(people_list_by_address(tx, t->address, t->arena, &people, &people_count, err));
	sign_in_sort_people(people, people_count);
	memset(t->people, 0, sizeof(t->people));
	t->count = account_count < 1 ? 1 : account_count < MAILBOXES_TRIED ? account_count : MAILBOXES_TRIED;
	for (size_t i = 0; i < people_count && found < t->count; i++) {
		TRY(sign_in_main(tx, &people[i], t->arena, &t->people[found], err));
		if (t->people[found].password_hash.len)
			t->entered[found++] = people[i];
	}
	memset(&t->people[found], 0, (MAILBOXES_TRIED - found) * sizeof(t->people[0]));
	t->person = found ? &t->entered[0] : NULL;
	return RESULT_OK;
}

static enum result find_person_of_link(struct tx *tx, struct password_try *t, struct err *err)
{
	struct copy copy;

	TRY(copy_find_any(tx, t->copy_id, &copy, err));
	TRY(person_find(tx, copy.account_id, copy.person_id, t->arena, &t->entered[0], err));
	t->count = 1;
	t->person = &t->entered[0];
	return sign_in_main(tx, &t->entered[0], t->arena, &t->people[0], err);
}

/* Before the hash: may this try be made, and against which hash? */
static enum result prepare_password(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;

	t->over = false;
	/* Before anybody is looked up: being turned away takes the same time for every address. */
	TRY(count_try(tx, t, err));
	if (t->over)
		return RESULT_OK;
	return id_is_none(t->copy_id) ? find_people(tx, t, err) : find_person_of_link(tx, t, err);
}

/* Held until the session is there, so that whoever changes the password ends that session too. */
static enum result check_stands(struct tx *tx, const struct password_try *t, struct err *err)
{
	const struct person *tried = &t->people[t->person - t->entered];
	struct person person;

	TRY(person_hold(tx, tried->id, t->arena, &person, err));
	return str_equal(person.password_hash, tried->password_hash)
		       ? RESULT_OK
		       : err_code(err, RESULT_DENIED, "password-wrong", "it was changed while it was tried");
}

static enum result finish_password(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;

	TRY(check_stands(tx, t, err));
	TRY(uncount_try(tx, t, err));
	return sign_in_begin(t->flow, tx, t->person, PROOF_PASSWORD,
		&(struct shared_wish){.visitor = t->visitor, .copy_id = t->copy_id}, t->now, &t->sign_in,
		err);
}

static enum result refuse_password(struct tx *tx, void *context, struct err *err)
{
	const struct password_try *t = context;

	return sign_in_note(tx, EVENT_PASSWORD_REFUSED, t->person, (struct id){0}, t->visitor->origin,
		STR_NONE, t->now, err);
}

/* All of them, also behind the right one, so that the time tells nothing. */
static enum result verify_all(struct password_try *t, struct str password, struct err *err)
{
	enum result result = RESULT_DENIED;

	for (size_t i = 0; i < t->count; i++) {
		enum result verified = password_verify(t->people[i].password_hash, password, err);
		if (verified == RESULT_OK && result == RESULT_DENIED) {
			t->person = &t->entered[i];
			result = RESULT_OK;
		} else if (verified != RESULT_OK && verified != RESULT_DENIED) {
			return verified;
		}
	}
	return result;
}

enum result sign_in_by_password(struct flow *flow, const struct visitor *visitor, struct str address,
	struct str password, struct id copy_id, int64_t now, struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct password_try attempt = {.flow = flow,
		.address = address,
		.visitor = visitor,
		.now = now,
		.arena = &arena,
		.copy_id = copy_id};

	if (address.len > LIMIT_ADDRESS_BYTES || password.len > LIMIT_PASSWORD_BYTES_MAX)
		return err_code(err, RESULT_DENIED, "password-wrong", "address or password is not right");
	TRY(db_write(flow_db(flow), prepare_password, &attempt, err));
	if (attempt.over)
		return sign_in_too_often(err);
	enum result verified = verify_all(&attempt, password, err);
	if (verified == RESULT_DENIED) {
		if (attempt.person)
			TRY(db_write(flow_db(flow), refuse_password, &attempt, err));
		return err_code(err, RESULT_DENIED, "password-wrong", "address or password is not right");
	}
	TRY(verified);
	TRY(db_write(flow_db(flow), finish_password, &attempt, err));
	*ret = attempt.sign_in;
	return RESULT_OK;
}

static enum result prepare_proof(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;
	const struct actor *actor = t->proof.actor;

	t->over = false;
	TRY(person_find(tx, actor->account_id, actor_self(actor), t->arena, &t->people[0], err));
	t->entered[0] = t->people[0];
	t->person = &t->entered[0];
	t->address = t->people[0].address;
	t->count = 1;
	return count_try(tx, t, err);
}

static enum result finish_proof(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;

	TRY(check_stands(tx, t, err));
	TRY(uncount_try(tx, t, err));
	return proof_finish(tx, &t->proof, PROOF_PASSWORD, err);
}

enum result proof_by_password(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct proof_given *given, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct password_try attempt = {.flow = flow,
		.visitor = visitor,
		.now = now,
		.arena = &arena,
		.proof = {.flow = flow,
			.actor = actor,
			.need = given->need,
			.factor = {.code = given->factor, .visitor = visitor, .now = now}}};

	if (given->password.len > LIMIT_PASSWORD_BYTES_MAX)
		return err_code(err, RESULT_DENIED, "password-wrong", "the password is not right");
	TRY(db_write(flow_db(flow), prepare_proof, &attempt, err));
	if (attempt.over)
		return sign_in_too_often(err);
	enum result verified = verify_all(&attempt, given->password, err);
	if (verified == RESULT_DENIED) {
		TRY(db_write(flow_db(flow), refuse_password, &attempt, err));
		return err_code(err, RESULT_DENIED, "password-wrong", "the password is not right");
	}
	TRY(verified);
	TRY(db_write(flow_db(flow), finish_proof, &attempt, err));
	return proof_tried(&attempt.proof, err);
}
