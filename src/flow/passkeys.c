#include "flow/passkeys.h"

#include "base/limits.h"
#include "base/network.h"
#include "flow/changed.h"
#include "flow/proof_private.h"
#include "flow/sign_in_private.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/event_write.h"
#include "store/passkey_write.h"

#include <string.h>

/* Within an hour from one network; an office has many people behind it. */
#define ASKED_PER_NETWORK 300
#define NAME_FIELD "passkey-name"

struct str passkeys_rp_id(const struct flow *flow)
{
	struct str host = str_from(flow_names(flow)->portal_url, strlen("https://"));
	struct network network;

	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] == ':' || host.ptr[i] == '/')
			host.len = i;
	return host.len == 0 || host.ptr[0] == '[' || network_parse(host, &network) ? STR_NONE : host;
}

static struct passkey_place place_of(const struct flow *flow, const uint8_t *challenge)
{
	return (struct passkey_place){flow_names(flow)->portal_url, passkeys_rp_id(flow), challenge};
}

struct asking {
	const struct visitor *visitor;
	struct challenge challenge;
	uint8_t hash[HASH_BYTES], browser_hash[HASH_BYTES];
	int64_t now;
	bool over;
};

/* The row of a challenge: asked for or answered by this browser, and by this person where one is signed in.
 */
static void fill(struct asking *a, const uint8_t *challenge, const struct actor *actor)
{
	hash_bytes((struct bytes){challenge, PASSKEY_CHALLENGE_BYTES}, a->hash);
	hash_bytes(a->visitor->browser, a->browser_hash);
	a->challenge = (struct challenge){.hash = {a->hash, HASH_BYTES},
		.use = actor ? PASSKEY_CREATE : PASSKEY_GET,
		.browser_hash = {a->browser_hash, HASH_BYTES},
		.person_id = actor ? actor_self(actor) : (struct id){{0}},
		.expires_at = a->now + LIMIT_PASSKEY_CHALLENGE_MS};
}

static enum result add_challenge(struct tx *tx, void *context, struct err *err)
{
	struct asking *a = context;
	cleanup(arena_done) struct arena arena = {0};

	a->over = false;
	TRY(sign_in_count(tx, "passkey", network_key(a->visitor->origin, &arena), ASKED_PER_NETWORK, a->now,
		&a->over, err));
	return a->over ? RESULT_OK : challenge_add(tx, &a->challenge, err);
}

enum result passkeys_ask(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	int64_t now, uint8_t ret[static PASSKEY_CHALLENGE_BYTES], struct err *err)
{
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	struct asking asking = {.visitor = visitor, .now = now};

	random_fill(challenge, sizeof(challenge));
	fill(&asking, challenge, actor);
	TRY(db_write(flow_db(flow), add_challenge, &asking, err));
	if (asking.over)
		return sign_in_too_often(err);
	memcpy(ret, challenge, sizeof(challenge));
	return RESULT_OK;
}

static enum result spend(struct tx *tx, void *context, struct err *err)
{
	const struct asking *a = context;

	return challenge_spend(tx, &a->challenge, a->now, err);
}

/* Spends the challenge that the client data answer, before they are believed. */
static enum result spend_challenge(struct flow *flow, const struct actor *actor,
	const struct visitor *visitor, struct str client_data, int64_t now,
	uint8_t ret[static PASSKEY_CHALLENGE_BYTES], struct err *err)
{
	struct asking asking = {.visitor = visitor, .now = now};

	enum result result = passkey_challenge(client_data, ret, err);
	if (result == RESULT_OK) {
		fill(&asking, ret, actor);
		result = db_write(flow_db(flow), spend, &asking, err);
	}
	if (result == RESULT_INVALID || result == RESULT_NOT_FOUND)
		return err_code(err, RESULT_DENIED, "passkey-wrong", "no such challenge was given");
	return result;
}

static enum result note(
	struct tx *tx, const struct actor *actor, const char *kind, int64_t now, struct err *err)
{
	struct event event = {.account_id = actor->account_id,
		.at = now,
		.kind = str_of(kind),
		.actor_id = actor_self(actor),
		.person_id = actor_self(actor),
		.origin = actor->origin};

