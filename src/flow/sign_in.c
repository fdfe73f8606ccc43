#include "flow/sign_in_private.h"

#include "base/limits.h"
#include "flow/factor_private.h"
#include "flow/people.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/copy.h"
#include "store/device_write.h"
#include "store/event_write.h"
#include "store/inquiry.h"
#include "store/message.h"
#include "store/person_write.h"
#include "store/session_write.h"

#include <string.h>

#define WINDOW_MS MS_HOUR

enum result sign_in_note(struct tx *tx, const char *kind, const struct person *person, struct id message_id,
	struct str origin, struct str detail, int64_t now, struct err *err)
{
	struct event event = {.account_id = person->account_id,
		.at = now,
		.kind = str_of(kind),
		.actor_id = person->id,
		.person_id = person->id,
		.message_id = message_id,
		.origin = origin,
		.detail = detail};

	return event_record(tx, &event, err);
}

static void count_key(const char *purpose, struct str whom, uint8_t ret[static HASH_BYTES])
{
	struct hash hash;

	hash_init(&hash);
	hash_add(&hash, (struct str){purpose, strlen(purpose) + 1});
	hash_add(&hash, whom);
	hash_final(&hash, ret);
}

enum result sign_in_count(struct tx *tx, const char *purpose, struct str whom, int64_t limit, int64_t now,
	bool *ret_over, struct err *err)
{
	uint8_t key[HASH_BYTES];
	int64_t number;

	count_key(purpose, whom, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, now, WINDOW_MS, &number, err));
	*ret_over = *ret_over || number > limit;
	return RESULT_OK;
}

enum result sign_in_uncount(struct tx *tx, const char *purpose, struct str whom, struct err *err)
{
	uint8_t key[HASH_BYTES];

	count_key(purpose, whom, key);
	return attempt_take_back(tx, (struct bytes){key, sizeof(key)}, err);
}

enum result sign_in_forget_count(struct tx *tx, const char *purpose, struct str whom, struct err *err)
{
	uint8_t key[HASH_BYTES];

	count_key(purpose, whom, key);
	return attempt_clear(tx, (struct bytes){key, sizeof(key)}, err);
}

enum result sign_in_device_is_known(struct tx *tx, const struct visitor *visitor, struct str address_key,
	int64_t now, struct arena *arena, bool *ret, struct str *ret_key, struct err *err)
{
	uint8_t *hash = arena_alloc(arena, HASH_BYTES);
	struct bytes cookie_hash = {hash, HASH_BYTES};

	*ret = false;
	if (visitor->device.len != TOKEN_BYTES)
		return RESULT_OK;
	hash_bytes(visitor->device, hash);
	*ret_key = pair_key(address_key, bytes_str(cookie_hash), arena);
	return device_is_known(tx, cookie_hash, address_key, now - LIMIT_DEVICE_MS, ret, err);
}

struct str network_key(struct str origin, struct arena *arena)
{
	struct network network;

	if (!network_of_peer(origin, &network))
		return origin;
	return bytes_str(arena_bytes(arena, (struct bytes){network.address, sizeof(network.address)}));
}

/* An address and a network together: the one has no line ends, the other may have any bytes. */
struct str pair_key(struct str address, struct str network, struct arena *arena)
{
	char *key = arena_alloc(arena, address.len + 1 + network.len);

	if (address.len)
		memcpy(key, address.ptr, address.len);
	key[address.len] = '\n';
	memcpy(key + address.len + 1, network.ptr, network.len);
	return (struct str){key, address.len + 1 + network.len};
}

enum result sign_in_too_often(struct err *err)
{
	return err_code(err, RESULT_BUSY, "too-often", "too many tries; try again in an hour");
}

void sign_in_sort_people(struct person *people, size_t count)
{
	/* They come by age. */
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j && people[j].is_internal && !people[j - 1].is_internal; j--) {
			struct person person = people[j];
			people[j] = people[j - 1];
			people[j - 1] = person;
		}
}

/* The cookie by which the visitor's browser is known, the same as before if there was one. */
static void choose_device(const struct visitor *visitor, struct sign_in *ret)
{
	if (visitor->device.len == sizeof(ret->device))
		memcpy(ret->device, visitor->device.ptr, sizeof(ret->device));
	else
		random_fill(ret->device, sizeof(ret->device));
}

