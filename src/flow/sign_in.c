#include "flow/sign_in.h"

#include "base/limits.h"
#include "flow/mail_out.h"
#include "flow/people.h"
#include "seal/box.h"
#include "seal/password.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/code_write.h"
#include "store/copy.h"
#include "store/event_write.h"
#include "store/person_write.h"
#include "store/session_write.h"

#include <string.h>

/* How often, within an hour, codes are sent to one address and asked for from one network, and passwords are
 * tried for one address and network together. A stranger's tries count for the stranger's network, so nobody
 * is locked out by others; the limit of an address over all networks only keeps its mailbox from being
 * flooded, and whoever has a notification's link is counted apart from it. */
#define CODES_PER_LINK_HOLDER 6
#define CODES_PER_PAIR 6
#define CODES_PER_ADDRESS 20
#define CODES_PER_NETWORK 30
#define PASSWORD_TRIES_PER_PAIR 10
#define PASSWORD_TRIES_PER_NETWORK 100
#define CODE_TRIES_PER_NETWORK 60
#define WINDOW_MS MS_HOUR

static enum result note(struct tx *tx, const char *kind, struct id account_id, struct id person_id,
	struct id message_id, struct str origin, struct str detail, int64_t now, struct err *err)
{
	struct event event = {.account_id = account_id,
		.at = now,
		.kind = str_of(kind),
		.actor_id = person_id,
		.person_id = person_id,
		.message_id = message_id,
		.origin = origin,
		.detail = detail};

	return event_record(tx, &event, err);
}

/* Counts an attempt of this purpose by whom; *ret_over tells whether it is one too many. */
static enum result count(struct tx *tx, const char *purpose, struct str whom, int64_t limit, int64_t now,
	bool *ret_over, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct hash hash;
	int64_t number;

	hash_init(&hash);
	hash_add(&hash, (struct str){purpose, strlen(purpose) + 1});
	hash_add(&hash, whom);
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, now, WINDOW_MS, &number, err));
	*ret_over = *ret_over || number > limit;
	return RESULT_OK;
}

/* The network an origin belongs to, as bytes to count under. */
static struct str network_key(struct str origin, struct arena *arena)
{
	struct network network;

	if (!network_of_peer(origin, &network))
		return origin;
	return bytes_str(arena_bytes(arena, (struct bytes){network.address, sizeof(network.address)}));
}

/* An address and a network together: the one has no line ends, the other may have any bytes. */
static struct str pair_key(struct str address, struct str network, struct arena *arena)
{
	char *key = arena_alloc(arena, address.len + 1 + network.len);

	if (address.len)
		memcpy(key, address.ptr, address.len);
	key[address.len] = '\n';
	memcpy(key + address.len + 1, network.ptr, network.len);
	return (struct str){key, address.len + 1 + network.len};
}

static enum result too_often(struct err *err)
{
	return err_code(err, RESULT_BUSY, "too-often", "too many tries; try again in an hour");
}

struct link_query {
	struct flow *flow;
	struct id copy_id;
	struct arena *arena;
	struct link_facts *facts;
};

static enum result find_link(struct tx *tx, void *context, struct err *err)
{
	struct link_query *q = context;
	struct copy copy;
	struct person person;
	struct flow_account account;

	TRY(copy_find_any(tx, q->copy_id, &copy, err));
	if (copy.is_owner)
		return err_set(err, RESULT_NOT_FOUND, "there is no such link");
	TRY(person_find(tx, copy.account_id, copy.person_id, q->arena, &person, err));
	TRY(flow_account_load(q->flow, tx, copy.account_id, q->arena, &account, err));
	*q->facts = (struct link_facts){.account_id = copy.account_id,
		.account_name = account.settings.display_name,
		.address = person.address,
		.has_password = person.password_hash.len > 0,
		.settings = account.settings};
	return RESULT_OK;
}

enum result sign_in_link(
	struct flow *flow, struct id copy_id, struct arena *arena, struct link_facts *ret, struct err *err)
{
	struct link_query query = {flow, copy_id, arena, ret};

	return db_read(flow_db(flow), find_link, &query, err);
}

