#include "flow/factor_private.h"

#include "base/limits.h"
#include "flow/changed.h"
#include "flow/proof.h"
#include "flow/sign_in_private.h"
#include "seal/box.h"
#include "seal/random.h"
#include "seal/totp.h"
#include "store/event_write.h"
#include "store/factor_write.h"
#include "store/session_write.h"

struct factor_change {
	struct flow *flow;
	const struct actor *actor;
	struct bytes token;
	int64_t now;
	bool remember;
	struct factor_try try;
	struct recovery_codes *codes;
	struct str address; /* whose, when an administrator asks */
	struct bytes secret;
};

struct due_query {
	struct flow *flow;
	struct bytes token;
	int64_t now;
	struct arena *arena;
	struct session_facts *facts;
};

static enum result find_due(struct tx *tx, const struct due_query *q, struct err *err)
{
	uint8_t hash[HASH_BYTES];
	struct session *session = &q->facts->session;

	hash_bytes(q->token, hash);
	enum result found = session_find(tx, (struct bytes){hash, sizeof(hash)}, q->arena, session, err);
	if (found != RESULT_NOT_FOUND)
		TRY(found);
	if (found == RESULT_NOT_FOUND || session->stage == SESSION_OPEN ||
		session->stage == SESSION_SELF_DUE || q->now >= session->ends_at)
		return err_code(err, RESULT_DENIED, "session-ended", "nobody is signing in");
	TRY(settings_load(tx, session->account_id, q->arena, &q->facts->settings, err));
	q->facts->ends_at = session->ends_at;
	return person_find(tx, session->account_id, session_self(session), q->arena, &q->facts->person, err);
}

static enum result read_due(struct tx *tx, void *context, struct err *err)
{
	return find_due(tx, context, err);
}

enum result second_factor_due(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct session_facts *ret, struct err *err)
{
	struct session_facts facts = {0};
	struct due_query query = {flow, token, now, arena, &facts};

	TRY(db_read(flow_db(flow), read_due, &query, err));
	*ret = facts;
	return RESULT_OK;
}

static enum result remember(
	struct tx *tx, const struct factor_change *c, const struct session_facts *facts, struct err *err)
{
	const struct visitor *visitor = c->try.visitor;
	uint8_t hash[HASH_BYTES];

	if (!c->remember || facts->settings.remember_days == 0 || visitor->device.len != TOKEN_BYTES)
		return RESULT_OK;
	hash_bytes(visitor->device, hash);
	struct remembered browser = {.id = id_new(c->now),
		.person_id = facts->person.id,
		.cookie_hash = {hash, sizeof(hash)},
		.agent = visitor->agent,
		.origin = visitor->origin,
		.created_at = c->now,
		.used_at = c->now,
		.ends_at = c->now + facts->settings.remember_days * MS_DAY};
	return remembered_add(tx, &browser, err);
}

static enum result give(struct tx *tx, void *context, struct err *err)
{
	struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct session_facts facts = {0};
	struct due_query query = {c->flow, c->token, c->now, &arena, &facts};
	struct flow_account account;

	TRY(find_due(tx, &query, err));
	if (facts.session.stage != SESSION_FACTOR_DUE)
		return err_code(err, RESULT_DENIED, "session-ended", "nobody is asked for a second factor");
	TRY(flow_account_load(c->flow, tx, facts.session.account_id, &arena, &account, err));
	TRY(factor_try(tx, &account, &facts.person, true, &c->try, err));
	if (!c->try.is_right)
		return RESULT_OK;
	TRY(remember(tx, c, &facts, err));
	return sign_in_complete(tx, &account, &facts.session, PROOF_FACTOR, c->try.visitor,
		c->try.is_recovery ? "recovery-code" : "second-factor", c->now, err);
}

enum result second_factor_give(struct flow *flow, struct bytes token, const struct visitor *visitor,
	struct str code, bool remember_it, int64_t now, struct err *err)
{
	struct factor_change change = {.flow = flow,
		.token = token,
		.now = now,
		.remember = remember_it,
		.try = {.code = code, .visitor = visitor, .now = now}};

