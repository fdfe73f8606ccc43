/* Signing in by a code that is sent to the address. */
#include "flow/sign_in_private.h"

#include "base/limits.h"
#include "flow/mail_out.h"
#include "flow/people.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/code_write.h"
#include "store/copy.h"
#include "store/event.h"
#include "store/person_write.h"

#include <string.h>

/* How often, within an hour, codes are sent to one address and asked for from one network. A stranger's
 * requests count for the stranger's network, so nobody is locked out by others; the limit of an address over
 * all networks only keeps its mailbox from being flooded. Whoever has a notification's link, and whoever uses
 * a browser that the address signed in with before, is counted apart from all that, also from the network,
 * which a stranger may share; each code has its few tries in any case. */
#define CODES_PER_KNOWN_BROWSER 6
#define CODES_PER_LINK_HOLDER 6
#define CODES_PER_PAIR 6
#define CODES_PER_ADDRESS 20
#define CODES_PER_NETWORK 30
#define CODE_TRIES_PER_NETWORK 60

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

enum result code_begin(struct tx *tx, struct code *code, const struct visitor *visitor, int64_t now,
	struct arena *arena, struct str *ret_digits, struct err *err)
{
	uint8_t browser_hash[HASH_BYTES], hash[HASH_BYTES];

	*ret_digits = new_digits(arena);
	code->id = id_new(now);
	hash_bytes(visitor->browser, browser_hash);
	code_hash(code->id, *ret_digits, hash);
	code->browser_hash = arena_bytes(arena, (struct bytes){browser_hash, sizeof(browser_hash)});
	code->code_hash = arena_bytes(arena, (struct bytes){hash, sizeof(hash)});
	code->expires_at = now + LIMIT_CODE_MS;
	code->tries_left = LIMIT_CODE_TRIES;
	return code_add(tx, code, err);
}

struct code_request {
	struct flow *flow;
	struct id copy_id;  /* of the link, or none and … */
	struct str address; /* … the address typed in */
	const struct visitor *visitor;
	int64_t now;
	bool over;
};

/* Makes the code and queues its mail in one transaction. With nobody's address there is a code too, which is
 * never right, so that entering it tells nothing. */
static enum result send_code_to(struct tx *tx, struct code_request *r, const struct person *person,
	struct id message_id, struct arena *arena, struct err *err)
{
	struct flow_account account;
	struct str digits;
	struct code code = {.account_id = person ? person->account_id : (struct id){{0}},
		.person_id = person ? person->id : (struct id){{0}},
		.copy_id = r->copy_id};

	TRY(code_begin(tx, &code, r->visitor, r->now, arena, &digits, err));
	if (person == NULL)
		return RESULT_OK;
	TRY(flow_account_load(r->flow, tx, person->account_id, arena, &account, err));
	TRY(mail_out_code(r->flow, tx, &account, person->address, digits, r->now, err));
	return sign_in_note(
		tx, EVENT_CODE_SENT, person, message_id, r->visitor->origin, STR_NONE, r->now, err);
}

/* Counts the request of a browser that signed in with the address before, which no stranger can use up. */
static enum result count_known(struct tx *tx, const struct visitor *visitor, struct str address, int64_t now,
	struct arena *arena, bool *ret_known, bool *ret_over, struct err *err)
{
	struct str key;

	TRY(sign_in_device_is_known(tx, visitor, address, now, arena, ret_known, &key, err));
	if (*ret_known)
		TRY(sign_in_count(tx, "code-known", key, CODES_PER_KNOWN_BROWSER, now, ret_over, err));
	return RESULT_OK;
}

static enum result count_link(
	struct tx *tx, struct code_request *r, struct str address, struct arena *arena, struct err *err)
{
	bool is_known;

	TRY(count_known(tx, r->visitor, address, r->now, arena, &is_known, &r->over, err));
	return is_known ? RESULT_OK
			: sign_in_count(
				  tx, "code-link", address, CODES_PER_LINK_HOLDER, r->now, &r->over, err);
}

enum result code_count_typed(struct tx *tx, const struct visitor *visitor, struct str address, int64_t now,
	struct arena *arena, bool *ret_over, struct err *err)
{
	struct str network = network_key(visitor->origin, arena);
	struct str pair = pair_key(address, network, arena);
	bool is_known;