struct only_query {
	struct arena *arena;
	struct account_settings settings;
};

static enum result find_only_account(struct tx *tx, void *context, struct err *err)
{
	struct only_query *q = context;
	struct account *accounts;
	size_t count;

	TRY(account_list(tx, q->arena, &accounts, &count, err));
	if (count != 1)
		return err_set(err, RESULT_NOT_FOUND, "there is not just one account");
	return settings_load(tx, accounts[0].id, q->arena, &q->settings, err);
}

enum result sign_in_only_account(
	struct flow *flow, struct arena *arena, struct account_settings *ret, struct err *err)
{
	struct only_query query = {.arena = arena};

	TRY(db_read(flow_db(flow), find_only_account, &query, err));
	*ret = query.settings;
	return RESULT_OK;
}

/* A code in the making. The digits are hashed with the code's identifier, so that equal codes differ at rest.
 */
static void code_hash(struct id id, struct str digits, uint8_t ret[static HASH_BYTES])
{
	struct hash hash;

	hash_init(&hash);
	hash_add(&hash, (struct str){(const char *)id.b, ID_BYTES});
	hash_add(&hash, digits);
	hash_final(&hash, ret);
}

static struct str new_digits(struct arena *arena)
{
	char *digits = arena_alloc(arena, LIMIT_CODE_DIGITS + 1);

	for (int i = 0; i < LIMIT_CODE_DIGITS; i++)
		digits[i] = (char)('0' + random_below(10));
	return (struct str){digits, LIMIT_CODE_DIGITS};
}

struct code_request {
	struct flow *flow;
	struct id copy_id;  /* of the link, or none and … */
	struct str address; /* … the address typed in */
	struct bytes browser;
	struct str origin;
	int64_t now;
	bool over;
};

/* Makes the code and queues its mail in one transaction. With nobody's address there is a code too, which is
 * never right, so that entering it tells nothing. */
static enum result send_code_to(struct tx *tx, struct code_request *r, const struct person *person,
	struct id message_id, struct arena *arena, struct err *err)
{
	uint8_t browser_hash[HASH_BYTES], hash[HASH_BYTES];
	struct flow_account account;
	struct code code = {.id = id_new(r->now),
		.account_id = person ? person->account_id : (struct id){{0}},
		.person_id = person ? person->id : (struct id){{0}},
		.browser_hash = {browser_hash, sizeof(browser_hash)},
		.code_hash = {hash, sizeof(hash)},
		.copy_id = r->copy_id,
		.expires_at = r->now + LIMIT_CODE_MS,
		.tries_left = LIMIT_CODE_TRIES};

	struct str digits = new_digits(arena);
	hash_bytes(r->browser, browser_hash);
	code_hash(code.id, digits, hash);
	TRY(code_add(tx, &code, err));
	if (person == NULL)
		return RESULT_OK;
	TRY(flow_account_load(r->flow, tx, person->account_id, arena, &account, err));
	TRY(mail_out_code(r->flow, tx, &account, person, digits, r->now, err));
	return note(tx, EVENT_CODE_SENT, person->account_id, person->id, message_id, r->origin, STR_NONE,
		r->now, err);
}

static enum result send_code_of_link(struct tx *tx, void *context, struct err *err)
{
	struct code_request *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct copy copy;
	struct person person;

	r->over = false;
	TRY(copy_find_any(tx, r->copy_id, &copy, err));
	TRY(person_find(tx, copy.account_id, copy.person_id, &arena, &person, err));
	TRY(count(tx, "code-link", person.address_key, CODES_PER_LINK_HOLDER, r->now, &r->over, err));
	TRY(count(tx, "code-network", network_key(r->origin, &arena), CODES_PER_NETWORK, r->now, &r->over,
		err));
	return r->over ? RESULT_OK : send_code_to(tx, r, &person, copy.message_id, &arena, err);
}

/* Counts before anybody is looked up: being turned away takes the same time for every address. */
static enum result send_code(struct tx *tx, void *context, struct err *err)
{
	struct code_request *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct str address = arena_lower(&arena, r->address), network = network_key(r->origin, &arena);
	struct str pair = pair_key(address, network, &arena);
	struct person *people;
	size_t people_count;