	return event_record(tx, &event, err);
}

struct adding {
	struct flow *flow;
	const struct actor *actor;
	struct passkey passkey;
	struct str name;
	int64_t now;
};

static enum result add_passkey(struct tx *tx, void *context, struct err *err)
{
	const struct adding *a = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct passkey_row *others;
	size_t count;

	TRY(proof_check(tx, a->actor, PROOF_WHOLE, a->now, err));
	TRY(flow_account_load(a->flow, tx, a->actor->account_id, &arena, &account, err));
	TRY(passkey_list(tx, actor_self(a->actor), &arena, &others, &count, err));
	if (count >= PASSKEYS_PER_PERSON)
		return err_set(err, RESULT_CONFLICT, "there are %d passkeys already", PASSKEYS_PER_PERSON);
	struct passkey_row row = {.id = id_new(a->now),
		.account_id = a->actor->account_id,
		.person_id = actor_self(a->actor),
		.passkey = a->passkey,
		.created_at = a->now};
	row.name_box = box_seal_account(account.key, (struct box_context){NAME_FIELD, row.id},
		str_bytes(str_sub(a->name, 0, LIMIT_DISPLAY_NAME_BYTES)), &arena);
	TRY(passkey_add(tx, &row, err));
	struct sign_in_part part = {a->flow, a->actor, row.id, a->now};
	return changed_note(tx, &part, EVENT_PASSKEY_ADDED, STR_NONE, err);
}

enum result passkeys_add(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str client_data, struct bytes attestation, struct str name, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	struct adding adding = {.flow = flow, .actor = actor, .name = name, .now = now};

	TRY(spend_challenge(flow, actor, visitor, client_data, now, challenge, err));
	struct passkey_place place = place_of(flow, challenge);
	TRY(passkey_made(&place, client_data, attestation, &arena, &adding.passkey, err));
	return db_write(flow_db(flow), add_passkey, &adding, err);
}

struct entering {
	struct flow *flow;
	const struct visitor *visitor;
	const struct passkey_answer *answer;
	struct id copy_id;
	int64_t now;
	struct arena *arena;
	struct passkey_row row;
	bool is_known;
	int64_t counter;
	struct sign_in sign_in;
	struct proof_try proof; /* where somebody is signed in already */
};

static enum result find_passkey(struct tx *tx, void *context, struct err *err)
{
	struct entering *e = context;

	enum result found = passkey_find(tx, e->answer->credential_id, e->arena, &e->row, err);
	e->is_known = found == RESULT_OK;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

/* The link's message, when it is this person's. */
static enum result own_copy(
	struct tx *tx, const struct entering *e, struct id person_id, struct id *ret, struct err *err)
{
	struct copy copy;

	*ret = (struct id){{0}};
	if (id_is_none(e->copy_id))
		return RESULT_OK;
	enum result found = copy_find(tx, person_id, e->copy_id, &copy, err);
	if (found == RESULT_OK)
		*ret = copy.id;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result enter(struct tx *tx, void *context, struct err *err)
{
	struct entering *e = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(passkey_use(tx, e->row.id, e->counter, e->now, err));
	TRY(person_find(tx, e->row.account_id, e->row.person_id, &arena, &person, err));
	TRY(sign_in_begin(e->flow, tx, &person, PROOF_PASSKEY,
		&(struct shared_wish){.visitor = e->visitor, .copy_id = e->copy_id}, e->now, &e->sign_in,
		err));
	return own_copy(tx, e, e->sign_in.person_id, &e->sign_in.copy_id, err);
}

static enum result refuse(struct tx *tx, void *context, struct err *err)
{
	const struct entering *e = context;
	struct actor actor = {
		.account_id = e->row.account_id, .person_id = e->row.person_id, .origin = e->visitor->origin};

	return note(tx, &actor, EVENT_PASSKEY_REFUSED, e->now, err);
}

/* The answer is verified; `work` is what it leads to. */
static enum result take_answer(struct entering *e, db_work work, struct err *err)
{
	const struct passkey_answer *answer = e->answer;
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];

