#include "flow/presence.h"

#include "seal/random.h"
#include "store/event_write.h"
#include "store/factor_write.h"
#include "store/session_write.h"

struct presence_query {
	const struct actor *actor;
	int64_t now;
	struct arena *arena;
	struct presence *presence;
};

static enum result read_presence(struct tx *tx, void *context, struct err *err)
{
	const struct presence_query *q = context;
	struct presence *p = q->presence;
	struct id person_id = actor_self(q->actor);
	struct account_settings settings;

	TRY(settings_load(tx, q->actor->account_id, q->arena, &settings, err));
	TRY(session_list(tx, person_id, q->now, q->now - settings.session_idle_minutes * MS_MINUTE, q->arena,
		&p->sessions, &p->session_count, err));
	TRY(remembered_list(tx, person_id, q->now, q->arena, &p->browsers, &p->browser_count, err));
	return event_list_of_person(
		tx, person_id, PRESENCE_HISTORY, q->arena, &p->history, &p->history_count, err);
}

enum result presence_read(struct flow *flow, const struct actor *actor, int64_t now, struct arena *arena,
	struct presence *ret, struct err *err)
{
	struct presence presence = {0};
	struct presence_query query = {actor, now, arena, &presence};

	TRY(db_read(flow_db(flow), read_presence, &query, err));
	*ret = presence;
	return RESULT_OK;
}

struct ending {
	const struct actor *actor;
	struct bytes hash;
	struct id id;
	int64_t now;
};

static enum result note(
	struct tx *tx, const struct ending *ending, const char *kind, struct str detail, struct err *err)
{
	struct event event = {.account_id = ending->actor->account_id,
		.at = ending->now,
		.kind = str_of(kind),
		.actor_id = actor_self(ending->actor),
		.person_id = actor_self(ending->actor),
		.origin = ending->actor->origin,
		.detail = detail};

	return event_record(tx, &event, err);
}

static enum result end_one(struct tx *tx, void *context, struct err *err)
{
	const struct ending *ending = context;

	TRY(session_remove_of(tx, actor_self(ending->actor), ending->hash, err));
	return note(tx, ending, EVENT_SIGNED_OUT, STR("from another session"), err);
}

enum result presence_end(
	struct flow *flow, const struct actor *actor, struct bytes token_hash, int64_t now, struct err *err)
{
	struct ending ending = {.actor = actor, .hash = token_hash, .now = now};

	return db_write(flow_db(flow), end_one, &ending, err);
}

static enum result end_others(struct tx *tx, void *context, struct err *err)
{
	const struct ending *ending = context;

	TRY(session_remove_others(tx, actor_self(ending->actor), ending->hash, err));
	return note(tx, ending, EVENT_SIGNED_OUT, STR("all other sessions"), err);
}

enum result presence_end_others(
	struct flow *flow, const struct actor *actor, struct bytes token, int64_t now, struct err *err)
{
	uint8_t hash[HASH_BYTES];
	struct ending ending = {.actor = actor, .hash = {hash, sizeof(hash)}, .now = now};

	hash_bytes(token, hash);
	return db_write(flow_db(flow), end_others, &ending, err);
}

static enum result forget(struct tx *tx, void *context, struct err *err)
{
	const struct ending *ending = context;

	TRY(remembered_remove(tx, actor_self(ending->actor), ending->id, err));
	return note(tx, ending, EVENT_BROWSER_FORGOTTEN, STR_NONE, err);
}

enum result presence_forget(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct ending ending = {.actor = actor, .id = id, .now = now};

	return db_write(flow_db(flow), forget, &ending, err);
}
