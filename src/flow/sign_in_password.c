/* Signing in by password. */
#include "flow/sign_in_private.h"

#include "base/limits.h"
#include "flow/people.h"
#include "seal/password.h"
#include "store/copy.h"
#include "store/event.h"

/* How often, within an hour, passwords are tried for one address and network together, and from one network.
 */
#define PASSWORD_TRIES_PER_PAIR 10
#define PASSWORD_TRIES_PER_NETWORK 100

struct password_try {
	struct flow *flow;
	struct str address;
	const struct visitor *visitor;
	int64_t now;
	struct arena *arena;
	struct id copy_id;
	struct person person; /* whose password may be verified; no id: nobody's */
	bool over;
	struct sign_in sign_in;
};

/* Before the hash: may this try be made, and against which hash? */
static enum result prepare_password(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;
	struct str network = network_key(t->visitor->origin, t->arena);
	struct person *people;
	size_t people_count;

	t->over = false;
	t->person = (struct person){0};
	/* Counted before anybody is looked up, as above. */
	struct str pair = pair_key(arena_lower(t->arena, t->address), network, t->arena);
	TRY(sign_in_count(tx, "password-pair", pair, PASSWORD_TRIES_PER_PAIR, t->now, &t->over, err));
	TRY(sign_in_count(
		tx, "password-network", network, PASSWORD_TRIES_PER_NETWORK, t->now, &t->over, err));
	if (t->over)
		return RESULT_OK;
	TRY(person_list_by_address(tx, t->address, t->arena, &people, &people_count, err));
	for (size_t i = 0; i < people_count; i++)
		if (people[i].password_hash.len)
			t->person = people[i];
	return RESULT_OK;
}

static enum result finish_password(struct tx *tx, void *context, struct err *err)
{
	struct password_try *t = context;
	struct copy copy;

	/* A link of another person's message is forgotten: their inbox is shown (R15). */
	if (!id_is_none(t->copy_id)) {
		enum result found = copy_find(tx, t->person.id, t->copy_id, &copy, err);
		if (found == RESULT_NOT_FOUND)
			t->copy_id = (struct id){0};
		else
			TRY(found);
	}
	return sign_in_begin(
		t->flow, tx, &t->person, PROOF_PASSWORD, t->visitor, t->copy_id, t->now, &t->sign_in, err);
}

static enum result refuse_password(struct tx *tx, void *context, struct err *err)
{
	const struct password_try *t = context;

	return sign_in_note(tx, EVENT_PASSWORD_REFUSED, &t->person, (struct id){0}, t->visitor->origin,
		STR_NONE, t->now, err);
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
	enum result verified = password_verify(attempt.person.password_hash, password, err);
	if (verified == RESULT_DENIED) {
		if (!id_is_none(attempt.person.id))
			TRY(db_write(flow_db(flow), refuse_password, &attempt, err));
		return err_code(err, RESULT_DENIED, "password-wrong", "address or password is not right");
	}
	TRY(verified);
	TRY(db_write(flow_db(flow), finish_password, &attempt, err));
	*ret = attempt.sign_in;
	return RESULT_OK;
}
