#include "flow/access_code.h"

#include "base/limits.h"
#include "flow/open_private.h"
#include "flow/owned.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/code_entry_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/wrap.h"

#define FIELD "access-code"

struct str access_code_new(struct arena *arena)
{
	uint32_t first = random_below(10000), second = random_below(10000);

	return arena_printf(arena, "%04u %04u", first, second);
}

void access_code_set(struct message *message, const struct message_key *key, struct str code, int64_t now,
	struct arena *arena)
{
	message->code_box = box_seal(key, (struct box_context){FIELD, message->id}, str_bytes(code), arena);
	/* Another one set within the same millisecond is another one. */
	message->code_set_at = now > message->code_set_at ? now : message->code_set_at + 1;
}

enum result access_code_open(const struct message *message, const struct message_key *key,
	struct arena *arena, struct str *ret, struct err *err)
{
	struct bytes code = {0};

	if (message->code_set_at)
		TRY(box_open(
			key, (struct box_context){FIELD, message->id}, message->code_box, arena, &code, err));
	*ret = bytes_str(code);
	return RESULT_OK;
}

/* As it is compared: without what people add when they write down what they hear. */
static struct str plain_of(struct str code, struct arena *arena)
{
	struct str lower = arena_lower(arena, code);
	char *plain = arena_alloc(arena, lower.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < lower.len; i++)
		if (lower.ptr[i] != ' ' && lower.ptr[i] != '-')
			plain[len++] = lower.ptr[i];
	return (struct str){plain, len};
}

static bool is_same(struct str code, struct str typed, struct arena *arena)
{
	uint8_t a[HASH_BYTES], b[HASH_BYTES];

	hash_bytes(str_bytes(plain_of(code, arena)), a);
	hash_bytes(str_bytes(plain_of(typed, arena)), b);
	return secret_equal((struct bytes){a, sizeof(a)}, (struct bytes){b, sizeof(b)});
}

struct entering {
	struct flow *flow;
	const struct actor *actor;
	struct id copy_id;
	struct str typed;
	int64_t now;
	enum result outcome; /* a refusal is written down, so the transaction is no failure */
};

static void key_of(const struct entering *e, const char *window, uint8_t ret[static HASH_BYTES])
{
	struct hash hash;

	hash_init(&hash);
	hash_add(&hash, STR("access-code\n"));
	hash_add(&hash, str_of(window));
	hash_add(&hash, (struct str){(const char *)e->copy_id.b, ID_BYTES});
	hash_final(&hash, ret);
}

/* In a short and a long window, so that guessing slows down the longer it goes on. */
static const struct {
	const char *name;
	int64_t ms;
	int64_t tries;
} windows[] = {
	{"short", LIMIT_ACCESS_CODE_WINDOW_MS, LIMIT_ACCESS_CODE_TRIES},
	{"day", MS_DAY, LIMIT_ACCESS_CODE_TRIES_DAY},
};

static enum result count_try(struct tx *tx, const struct entering *e, bool *ret_over, struct err *err)
{
	uint8_t key[HASH_BYTES];

	/* What is refused unlooked at in the short window does not count in the long one. */
	*ret_over = false;
	for (size_t i = 0; i < COUNT_OF(windows) && !*ret_over; i++) {
		int64_t number;
		key_of(e, windows[i].name, key);
		TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, e->now, windows[i].ms, &number, err));
		*ret_over = number > windows[i].tries;
	}
	return RESULT_OK;
}

static enum result forget_tries(struct tx *tx, const struct entering *e, struct err *err)
{
	uint8_t key[HASH_BYTES];

	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		key_of(e, windows[i].name, key);
		TRY(attempt_clear(tx, (struct bytes){key, sizeof(key)}, err));
	}
	return RESULT_OK;
}

static enum result note(
	struct tx *tx, const struct entering *e, const struct copy *copy, const char *kind, struct err *err)
{
	struct event event = {.account_id = copy->account_id,
		.at = e->now,
		.kind = str_of(kind),
		.actor_id = actor_self(e->actor),
		.message_id = copy->message_id,
		.person_id = copy->person_id,
		.origin = e->actor->origin};

	return event_record(tx, &event, err);
}

static enum result find_code(struct tx *tx, const struct entering *e, const struct copy *copy,
	struct arena *arena, struct message *ret, struct str *ret_code, struct err *err)
{
	struct flow_account account;
	struct message_key key;
	struct bytes wrap;