	TRY(count_known(tx, visitor, address, now, arena, &is_known, ret_over, err));
	if (is_known)
		return RESULT_OK;
	TRY(sign_in_count(tx, "code-network", network, CODES_PER_NETWORK, now, ret_over, err));
	if (!*ret_over)
		TRY(sign_in_count(tx, "code-pair", pair, CODES_PER_PAIR, now, ret_over, err));
	/* What was turned away before costs the address nothing. */
	if (!*ret_over)
		TRY(sign_in_count(tx, "code-address", address, CODES_PER_ADDRESS, now, ret_over, err));
	return RESULT_OK;
}

static enum result send_code_of_link(struct tx *tx, void *context, struct err *err)
{
	struct code_request *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct sign_in_link link;
	struct person person;

	r->over = false;
	TRY(sign_in_find_link(tx, r->copy_id, &link, err));
	TRY(person_find(tx, link.account_id, link.person_id, &arena, &person, err));
	TRY(count_link(tx, r, person.address_key, &arena, err));
	return r->over ? RESULT_OK : send_code_to(tx, r, &person, link.message_id, &arena, err);
}

/* Counts before anybody is looked up: being turned away takes the same time for every address. */
static enum result send_code(struct tx *tx, void *context, struct err *err)
{
	struct code_request *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person *people;
	size_t people_count;

	r->over = false;
	TRY(code_count_typed(tx, r->visitor, arena_lower(&arena, r->address), r->now, &arena, &r->over, err));
	if (r->over)
		return RESULT_OK;
	TRY(people_list_by_address(tx, r->address, &arena, &people, &people_count, err));
	sign_in_sort_people(people, people_count);
	return send_code_to(tx, r, people_count ? &people[0] : NULL, (struct id){0}, &arena, err);
}

static enum result request_code(struct code_request *request, struct err *err)
{
	db_work work = id_is_none(request->copy_id) ? send_code : send_code_of_link;

	TRY(db_write(flow_db(request->flow), work, request, err));
	return request->over ? sign_in_too_often(err) : RESULT_OK;
}

enum result sign_in_send_code(
	struct flow *flow, struct id copy_id, const struct visitor *visitor, int64_t now, struct err *err)
{
	struct code_request request = {.flow = flow, .copy_id = copy_id, .visitor = visitor, .now = now};

	return request_code(&request, err);
}

enum result sign_in_send_code_to(
	struct flow *flow, struct str address, const struct visitor *visitor, int64_t now, struct err *err)
{
	struct code_request request = {.flow = flow, .address = address, .visitor = visitor, .now = now};

	if (!is_address(address))
		return err_code(err, RESULT_INVALID, "address", "this is not a mail address");
	return request_code(&request, err);
}

struct code_entering {
	struct flow *flow;
	struct code_try try;
	struct sign_in sign_in;
};

/* The code was right. Without a link the address may mean several mailboxes. */
static enum result enter(struct tx *tx, struct code_entering *e, struct arena *arena, struct err *err)
{
	const struct code_try *t = &e->try;
	const struct person *person = &t->person;
	struct person *people;
	size_t people_count;

	TRY(person_set_proved(tx, person->id, t->now, err));
	TRY(sign_in_begin(e->flow, tx, person, PROOF_CODE,
		&(struct shared_wish){.visitor = t->visitor, .copy_id = t->code.copy_id}, t->now, &e->sign_in,
		err));
	if (!id_is_none(t->code.copy_id)) {
		struct sign_in_link link;
		enum result found = sign_in_find_link(tx, t->code.copy_id, &link, err);
		e->sign_in.is_inquiry = found == RESULT_OK && link.is_inquiry;
	}
	TRY(people_list_by_address(tx, person->address, arena, &people, &people_count, err));
	e->sign_in.has_choice = id_is_none(t->code.copy_id) && people_count > 1;
	return RESULT_OK;
}

static bool is_of_link(const struct code *code)
{
	return !id_is_none(code->copy_id);
}

/* The network neither guessed nor asked for what nobody used: an office has many people behind it. */
static enum result uncount(struct tx *tx, const struct code_try *t, struct arena *arena, struct err *err)
{
	struct str network = network_key(t->visitor->origin, arena), known;
	struct str address = t->adds ? arena_lower(arena, t->code.adds_address) : t->person.address_key;
	bool is_known;

