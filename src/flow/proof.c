#include "flow/proof_private.h"

#include "base/limits.h"
#include "flow/mail_out.h"
#include "flow/sign_in_private.h"
#include "store/code_write.h"
#include "store/event.h"
#include "store/session_write.h"

static enum result find_own(
	struct tx *tx, const struct actor *actor, struct arena *arena, struct session *ret, struct err *err)
{
	enum result found = session_find(tx, actor->session_hash, arena, ret, err);

	if (found == RESULT_NOT_FOUND)
		return err_code(err, RESULT_DENIED, "session-ended", "nobody is signed in");
	return found;
}

static enum result is_due(struct tx *tx, const struct actor *actor, enum proof_need need, int64_t now,
	bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct session session;
	bool has_factor = false;

	TRY(find_own(tx, actor, &arena, &session, err));
	*ret = session.stage == SESSION_OPEN && now - session.proved_at >= LIMIT_PROOF_MS;
	if (*ret || session.stage != SESSION_OPEN || need == PROOF_WITHOUT_FACTOR)
		return RESULT_OK;
	TRY(factor_is_set(tx, actor_self(actor), &has_factor, err));
	*ret = has_factor && !(session.proved_by & PROOF_SECOND);
	return RESULT_OK;
}

enum result proof_check(
	struct tx *tx, const struct actor *actor, enum proof_need need, int64_t now, struct err *err)
{
	bool due;

	TRY(is_due(tx, actor, need, now, &due, err));
	return due ? err_code(err, RESULT_DENIED, "proof-due", "who it is was shown too long ago")
		   : RESULT_OK;
}

enum result proof_is_signed_in(struct tx *tx, const struct actor *actor, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct session session;

	return actor->session_hash.len ? find_own(tx, actor, &arena, &session, err) : RESULT_OK;
}

struct question {
	struct flow *flow;
	const struct actor *actor;
	enum proof_need need;
	int64_t now;
	struct arena *arena;
	bool is_due;
	struct proof_ways ways;
};

static enum result read_due(struct tx *tx, void *context, struct err *err)
{
	struct question *q = context;

	return is_due(tx, q->actor, q->need, q->now, &q->is_due, err);
}

enum result proof_is_due(struct flow *flow, const struct actor *actor, enum proof_need need, int64_t now,
	bool *ret, struct err *err)
{
	struct question question = {.actor = actor, .need = need, .now = now};

	TRY(db_read(flow_db(flow), read_due, &question, err));
	*ret = question.is_due;
	return RESULT_OK;
}

/* The address by which the session was begun, and so can be read where the person is. */
static enum result find_entered(
	struct tx *tx, const struct actor *actor, struct arena *arena, struct person *ret, struct err *err)
{
	struct session session;

	TRY(find_own(tx, actor, arena, &session, err));
	return person_find(tx, session.account_id, session.entered_id, arena, ret, err);
}

static enum result read_ways(struct tx *tx, void *context, struct err *err)
{
	struct question *q = context;
	struct person person, entered;
	struct passkey_row *passkeys;
	size_t count;

	TRY(person_find(tx, q->actor->account_id, actor_self(q->actor), q->arena, &person, err));
	TRY(find_entered(tx, q->actor, q->arena, &entered, err));
	TRY(passkey_list(tx, person.id, q->arena, &passkeys, &count, err));
	q->ways.by_password = person.password_hash.len > 0;
	q->ways.by_passkey = count > 0 && passkeys_rp_id(q->flow).len > 0;
	q->ways.address = entered.address;
	if (q->need == PROOF_WITHOUT_FACTOR)
		return RESULT_OK;
	return factor_is_set(tx, person.id, &q->ways.asks_factor, err);
}

enum result proof_ways_of(struct flow *flow, const struct actor *actor, enum proof_need need,
	struct arena *arena, struct proof_ways *ret, struct err *err)
{
	struct question question = {.flow = flow, .actor = actor, .need = need, .arena = arena};

	TRY(db_read(flow_db(flow), read_ways, &question, err));
	*ret = question.ways;
	return RESULT_OK;
}

struct sending {
	struct flow *flow;
	const struct actor *actor;
	const struct visitor *visitor;
	int64_t now;
	bool over;
};

static enum result send(struct tx *tx, void *context, struct err *err)
{
	struct sending *s = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person person, entered;
	struct str digits;

