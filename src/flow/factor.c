#include "flow/factor_private.h"

#include "base/limits.h"
#include "flow/sign_in_private.h"
#include "seal/box.h"
#include "seal/random.h"
#include "seal/totp.h"
#include "store/event.h"
#include "store/factor_write.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* How often, within an hour, codes are tried for one person: in browsers that the address signed in with
 * before apart from all others, so that somebody with a stolen password does not keep its owner out. Six
 * digits, three of which are right at any moment: one try in 33,000 hits. */
#define FACTOR_TRIES_PER_PERSON 10
#define FACTOR_TRIES_PER_KNOWN_BROWSER 10

#define RECOVERY_BYTES 10 /* 16 digits of base 32: too many to be found from a fast hash */
#define RECOVERY_DIGITS 16

static void recovery_hash(struct id person_id, struct str digits, uint8_t ret[static HASH_BYTES])
{
	struct hash hash;

	hash_init(&hash);
	hash_add(&hash, STR("recovery"));
	hash_add(&hash, (struct str){(const char *)person_id.b, ID_BYTES});
	hash_add(&hash, digits);
	hash_final(&hash, ret);
}

/* "abcdefgh…" in groups of four. */
static void group_digits(const char *digits, char *ret)
{
	for (int i = 0; i < RECOVERY_DIGITS; i++) {
		if (i && i % 4 == 0)
			*ret++ = '-';
		*ret++ = digits[i];
	}
	*ret = '\0';
}

enum result factor_new_codes(struct tx *tx, struct id person_id, struct recovery_codes *ret, struct err *err)
{
	uint8_t hashes[RECOVERY_CODES][HASH_BYTES];
	struct bytes kept[RECOVERY_CODES];
	cleanup(arena_done) struct arena arena = {0};
	struct factor factor;

	static_assert(RECOVERY_DIGITS == RECOVERY_BYTES * 8 / 5, "a recovery code in base 32");
	TRY(factor_find(tx, person_id, &arena, &factor, err));
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		uint8_t random[RECOVERY_BYTES];
		char digits[RECOVERY_DIGITS + 1];
		random_fill(random, sizeof(random));
		base32_encode(random, sizeof(random), digits);
		group_digits(digits, ret->codes[i]);
		recovery_hash(factor.made_for, (struct str){digits, RECOVERY_DIGITS}, hashes[i]);
		kept[i] = (struct bytes){hashes[i], HASH_BYTES};
	}
	return recovery_codes_set(tx, person_id, kept, RECOVERY_CODES, err);
}

/* What was typed without blanks and hyphens, in lower case. */
static struct str plain_code(struct str text, struct arena *arena)
{
	char *plain = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (isalnum((unsigned char)text.ptr[i]))
			plain[len++] = (char)tolower((unsigned char)text.ptr[i]);
	return (struct str){plain, len};
}

enum result factor_secret(const struct flow_account *account, const struct factor *factor,
	struct arena *arena, const uint8_t **ret, struct err *err)
{
	struct bytes secret;

	TRY(box_open_account(account->key, (struct box_context){FACTOR_SECRET_FIELD, factor->made_for},
		factor->secret_box, arena, &secret, err));
	if (secret.len != TOTP_SECRET_BYTES)
		return err_code(err, RESULT_INTERNAL, "sealed-damaged", "a second factor is damaged");
	*ret = secret.ptr;
	return RESULT_OK;
}

/* What may be taken, or was taken before. */
static enum result taken(enum result result, bool *ret)
{
	*ret = result == RESULT_OK;
	return result == RESULT_CONFLICT || result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result check_code(struct tx *tx, const struct flow_account *account, const struct factor *factor,
	struct factor_try *t, struct arena *arena, struct err *err)
{
	struct str code = plain_code(str_sub(t->code, 0, LIMIT_FACTOR_CODE_BYTES), arena);
	uint8_t hash[HASH_BYTES];
	const uint8_t *secret;
	int64_t step;

	if (code.len == RECOVERY_DIGITS && factor->confirmed_at) {
		recovery_hash(factor->made_for, code, hash);
		t->is_recovery = true;
		return taken(
			recovery_code_take(tx, factor->person_id, (struct bytes){hash, sizeof(hash)}, err),
			&t->is_right);
	}
	TRY(factor_secret(account, factor, arena, &secret, err));
	if (!totp_is_right(secret, code, t->now, &step))
		return RESULT_OK;
	return taken(factor_take(tx, factor->person_id, step, err), &t->is_right);
}

/* Under what the try is counted. */
struct counting {
	const char *purpose;
	struct str whom;
	int64_t limit;
};

static enum result counting_of(struct tx *tx, const struct person *person, const struct factor_try *t,
	struct arena *arena, struct counting *ret, struct err *err)
{
	bool is_known;
	struct str known;