	TRY(db_write(flow_db(flow), give, &change, err));
	return factor_tried(&change.try, err);
}

static enum result propose(struct tx *tx, void *context, struct err *err)
{
	struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;

	TRY(proof_check(tx, c->actor, PROOF_WITHOUT_FACTOR, c->now, err));
	TRY(flow_account_load(c->flow, tx, c->actor->account_id, &arena, &account, err));
	struct factor factor = {.person_id = actor_self(c->actor),
		.secret_box = box_seal_account(account.key,
			(struct box_context){FACTOR_SECRET_FIELD, actor_self(c->actor)}, c->secret, &arena),
		.created_at = c->now};
	return factor_propose(tx, &factor, err);
}

enum result second_factor_propose(struct flow *flow, const struct actor *actor, int64_t now, struct err *err)
{
	uint8_t secret[TOTP_SECRET_BYTES];
	struct factor_change change = {
		.flow = flow, .actor = actor, .now = now, .secret = {secret, sizeof(secret)}};

	random_fill(secret, sizeof(secret));
	enum result result = db_write(flow_db(flow), propose, &change, err);
	seal_wipe(secret, sizeof(secret));
	return result;
}

struct proposal_query {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct str secret;
};

static enum result read_proposal(struct tx *tx, void *context, struct err *err)
{
	struct proposal_query *q = context;
	struct flow_account account;
	struct factor factor;
	const uint8_t *secret;

	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &account, err));
	TRY(factor_find(tx, actor_self(q->actor), q->arena, &factor, err));
	if (factor.confirmed_at)
		return err_set(err, RESULT_NOT_FOUND, "nothing waits to be confirmed");
	TRY(factor_secret(&account, &factor, q->arena, &secret, err));
	q->secret = totp_secret_text(secret, q->arena);
	return RESULT_OK;
}

enum result second_factor_proposal(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct str *ret_secret, struct err *err)
{
	struct proposal_query query = {flow, actor, arena, {0}};

	TRY(db_read(flow_db(flow), read_proposal, &query, err));
	*ret_secret = query.secret;
	return RESULT_OK;
}

/* Whose second factor it is, and the account with its key. */
struct holder {
	struct flow_account account;
	struct person person;
};

static enum result find_holder(struct tx *tx, const struct factor_change *c, struct arena *arena,
	struct holder *ret, struct err *err)
{
	TRY(flow_account_load(c->flow, tx, c->actor->account_id, arena, &ret->account, err));
	return person_find(tx, c->actor->account_id, actor_self(c->actor), arena, &ret->person, err);
}

static enum result note(struct tx *tx, const struct factor_change *c, const struct person *person,
	const char *kind, struct err *err)
{
	struct event event = {.account_id = c->actor->account_id,
		.at = c->now,
		.kind = str_of(kind),
		.actor_id = actor_self(c->actor),
		.person_id = person->id,
		.origin = c->actor->origin};

	TRY(event_record(tx, &event, err));
	return changed_tell(c->flow, tx, person->account_id, person->id, kind, STR_NONE, c->now, err);
}

/* This session has shown it now; one that waited for the set-up is open. */
static enum result prove_session(
	struct tx *tx, const struct factor_change *c, const struct holder *holder, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t hash[HASH_BYTES];
	struct session session;

	hash_bytes(c->token, hash);
	TRY(session_find(tx, (struct bytes){hash, sizeof(hash)}, &arena, &session, err));
	TRY(session_remove_others(tx, holder->person.id, session.token_hash, err));
	if (session.stage != SESSION_OPEN)
		return sign_in_complete(tx, &holder->account, &session, PROOF_FACTOR, c->try.visitor,
			"second-factor", c->now, err);
	return session_prove(tx, session.token_hash, PROOF_FACTOR, c->now, session.ends_at, err);
}

static enum result confirm(struct tx *tx, void *context, struct err *err)
{
	struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct holder holder;