	TRY(flow_account_load(e->flow, tx, copy->account_id, arena, &account, err));
	TRY(message_find(tx, copy->account_id, copy->message_id, arena, ret, err));
	TRY(open_check_not_ended(ret, copy, e->now, err));
	TRY(wrap_find(tx, copy->id, copy->message_id, arena, &wrap, err));
	TRY(message_key_unwrap(account.key, ret->id, copy->id, wrap, &key, err));
	enum result result = access_code_open(ret, &key, arena, ret_code, err);
	key_wipe(&key);
	return result;
}

static enum result enter_in_tx(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct entering *e = context;
	struct message message;
	struct copy copy;
	struct str code;
	bool over;

	TRY(copy_find(tx, e->actor->person_id, e->copy_id, &copy, err));
	TRY(find_code(tx, e, &copy, &arena, &message, &code, err));
	e->outcome = RESULT_OK;
	if (!message.code_set_at || copy.is_owner)
		return RESULT_OK;
	TRY(count_try(tx, e, &over, err));
	if (over) {
		e->outcome = RESULT_BUSY;
		return RESULT_OK;
	}
	if (!is_same(code, e->typed, &arena)) {
		e->outcome = RESULT_DENIED;
		return note(tx, e, &copy, EVENT_ACCESS_CODE_REFUSED, err);
	}
	TRY(forget_tries(tx, e, err));
	TRY(code_entry_put(tx, e->actor->session_hash, copy.id, message.code_set_at, err));
	return note(tx, e, &copy, EVENT_ACCESS_CODE_ENTERED, err);
}

enum result access_code_enter(struct flow *flow, const struct actor *actor, struct id copy_id,
	struct str typed, int64_t now, struct err *err)
{
	struct entering entering = {flow, actor, copy_id, typed, now, RESULT_OK};

	TRY(db_write(flow_db(flow), enter_in_tx, &entering, err));
	if (entering.outcome == RESULT_DENIED)
		return err_code(err, RESULT_DENIED, "code-wrong", "this is not the code");
	if (entering.outcome == RESULT_BUSY)
		return err_code(err, RESULT_BUSY, "too-often", "too many wrong codes; try again later");
	return RESULT_OK;
}

struct changing {
	struct flow *flow;
	const struct actor *actor;
	struct id copy_id, message_id;
	struct str code;
	int64_t now;
};

static enum result check_changeable(const struct message *message, int64_t now, struct err *err)
{
	if (message->recalled_at)
		return err_code(err, RESULT_GONE, "recalled", "it was recalled");
	if (message->expires_at && now >= message->expires_at)
		return err_code(err, RESULT_GONE, "expired", "it has expired");
	if (!message->code_set_at)
		return err_set(err, RESULT_CONFLICT, "this message asks for no access code");
	return RESULT_OK;
}

static enum result change_in_tx(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct changing *c = context;
	struct flow_account account;
	struct message message;
	struct message_state state;
	struct message_key key;
	struct bytes wrap;
	struct id holder;

	TRY(owned_message(c->flow, tx, c->actor, c->copy_id, c->message_id, &arena, &account, &message, err));
	TRY(message_hold(tx, message.id, &state, err));
	TRY(message_find(tx, account.account.id, message.id, &arena, &message, err));
	TRY(check_changeable(&message, c->now, err));
	TRY(wrap_find_any(tx, message.id, &arena, &holder, &wrap, err));
	TRY(message_key_unwrap(account.key, message.id, holder, wrap, &key, err));
	access_code_set(&message, &key, c->code, c->now, &arena);
	key_wipe(&key);
	TRY(message_set_code(tx, &message, err));
	struct event event = {.account_id = account.account.id,
		.at = c->now,
		.kind = STR(EVENT_ACCESS_CODE_CHANGED),
		.actor_id = c->actor->person_id,
		.message_id = message.id,
		.origin = c->actor->origin};
	return event_record(tx, &event, err);
}

enum result access_code_change(struct flow *flow, const struct actor *actor, struct id copy_id,
	struct id message_id, struct str code, int64_t now, struct arena *arena, struct str *ret,
	struct err *err)
{
	struct str wanted = str_trim(code);

	if (wanted.len > LIMIT_ACCESS_CODE_BYTES || !str_is_line(wanted) ||
		(wanted.len && plain_of(wanted, arena).len < LIMIT_ACCESS_CODE_LEAST))
		return err_code(err, RESULT_INVALID, "code-shape", "an access code has %d to %d characters",
			LIMIT_ACCESS_CODE_LEAST, LIMIT_ACCESS_CODE_BYTES);
	*ret = wanted.len ? arena_str(arena, wanted) : access_code_new(arena);
	struct changing changing = {flow, actor, copy_id, message_id, *ret, now};
	return db_write(flow_db(flow), change_in_tx, &changing, err);
}