	r->over = false;
	TRY(count(tx, "code-network", network, CODES_PER_NETWORK, r->now, &r->over, err));
	if (!r->over)
		TRY(count(tx, "code-pair", pair, CODES_PER_PAIR, r->now, &r->over, err));
	/* What was turned away before costs the address nothing. */
	if (!r->over)
		TRY(count(tx, "code-address", address, CODES_PER_ADDRESS, r->now, &r->over, err));
	if (r->over)
		return RESULT_OK;
	TRY(person_list_by_address(tx, r->address, &arena, &people, &people_count, err));
	/* An address may have a mailbox in several accounts; the newest is the one just written to. */
	return send_code_to(
		tx, r, people_count ? &people[people_count - 1] : NULL, (struct id){0}, &arena, err);
}

static enum result request_code(struct code_request *request, struct err *err)
{
	db_work work = id_is_none(request->copy_id) ? send_code : send_code_of_link;

	TRY(db_write(flow_db(request->flow), work, request, err));
	return request->over ? too_often(err) : RESULT_OK;
}

enum result sign_in_send_code(struct flow *flow, struct id copy_id, struct bytes browser, struct str origin,
	int64_t now, struct err *err)
{
	struct code_request request = {
		.flow = flow, .copy_id = copy_id, .browser = browser, .origin = origin, .now = now};

	return request_code(&request, err);
}

enum result sign_in_send_code_to(struct flow *flow, struct str address, struct bytes browser,
	struct str origin, int64_t now, struct err *err)
{
	struct code_request request = {
		.flow = flow, .address = address, .browser = browser, .origin = origin, .now = now};

	if (!is_address(address))
		return err_code(err, RESULT_INVALID, "address", "this is not a mail address");
	return request_code(&request, err);
}

/* Begins a session for the person: the token is random, its hash is kept. */
static enum result begin_session(struct flow *flow, struct tx *tx, const struct person *person, int64_t proof,
	struct str origin, struct id copy_id, int64_t now, struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t token_hash[HASH_BYTES];
	struct flow_account account;

	*ret = (struct sign_in){.account_id = person->account_id,
		.person_id = person->id,
		.copy_id = copy_id,
		.has_password = person->password_hash.len > 0};
	TRY(flow_account_load(flow, tx, person->account_id, &arena, &account, err));
	random_fill(ret->token, sizeof(ret->token));
	hash_bytes((struct bytes){ret->token, sizeof(ret->token)}, token_hash);
	struct session session = {.token_hash = {token_hash, sizeof(token_hash)},
		.account_id = person->account_id,
		.person_id = person->id,
		.created_at = now,
		.used_at = now,
		.ends_at = now + account.settings.session_absolute_hours * MS_HOUR,
		.proof = proof,
		.origin = origin};
	TRY(session_add(tx, &session, err));
	return note(tx, EVENT_SIGNED_IN, person->account_id, person->id, (struct id){0}, origin,
		proof == PROOF_CODE ? STR("code") : STR("password"), now, err);
}

struct code_try {
	struct flow *flow;
	struct bytes browser;
	struct str digits;
	struct str origin;
	int64_t now;
	struct sign_in sign_in;
	enum result outcome; /* the work itself is OK, so that the try taken is kept */
	int64_t tries_left;
};

static enum result try_code(struct tx *tx, void *context, struct err *err)
{
	struct code_try *t = context;
	cleanup(arena_done) struct arena arena = {0};
	uint8_t browser_hash[HASH_BYTES], hash[HASH_BYTES];
	struct code code;
	struct person person;
	bool over = false;