	if (is_of_link(&t->code))
		return RESULT_OK;
	TRY(sign_in_uncount(tx, "code-tries", network, err));
	TRY(sign_in_device_is_known(tx, t->visitor, address, t->now, arena, &is_known, &known, err));
	return is_known ? RESULT_OK : sign_in_uncount(tx, "code-network", network, err);
}

enum result code_use_up(struct tx *tx, const struct code_try *t, struct arena *arena, struct err *err)
{
	TRY(code_use(tx, t->code.id, t->now, err));
	return uncount(tx, t, arena, err);
}

enum result code_take(struct tx *tx, struct code_try *t, struct arena *arena, struct err *err)
{
	uint8_t browser_hash[HASH_BYTES], hash[HASH_BYTES];
	bool over = false;

	hash_bytes(t->visitor->browser, browser_hash);
	t->outcome = code_by_browser(
		tx, (struct bytes){browser_hash, sizeof(browser_hash)}, t->adds, arena, &t->code, err);
	if (t->outcome != RESULT_OK || !is_of_link(&t->code))
		TRY(sign_in_count(tx, "code-tries", network_key(t->visitor->origin, arena),
			CODE_TRIES_PER_NETWORK, t->now, &over, err));
	if (over)
		t->outcome = RESULT_BUSY;
	if (t->outcome != RESULT_OK)
		return t->outcome == RESULT_NOT_FOUND || t->outcome == RESULT_BUSY ? RESULT_OK : t->outcome;
	t->outcome = code_take_try(tx, t->code.id, t->now, &t->tries_left, err);
	if (t->outcome != RESULT_OK)
		return t->outcome == RESULT_GONE ? RESULT_OK : t->outcome;
	if (id_is_none(t->code.person_id)) {
		t->outcome = t->tries_left > 0 ? RESULT_DENIED : RESULT_GONE;
		return RESULT_OK;
	}
	TRY(person_find(tx, t->code.account_id, t->code.person_id, arena, &t->person, err));
	code_hash(t->code.id, t->digits, hash);
	if (!secret_equal((struct bytes){hash, sizeof(hash)}, t->code.code_hash)) {
		t->outcome = t->tries_left > 0 ? RESULT_DENIED : RESULT_GONE;
		return sign_in_note(tx, EVENT_CODE_REFUSED, &t->person, (struct id){0}, t->visitor->origin,
			STR_NONE, t->now, err);
	}
	return t->waits ? RESULT_OK : code_use_up(tx, t, arena, err);
}

static enum result try_code(struct tx *tx, void *context, struct err *err)
{
	struct code_entering *e = context;
	cleanup(arena_done) struct arena arena = {0};

	TRY(code_take(tx, &e->try, &arena, err));
	return e->try.outcome == RESULT_OK ? enter(tx, e, &arena, err) : RESULT_OK;
}

/* The digits alone: people type or paste blanks and hyphens between them. */
struct str code_digits(struct str typed, struct arena *arena)
{
	struct str text = str_sub(typed, 0, 100);
	char *digits = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			digits[len++] = text.ptr[i];
	return (struct str){digits, len};
}

enum result code_tried(const struct code_try *t, struct err *err)
{
	switch (t->outcome) {
	case RESULT_OK:
		return RESULT_OK;
	case RESULT_DENIED:
		return err_code(err, RESULT_DENIED, "code-wrong", "%lld", (long long)t->tries_left);
	case RESULT_NOT_FOUND:
		return err_code(
			err, RESULT_NOT_FOUND, "code-other-browser", "no code was asked for in this browser");
	case RESULT_BUSY:
		return sign_in_too_often(err);
	default:
		return err_code(err, RESULT_GONE, "code-used-up", "the code does not count any more");
	}
}

enum result sign_in_by_code(struct flow *flow, const struct visitor *visitor, struct str code, int64_t now,
	struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct code_entering entering = {
		.flow = flow, .try = {.visitor = visitor, .digits = code_digits(code, &arena), .now = now}};

	TRY(db_write(flow_db(flow), try_code, &entering, err));
	TRY(code_tried(&entering.try, err));
	*ret = entering.sign_in;
	return RESULT_OK;
}