/* The person has signed in: the browser is known for the address from now on. */
static enum result note_signed_in(struct tx *tx, const struct person *person, struct bytes device,
	int64_t proof, struct str origin, const char *detail, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t hash[HASH_BYTES];

	hash_bytes(device, hash);
	TRY(device_note(tx, (struct bytes){hash, sizeof(hash)}, person->address_key, now, err));
	return sign_in_note(tx, EVENT_SIGNED_IN, person, (struct id){0}, origin,
		arena_printf(&arena, "%s%s%s",
			proof & PROOF_CODE	? "code"
			: proof & PROOF_PASSKEY ? "passkey"
						: "password",
			*detail ? ", " : "", detail),
		now, err);
}

/* In a shared mailbox that is a sign of its address (R13), with the name of who it is. */
static enum result note_in_shared(struct tx *tx, const struct session *session, int64_t now, struct err *err)
{
	struct event event = {.account_id = session->account_id,
		.at = now,
		.kind = STR(EVENT_SIGNED_IN),
		.actor_id = session->self_id,
		.person_id = session->person_id,
		.origin = session->origin,
		.detail = STR("shared")};

	return id_is_none(session->self_id) ? RESULT_OK : event_record(tx, &event, err);
}

enum result sign_in_main(
	struct tx *tx, const struct person *entered, struct arena *arena, struct person *ret, struct err *err)
{
	if (!id_is_none(entered->main_id))
		return person_find(tx, entered->account_id, entered->main_id, arena, ret, err);
	*ret = *entered;
	return RESULT_OK;
}

enum result sign_in_addressed(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err)
{
	struct person addressed;
	enum result found = people_by_address(tx, account_id, address, arena, &addressed, err);

	if (found == RESULT_NOT_FOUND)
		return err_set(err, found, "the account knows nobody with that address");
	TRY(found);
	return sign_in_main(tx, &addressed, arena, ret, err);
}

enum result sign_in_complete(struct tx *tx, const struct flow_account *account, const struct session *session,
	int64_t proof, const struct visitor *visitor, const char *detail, int64_t now, struct err *err)
{
	int64_t ends_at = session->created_at + account->settings.session_absolute_hours * MS_HOUR;
	cleanup(arena_done) struct arena arena = {0};
	struct person entered;

	TRY(session_prove(tx, session->token_hash, proof, now, ends_at, err));
	TRY(person_find(tx, session->account_id, session->entered_id, &arena, &entered, err));
	TRY(note_in_shared(tx, session, now, err));
	return note_signed_in(
		tx, &entered, visitor->device, session->proof, visitor->origin, detail, now, err);
}

static int64_t end_of(const struct flow_account *account, enum session_stage stage, int64_t now)
{
	return stage == SESSION_OPEN ? now + account->settings.session_absolute_hours * MS_HOUR
				     : now + LIMIT_SESSION_DUE_MS;
}

/* The proof was of whom the address signed in as: it is none of whom it was joined to meanwhile. */
static enum result hold_person(
	struct tx *tx, const struct person *entered, struct arena *arena, struct person *ret, struct err *err)
{
	struct id main_id;

	TRY(sign_in_main(tx, entered, arena, ret, err));
	TRY(person_hold_main(tx, entered->id, &main_id, err));
	return id_equal(main_id, ret->id) ? RESULT_OK
					  : err_code(err, RESULT_DENIED, "session-ended",
						    "the address is another person's by now");
}