	s->over = false;
	TRY(person_find(tx, s->actor->account_id, actor_self(s->actor), &arena, &person, err));
	TRY(find_entered(tx, s->actor, &arena, &entered, err));
	TRY(code_count_typed(tx, s->visitor, entered.address_key, s->now, &arena, &s->over, err));
	if (s->over)
		return RESULT_OK;
	struct code code = {.account_id = entered.account_id, .person_id = entered.id};
	TRY(code_begin(tx, &code, s->visitor, s->now, &arena, &digits, err));
	TRY(flow_account_load(s->flow, tx, entered.account_id, &arena, &account, err));
	TRY(mail_out_address_code(s->flow, tx, &account, entered.address, digits, entered.address,
		person.language, s->now, err));
	return sign_in_note(
		tx, EVENT_CODE_SENT, &entered, (struct id){{0}}, s->actor->origin, STR_NONE, s->now, err);
}

enum result proof_send_code(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	int64_t now, struct err *err)
{
	struct sending sending = {.flow = flow, .actor = actor, .visitor = visitor, .now = now};

	TRY(db_write(flow_db(flow), send, &sending, err));
	return sending.over ? sign_in_too_often(err) : RESULT_OK;
}

static enum result take_factor(struct tx *tx, struct proof_try *t, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person person;

	TRY(flow_account_load(t->flow, tx, t->actor->account_id, &arena, &account, err));
	TRY(person_find(tx, t->actor->account_id, actor_self(t->actor), &arena, &person, err));
	return factor_try(tx, &account, &person, true, &t->factor, err);
}

static enum result note(struct tx *tx, const struct proof_try *t, int64_t proof, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct person person = {.id = actor_self(t->actor), .account_id = t->actor->account_id};

	return sign_in_note(tx, EVENT_PROVED, &person, (struct id){{0}}, t->actor->origin,
		arena_printf(&arena, "%s%s",
			proof & PROOF_CODE	? "code"
			: proof & PROOF_PASSKEY ? "passkey"
						: "password",
			proof & PROOF_FACTOR ? ", second-factor" : ""),
		t->factor.now, err);
}

enum result proof_finish(struct tx *tx, struct proof_try *t, int64_t proof, struct err *err)
{
	bool has_factor = false;

	t->is_done = false;
	t->factor.is_right = t->factor.over = false;
	if (t->need == PROOF_WHOLE && !(proof & PROOF_SECOND))
		TRY(factor_is_set(tx, actor_self(t->actor), &has_factor, err));
	if (has_factor) {
		TRY(take_factor(tx, t, err));
		if (!t->factor.is_right)
			return RESULT_OK;
		proof |= PROOF_FACTOR;
	}
	TRY(session_prove_anew(tx, t->actor->session_hash, proof, t->factor.now, err));
	t->is_done = true;
	return note(tx, t, proof, err);
}

enum result proof_tried(const struct proof_try *t, struct err *err)
{
	return t->is_done ? RESULT_OK : factor_tried(&t->factor, err);
}

struct code_proof {
	struct code_try try;
	struct proof_try proof;
};

static enum result take_code(struct tx *tx, void *context, struct err *err)
{
	struct code_proof *p = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person entered;

	p->proof.is_done = false;
	TRY(find_entered(tx, p->proof.actor, &arena, &entered, err));
	TRY(code_take(tx, &p->try, &arena, err));
	if (p->try.outcome != RESULT_OK)
		return RESULT_OK;
	/* Asked for by typing another address in this browser. */
	if (!id_equal(p->try.person.id, entered.id)) {
		p->try.outcome = RESULT_NOT_FOUND;
		return RESULT_OK;
	}
	TRY(proof_finish(tx, &p->proof, PROOF_CODE, err));
	return p->proof.is_done ? code_use_up(tx, &p->try, &arena, err) : RESULT_OK;
}

enum result proof_by_code(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct proof_given *given, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct code_proof proof = {.try = {.visitor = visitor,
					   .digits = code_digits(given->code, &arena),
					   .waits = true,
					   .now = now},
		.proof = {.flow = flow,
			.actor = actor,
			.need = given->need,
			.factor = {.code = given->factor, .visitor = visitor, .now = now}}};

	TRY(db_write(flow_db(flow), take_code, &proof, err));
	TRY(code_tried(&proof.try, err));
	return proof_tried(&proof.proof, err);
}