	TRY(proof_check(tx, c->actor, PROOF_WITHOUT_FACTOR, c->now, err));
	TRY(find_holder(tx, c, &arena, &holder, err));
	enum result tried = factor_try(tx, &holder.account, &holder.person, false, &c->try, err);
	if (tried == RESULT_NOT_FOUND)
		return err_set(err, RESULT_CONFLICT, "there is nothing to confirm");
	TRY(tried);
	if (!c->try.is_right)
		return RESULT_OK;
	TRY(factor_confirm(tx, holder.person.id, c->now, err));
	TRY(factor_new_codes(tx, holder.person.id, c->codes, err));
	TRY(note(tx, c, &holder.person, EVENT_FACTOR_SET, err));
	return prove_session(tx, c, &holder, err);
}

enum result second_factor_confirm(struct flow *flow, const struct actor *actor, struct bytes token,
	const struct visitor *visitor, struct str code, int64_t now, struct recovery_codes *ret,
	struct err *err)
{
	struct factor_change change = {.flow = flow,
		.actor = actor,
		.token = token,
		.now = now,
		.try = {.code = code, .visitor = visitor, .now = now},
		.codes = ret};

	TRY(db_write(flow_db(flow), confirm, &change, err));
	return factor_tried(&change.try, err);
}

static enum result renew_codes(struct tx *tx, void *context, struct err *err)
{
	struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct holder holder;

	TRY(proof_check(tx, c->actor, PROOF_WITHOUT_FACTOR, c->now, err));
	TRY(find_holder(tx, c, &arena, &holder, err));
	TRY(factor_try(tx, &holder.account, &holder.person, true, &c->try, err));
	if (!c->try.is_right)
		return RESULT_OK;
	TRY(factor_new_codes(tx, holder.person.id, c->codes, err));
	return note(tx, c, &holder.person, EVENT_RECOVERY_CODES_MADE, err);
}

enum result recovery_codes_renew(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str code, int64_t now, struct recovery_codes *ret, struct err *err)
{
	struct factor_change change = {.flow = flow,
		.actor = actor,
		.now = now,
		.try = {.code = code, .visitor = visitor, .now = now},
		.codes = ret};

	TRY(db_write(flow_db(flow), renew_codes, &change, err));
	return factor_tried(&change.try, err);
}

static enum result remove_own(struct tx *tx, void *context, struct err *err)
{
	struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct holder holder;
	uint8_t hash[HASH_BYTES];

	hash_bytes(c->token, hash);
	TRY(proof_check(tx, c->actor, PROOF_WITHOUT_FACTOR, c->now, err));
	TRY(find_holder(tx, c, &arena, &holder, err));
	TRY(factor_try(tx, &holder.account, &holder.person, true, &c->try, err));
	if (!c->try.is_right)
		return RESULT_OK;
	TRY(factor_remove(tx, holder.person.id, err));
	TRY(session_remove_others(tx, holder.person.id, (struct bytes){hash, sizeof(hash)}, err));
	return note(tx, c, &holder.person, EVENT_FACTOR_REMOVED, err);
}

enum result second_factor_remove(struct flow *flow, const struct actor *actor, struct bytes token,
	const struct visitor *visitor, struct str code, int64_t now, struct err *err)
{
	struct factor_change change = {.flow = flow,
		.actor = actor,
		.token = token,
		.now = now,
		.try = {.code = code, .visitor = visitor, .now = now}};

	TRY(db_write(flow_db(flow), remove_own, &change, err));
	return factor_tried(&change.try, err);
}

static enum result remove_from(struct tx *tx, void *context, struct err *err)
{
	const struct factor_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(sign_in_addressed(tx, c->actor->account_id, c->address, &arena, &person, err));
	TRY(factor_remove(tx, person.id, err));
	TRY(session_remove_others(tx, person.id, (struct bytes){0}, err));
	return note(tx, c, &person, EVENT_FACTOR_REMOVED, err);
}

enum result account_remove_second_factor(
	struct flow *flow, const struct actor *actor, struct str address, int64_t now, struct err *err)
{
	struct factor_change change = {.flow = flow, .actor = actor, .now = now, .address = address};

	return db_write(flow_db(flow), remove_from, &change, err);
}