	TRY(spend_challenge(e->flow, NULL, e->visitor, answer->client_data, e->now, challenge, err));
	TRY(db_read(flow_db(e->flow), find_passkey, e, err));
	if (!e->is_known)
		return err_code(err, RESULT_DENIED, "passkey-wrong", "there is no such passkey");
	struct passkey_place place = place_of(e->flow, challenge);
	enum result result = passkey_signed(&place, &e->row.passkey, answer->client_data,
		answer->authenticator_data, answer->signature, &e->counter, err);
	if (result == RESULT_OK)
		result = db_write(flow_db(e->flow), work, e, err);
	if (result == RESULT_DENIED || result == RESULT_CONFLICT) {
		TRY(db_write(flow_db(e->flow), refuse, e, err));
		return err_code(err, RESULT_DENIED, "passkey-wrong", "this passkey does not count");
	}
	return result;
}

enum result sign_in_by_passkey(struct flow *flow, const struct visitor *visitor,
	const struct passkey_answer *answer, struct id copy_id, int64_t now, struct sign_in *ret,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct entering entering = {.flow = flow,
		.visitor = visitor,
		.answer = answer,
		.copy_id = copy_id,
		.now = now,
		.arena = &arena};

	TRY(take_answer(&entering, enter, err));
	*ret = entering.sign_in;
	return RESULT_OK;
}

static enum result prove(struct tx *tx, void *context, struct err *err)
{
	struct entering *e = context;

	if (!id_equal(e->row.person_id, actor_self(e->proof.actor)))
		return err_set(err, RESULT_DENIED, "somebody else's passkey");
	TRY(passkey_use(tx, e->row.id, e->counter, e->now, err));
	return proof_finish(tx, &e->proof, PROOF_PASSKEY, err);
}

enum result proof_by_passkey(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	const struct passkey_answer *answer, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct entering entering = {.flow = flow,
		.visitor = visitor,
		.answer = answer,
		.now = now,
		.arena = &arena,
		.proof = {.flow = flow, .actor = actor, .factor = {.visitor = visitor, .now = now}}};

	return take_answer(&entering, prove, err);
}

struct listing {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct passkey_facts *facts;
	size_t count;
};

static enum result read_list(struct tx *tx, void *context, struct err *err)
{
	struct listing *l = context;
	struct flow_account account;
	struct passkey_row *rows;

	TRY(flow_account_load(l->flow, tx, l->actor->account_id, l->arena, &account, err));
	TRY(passkey_list(tx, actor_self(l->actor), l->arena, &rows, &l->count, err));
	l->facts = arena_array(l->arena, struct passkey_facts, l->count);
	for (size_t i = 0; i < l->count; i++) {
		struct bytes name = {0};
		if (box_open_account(account.key, (struct box_context){NAME_FIELD, rows[i].id},
			    rows[i].name_box, l->arena, &name, NULL) != RESULT_OK)
			name = (struct bytes){0};
		l->facts[i] = (struct passkey_facts){
			rows[i].id, bytes_str(name), rows[i].created_at, rows[i].used_at};
	}
	return RESULT_OK;
}

enum result passkeys_of(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct passkey_facts **ret, size_t *ret_count, struct err *err)
{
	struct listing listing = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_list, &listing, err));
	*ret = listing.facts;
	*ret_count = listing.count;
	return RESULT_OK;
}

static enum result remove_passkey(struct tx *tx, void *context, struct err *err)
{
	const struct sign_in_part *part = context;

	TRY(proof_check(tx, part->actor, PROOF_WHOLE, part->now, err));
	TRY(passkey_remove(tx, actor_self(part->actor), part->id, err));
	return changed_note(tx, part, EVENT_PASSKEY_REMOVED, STR_NONE, err);
}

enum result passkeys_remove(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct sign_in_part part = {flow, actor, id, now};

	return db_write(flow_db(flow), remove_passkey, &part, err);
}