	hash_bytes(t->browser, browser_hash);
	TRY(count(tx, "code-tries", network_key(t->origin, &arena), CODE_TRIES_PER_NETWORK, t->now, &over,
		err));
	t->outcome = over ? RESULT_BUSY
			  : code_by_browser(tx, (struct bytes){browser_hash, sizeof(browser_hash)}, &arena,
				    &code, err);
	if (t->outcome != RESULT_OK)
		return t->outcome == RESULT_NOT_FOUND || t->outcome == RESULT_BUSY ? RESULT_OK : t->outcome;
	t->outcome = code_take_try(tx, code.id, t->now, &t->tries_left, err);
	if (t->outcome != RESULT_OK)
		return t->outcome == RESULT_GONE ? RESULT_OK : t->outcome;
	if (id_is_none(code.person_id)) {
		t->outcome = t->tries_left > 0 ? RESULT_DENIED : RESULT_GONE;
		return RESULT_OK;
	}
	TRY(person_find(tx, code.account_id, code.person_id, &arena, &person, err));
	code_hash(code.id, t->digits, hash);
	if (!secret_equal((struct bytes){hash, sizeof(hash)}, code.code_hash)) {
		t->outcome = t->tries_left > 0 ? RESULT_DENIED : RESULT_GONE;
		return note(tx, EVENT_CODE_REFUSED, person.account_id, person.id, (struct id){0}, t->origin,
			STR_NONE, t->now, err);
	}
	TRY(code_use(tx, code.id, t->now, err));
	TRY(person_set_proved(tx, person.id, t->now, err));
	return begin_session(
		t->flow, tx, &person, PROOF_CODE, t->origin, code.copy_id, t->now, &t->sign_in, err);
}

/* The digits alone: people type or paste blanks and hyphens between them. */
static struct str digits_of(struct str text, struct arena *arena)
{
	char *digits = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			digits[len++] = text.ptr[i];
	return (struct str){digits, len};
}

enum result sign_in_by_code(struct flow *flow, struct bytes browser, struct str code, struct str origin,
	int64_t now, struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct code_try attempt = {.flow = flow,
		.browser = browser,
		.digits = digits_of(str_sub(code, 0, 100), &arena),
		.origin = origin,
		.now = now};

	TRY(db_write(flow_db(flow), try_code, &attempt, err));
	switch (attempt.outcome) {
	case RESULT_OK:
		*ret = attempt.sign_in;
		return RESULT_OK;
	case RESULT_DENIED:
		return err_code(err, RESULT_DENIED, "code-wrong", "%lld", (long long)attempt.tries_left);
	case RESULT_NOT_FOUND:
		return err_code(
			err, RESULT_NOT_FOUND, "code-other-browser", "no code was asked for in this browser");
	case RESULT_BUSY:
		return too_often(err);
	default:
		return err_code(err, RESULT_GONE, "code-used-up", "the code does not count any more");
	}
}

struct password_try {
	struct flow *flow;
	struct str address;
	struct str origin;
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
	struct str network = network_key(t->origin, t->arena);
	struct person *people;
	size_t people_count;

	t->over = false;
	t->person = (struct person){0};
	/* Counted before anybody is looked up, as above. */
	struct str pair = pair_key(arena_lower(t->arena, t->address), network, t->arena);
	TRY(count(tx, "password-pair", pair, PASSWORD_TRIES_PER_PAIR, t->now, &t->over, err));
	TRY(count(tx, "password-network", network, PASSWORD_TRIES_PER_NETWORK, t->now, &t->over, err));
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
	return begin_session(
		t->flow, tx, &t->person, PROOF_PASSWORD, t->origin, t->copy_id, t->now, &t->sign_in, err);
}

static enum result refuse_password(struct tx *tx, void *context, struct err *err)
{
	const struct password_try *t = context;

	return note(tx, EVENT_PASSWORD_REFUSED, t->person.account_id, t->person.id, (struct id){0}, t->origin,
		STR_NONE, t->now, err);
}

enum result sign_in_by_password(struct flow *flow, struct str address, struct str password, struct id copy_id,
	struct str origin, int64_t now, struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct password_try attempt = {.flow = flow,
		.address = address,
		.origin = origin,
		.now = now,
		.arena = &arena,
		.copy_id = copy_id};

	if (address.len > LIMIT_ADDRESS_BYTES || password.len > LIMIT_PASSWORD_BYTES_MAX)
		return err_code(err, RESULT_DENIED, "password-wrong", "address or password is not right");
	TRY(db_write(flow_db(flow), prepare_password, &attempt, err));
	if (attempt.over)
		return too_often(err);
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