enum result sign_in_begin(struct flow *flow, struct tx *tx, const struct person *entered, int64_t proof,
	const struct shared_wish *wish, int64_t now, struct sign_in *ret, struct err *err)
{
	const struct visitor *visitor = wish->visitor;
	cleanup(arena_done) struct arena arena = {0};
	uint8_t token_hash[HASH_BYTES];
	struct flow_account account;
	struct person person;
	struct id mailbox_id;

	TRY(hold_person(tx, entered, &arena, &person, err));
	TRY(shared_mailbox(flow, tx, &person, wish, now, &mailbox_id, err));
	*ret = (struct sign_in){.account_id = person.account_id,
		.person_id = mailbox_id,
		.copy_id = wish->copy_id,
		.has_password = person.password_hash.len > 0,
		.stage = SESSION_SELF_DUE};
	TRY(flow_account_load(flow, tx, person.account_id, &arena, &account, err));
	if (!person.shared_at)
		TRY(factor_stage(tx, &account, &person, visitor, now, &proof, &ret->stage, err));
	random_fill(ret->token, sizeof(ret->token));
	hash_bytes((struct bytes){ret->token, sizeof(ret->token)}, token_hash);
	choose_device(visitor, ret);
	struct session session = {.token_hash = {token_hash, sizeof(token_hash)},
		.account_id = person.account_id,
		.person_id = mailbox_id,
		.self_id = id_equal(mailbox_id, person.id) ? (struct id){{0}} : person.id,
		.entered_id = entered->id,
		.created_at = now,
		.used_at = now,
		.ends_at = end_of(&account, ret->stage, now),
		.proof = proof,
		.proved_at = now,
		.proved_by = proof,
		.origin = visitor->origin,
		.stage = ret->stage,
		.agent = visitor->agent};
	TRY(session_add(tx, &session, err));
	if (ret->stage != SESSION_OPEN)
		return RESULT_OK;
	TRY(note_in_shared(tx, &session, now, err));
	return note_signed_in(tx, entered, (struct bytes){ret->device, sizeof(ret->device)}, proof,
		visitor->origin, proof & PROOF_REMEMBERED ? "remembered browser" : "", now, err);
}

struct link_query {
	struct flow *flow;
	struct id copy_id;
	int64_t now;
	struct arena *arena;
	struct link_facts *facts;
};

enum result sign_in_find_link(struct tx *tx, struct id id, struct sign_in_link *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct inquiry inquiry;
	struct copy copy;

	enum result found = copy_find_any(tx, id, &copy, err);
	if (found == RESULT_OK && copy.is_owner)
		return err_set(err, RESULT_NOT_FOUND, "there is no such link");
	if (found == RESULT_OK)
		*ret = (struct sign_in_link){copy.account_id, copy.person_id, copy.message_id, false};
	if (found != RESULT_NOT_FOUND)
		return found;
	TRY(inquiry_find(tx, id, &arena, &inquiry, err));
	*ret = (struct sign_in_link){inquiry.account_id, inquiry.asked_id, {{0}}, true};
	return RESULT_OK;
}

/* When what the link is for ends by itself; 0: never. */
static enum result end_of_link(struct tx *tx, const struct sign_in_link *link, struct id id,
	struct arena *arena, int64_t *ret, struct err *err)
{
	struct inquiry inquiry;
	struct message message;

	if (link->is_inquiry) {
		TRY(inquiry_find(tx, id, arena, &inquiry, err));
		*ret = inquiry.expires_at;
		return RESULT_OK;
	}
	TRY(message_find(tx, link->account_id, link->message_id, arena, &message, err));
	/* Retention alone ends what earlier builds kept without an expiry; they leave no date behind. */
	*ret = message.expires_at	 ? message.expires_at
	       : message.content_ends_at ? message.content_ends_at
					 : message.sent_at;
	return RESULT_OK;
}

static enum result find_link(struct tx *tx, void *context, struct err *err)
{
	struct link_query *q = context;
	struct sign_in_link link;
	struct person addressed, person;
	struct flow_account account;
	int64_t ends_at;

	TRY(sign_in_find_link(tx, q->copy_id, &link, err));
	TRY(end_of_link(tx, &link, q->copy_id, q->arena, &ends_at, err));
	TRY(person_find(tx, link.account_id, link.person_id, q->arena, &addressed, err));
	TRY(sign_in_main(tx, &addressed, q->arena, &person, err));
	TRY(flow_account_load(q->flow, tx, link.account_id, q->arena, &account, err));
	*q->facts = (struct link_facts){.account_id = link.account_id,
		.person_id = person.id,
		.is_inquiry = link.is_inquiry,
		.account_name = account.settings.display_name,
		.is_shared = person.shared_at > 0,
		.has_ended = ends_at && q->now >= ends_at,
		.address = addressed.address,
		.settings = account.settings};
	return RESULT_OK;
}

enum result sign_in_link(struct flow *flow, struct id copy_id, int64_t now, struct arena *arena,
	struct link_facts *ret, struct err *err)
{
	struct link_query query = {flow, copy_id, now, arena, ret};

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
