#include "flow/sign_in.h"

#include "base/limits.h"
#include "flow/changed.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "seal/password.h"
#include "seal/random.h"
#include "store/event_write.h"
#include "store/person_write.h"
#include "store/session_write.h"
#include "text/format.h"

/* Use is written down once a minute at most, so that reading pages does not keep the database busy. */
#define USE_GRAIN_MS MS_MINUTE

struct session_query {
	struct flow *flow;
	struct bytes token;
	int64_t now;
	struct arena *arena;
	struct session_facts *facts;
};

static struct bytes hash_of_token(struct bytes token, struct arena *arena)
{
	uint8_t *hash = arena_alloc(arena, HASH_BYTES);

	hash_bytes(token, hash);
	return (struct bytes){hash, HASH_BYTES};
}

/* The session and when it ends, whether it has or not. */
static enum result read_session(
	struct tx *tx, const struct session_query *q, struct session_facts *ret, struct err *err)
{
	enum result found = session_find(tx, hash_of_token(q->token, q->arena), q->arena, &ret->session, err);

	if (found == RESULT_NOT_FOUND)
		return err_code(err, RESULT_DENIED, "session-ended", "nobody is signed in");
	TRY(found);
	TRY(settings_load(tx, ret->session.account_id, q->arena, &ret->settings, err));
	int64_t idle_ends = ret->session.used_at + ret->settings.session_idle_minutes * MS_MINUTE;
	ret->ends_at = idle_ends < ret->session.ends_at ? idle_ends : ret->session.ends_at;
	return RESULT_OK;
}

static enum result find_session(struct tx *tx, void *context, struct err *err)
{
	struct session_query *q = context;
	struct session_facts facts;

	TRY(read_session(tx, q, &facts, err));
	if (facts.session.stage == SESSION_SELF_DUE && q->now < facts.session.ends_at)
		return err_code(err, RESULT_DENIED, "self-due", "the address is shared: who is it?");
	if (facts.session.stage != SESSION_OPEN && q->now < facts.session.ends_at)
		return err_code(err, RESULT_DENIED, "second-factor", "the second factor was not shown yet");
	if (q->now >= facts.ends_at)
		return err_code(err, RESULT_DENIED, "session-ended", "the session has ended");
	TRY(person_find(
		tx, facts.session.account_id, session_self(&facts.session), q->arena, &facts.person, err));
	*q->facts = facts;
	return RESULT_OK;
}

enum result session_open(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct session_facts *ret, struct err *err)
{
	struct session_query query = {flow, token, now, arena, ret};

	return db_read(flow_db(flow), find_session, &query, err);
}

static enum result find_late(struct tx *tx, void *context, struct err *err)
{
	struct session_query *q = context;

	TRY(read_session(tx, q, q->facts, err));
	const struct session_facts *facts = q->facts;
	bool is_late = facts->session.stage == SESSION_OPEN && q->now >= facts->ends_at &&
		       q->now < facts->ends_at + LIMIT_LATE_FORM_MS;
	return is_late ? RESULT_OK : err_set(err, RESULT_DENIED, "this session keeps nothing");
}

enum result session_late(
	struct flow *flow, struct bytes token, int64_t now, struct actor *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct session_facts facts = {0};
	struct session_query query = {flow, token, now, &arena, &facts};

	TRY(db_read(flow_db(flow), find_late, &query, err));
	ret->account_id = facts.session.account_id;
	ret->person_id = facts.session.person_id;
	ret->self_id = facts.session.self_id;
	return RESULT_OK;
}

struct session_change {
	struct flow *flow;
	const struct actor *actor;
	struct bytes token_hash;
	int64_t now;
	struct str value;
	const struct person_choices *choices;
};

static enum result use_session(struct tx *tx, void *context, struct err *err)
{
	const struct session_change *c = context;

	return session_set_used(tx, c->token_hash, c->now, err);
}

enum result session_use(struct flow *flow, const struct session_facts *facts, int64_t now, struct err *err)
{
	struct session_change change = {.token_hash = facts->session.token_hash, .now = now};

	if (now - facts->session.used_at < USE_GRAIN_MS)
		return RESULT_OK;
	return db_write(flow_db(flow), use_session, &change, err);
}

static enum result note(struct tx *tx, const struct session_change *c, const char *kind, struct err *err)
{
	struct event event = {.account_id = c->actor->account_id,
		.at = c->now,
		.kind = str_of(kind),
		.actor_id = actor_self(c->actor),
		.person_id = actor_self(c->actor),
		.origin = c->actor->origin};

	return event_record(tx, &event, err);
}

static enum result end_session(struct tx *tx, void *context, struct err *err)
{
	const struct session_change *c = context;

	TRY(session_remove(tx, c->token_hash, err));
	return note(tx, c, EVENT_SIGNED_OUT, err);
}

enum result sign_out(
	struct flow *flow, const struct actor *actor, struct bytes token, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct session_change change = {
		.actor = actor, .token_hash = hash_of_token(token, &arena), .now = now};

	return db_write(flow_db(flow), end_session, &change, err);
}

static enum result set_password(struct tx *tx, void *context, struct err *err)
{
	const struct session_change *c = context;

	TRY(proof_check(tx, c->actor, PROOF_WHOLE, c->now, err));
	TRY(person_set_password(tx, actor_self(c->actor), c->value, c->now, err));
	TRY(session_remove_others(tx, actor_self(c->actor), c->token_hash, err));
	struct sign_in_part part = {.flow = c->flow, .actor = c->actor, .now = c->now};
	return changed_note(tx, &part, EVENT_PASSWORD_SET, STR_NONE, err);
}

enum result password_set(struct flow *flow, const struct actor *actor, struct bytes token, struct str address,
	struct str password, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct session_change change = {
		.flow = flow, .actor = actor, .token_hash = hash_of_token(token, &arena), .now = now};

	TRY(people_check_password(flow, actor->account_id, address, password, err));
	TRY(password_hash(password, &arena, &change.value, err));
	return db_write(flow_db(flow), set_password, &change, err);
}

static enum result set_choices(struct tx *tx, void *context, struct err *err)
{
	const struct session_change *c = context;

	return person_set_choices(tx, actor_self(c->actor), c->choices, err);
}

enum result choices_set(struct flow *flow, const struct actor *actor, const struct person_choices *choices,
	int64_t now, struct err *err)
{
	struct session_change change = {.actor = actor, .now = now, .choices = choices};

	if (choices->dates.order < 0 || choices->dates.order >= DATES_COUNT)
		return err_set(err, RESULT_INVALID, "there is no such order of dates");
	return db_write(flow_db(flow), set_choices, &change, err);
}