	TRY(sign_in_device_is_known(
		tx, t->visitor, person->address_key, t->now, arena, &is_known, &known, err));
	*ret = (struct counting){"factor", {(const char *)person->id.b, ID_BYTES}, FACTOR_TRIES_PER_PERSON};
	if (is_known)
		*ret = (struct counting){"factor-known",
			pair_key((struct str){(const char *)person->id.b, ID_BYTES}, known, arena),
			FACTOR_TRIES_PER_KNOWN_BROWSER};
	return RESULT_OK;
}

enum result factor_try(struct tx *tx, const struct flow_account *account, const struct person *person,
	bool confirmed, struct factor_try *t, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct counting counting;
	struct factor factor;

	t->over = t->is_right = t->is_recovery = false;
	TRY(factor_find(tx, person->id, &arena, &factor, err));
	if ((factor.confirmed_at > 0) != confirmed)
		return err_set(err, RESULT_NOT_FOUND, "there is no second factor");
	TRY(counting_of(tx, person, t, &arena, &counting, err));
	TRY(sign_in_count(tx, counting.purpose, counting.whom, counting.limit, t->now, &t->over, err));
	if (t->over)
		return RESULT_OK;
	TRY(check_code(tx, account, &factor, t, &arena, err));
	if (t->is_right)
		return sign_in_forget_count(tx, counting.purpose, counting.whom, err);
	return sign_in_note(
		tx, EVENT_FACTOR_REFUSED, person, (struct id){0}, t->visitor->origin, STR_NONE, t->now, err);
}

enum result factor_tried(const struct factor_try *t, struct err *err)
{
	if (t->over)
		return sign_in_too_often(err);
	if (!t->is_right)
		return err_code(err, RESULT_DENIED, "factor-wrong", "this code is not right");
	return RESULT_OK;
}

static bool is_required(const struct flow_account *account, const struct person *person)
{
	enum factor_required required = account->settings.second_factor;

	return required == FACTOR_FOR_EVERYBODY || (required == FACTOR_FOR_INTERNAL && person->is_internal);
}

enum result factor_stage(struct tx *tx, const struct flow_account *account, const struct person *person,
	const struct visitor *visitor, int64_t now, int64_t *proof, enum session_stage *ret, struct err *err)
{
	uint8_t hash[HASH_BYTES];
	bool is_set, is_remembered = false;

	*ret = SESSION_OPEN;
	if (*proof & PROOF_SECOND)
		return RESULT_OK;
	TRY(factor_is_set(tx, person->id, &is_set, err));
	if (is_set && visitor->device.len == TOKEN_BYTES) {
		hash_bytes(visitor->device, hash);
		TRY(remembered_use(tx, person->id, (struct bytes){hash, sizeof(hash)}, visitor->origin, now,
			&is_remembered, err));
	}
	if (is_remembered)
		*proof |= PROOF_REMEMBERED;
	*ret = is_remembered		      ? SESSION_OPEN
	       : is_set			      ? SESSION_FACTOR_DUE
	       : is_required(account, person) ? SESSION_SET_UP_DUE
					      : SESSION_OPEN;
	return RESULT_OK;
}

struct facts_query {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct factor_facts facts;
};

static enum result read_facts(struct tx *tx, void *context, struct err *err)
{
	struct facts_query *q = context;
	struct flow_account account;
	struct person person;
	struct factor factor = {0};

	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &account, err));
	TRY(person_find(tx, q->actor->account_id, actor_self(q->actor), q->arena, &person, err));
	enum result found = factor_find(tx, person.id, q->arena, &factor, err);
	if (found != RESULT_NOT_FOUND)
		TRY(found);
	q->facts = (struct factor_facts){.is_set = factor.confirmed_at > 0,
		.since = factor.confirmed_at,
		.is_required = is_required(&account, &person)};
	return recovery_code_count(tx, person.id, &q->facts.codes_left, err);
}

enum result second_factor_facts(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct factor_facts *ret, struct err *err)
{
	struct facts_query query = {flow, actor, arena, {0}};

	TRY(db_read(flow_db(flow), read_facts, &query, err));
	*ret = query.facts;
	return RESULT_OK;
}
