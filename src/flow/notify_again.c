#include "flow/notify_again.h"

#include "base/address.h"
#include "flow/people.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/copy.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/person.h"
#include "store/wrap.h"

struct again {
	struct flow *flow;
	const struct actor *actor;
	struct id owner_copy_id; /* none: by an administrator */
	struct id message_id;
	struct str address;
	int64_t now;
};

static enum result nobody(struct err *err)
{
	return err_set(err, RESULT_NOT_FOUND, "the message was not sent to this address in the portal");
}

static enum result find_message(
	struct tx *tx, struct again *a, struct arena *arena, struct message *ret, struct err *err)
{
	struct copy own;
	struct id account_id = a->actor->account_id;

	if (!id_is_none(a->owner_copy_id)) {
		TRY(copy_find(tx, a->actor->person_id, a->owner_copy_id, &own, err));
		if (!own.is_owner)
			return nobody(err);
		account_id = own.account_id;
		a->message_id = own.message_id;
	}
	TRY(message_find(tx, account_id, a->message_id, arena, ret, err));
	if (ret->recalled_at)
		return err_set(err, RESULT_GONE, "the message was recalled");
	if (ret->expires_at && a->now >= ret->expires_at)
		return err_set(err, RESULT_GONE, "the message has expired");
	return RESULT_OK;
}

static enum result find_recipient(struct tx *tx, const struct again *a, const struct message *message,
	struct arena *arena, struct copy *ret, struct err *err)
{
	struct person person;
	struct bytes wrap;

	enum result found = people_by_address(tx, message->account_id, a->address, arena, &person, err);
	if (found == RESULT_NOT_FOUND)
		return nobody(err);
	TRY(found);
	found = copy_by_message(tx, person.id, message->id, false, ret, err);
	if (found == RESULT_NOT_FOUND)
		return nobody(err);
	TRY(found);
	if (ret->denied_at)
		return err_code(err, RESULT_CONFLICT, "denied",
			"somebody with the link said that this is another person's address");
	/* Recalled from this one, or deleted for good. */
	found = wrap_find(tx, ret->id, ret->message_id, arena, &wrap, err);
	return found == RESULT_GONE ? err_set(err, RESULT_GONE, "this recipient cannot read it any more")
				    : found;
}

static enum result check_not_too_often(
	struct tx *tx, const struct again *a, const struct copy *copy, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct hash hash;
	int64_t number;

	hash_init(&hash);
	hash_add(&hash, STR("notify-again\n"));
	hash_add(&hash, (struct str){(const char *)copy->id.b, ID_BYTES});
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, a->now, MS_HOUR, &number, err));
	if (number > 1)
		return err_code(err, RESULT_BUSY, "too-often",
			"this recipient was notified again within the last hour");
	return RESULT_OK;
}

static enum result send_again(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct again *a = context;
	struct flow_account account;
	struct message message;
	struct copy copy;
	struct id delivery_id;

	TRY(find_message(tx, a, &arena, &message, err));
	TRY(find_recipient(tx, a, &message, &arena, &copy, err));
	TRY(check_not_too_often(tx, a, &copy, err));
	TRY(flow_account_load(a->flow, tx, message.account_id, &arena, &account, err));
	TRY(delivery_send_again(tx, DELIVERY_NOTIFICATION, message.id, copy.id, a->now,
		a->now + account.settings.retry_days * MS_DAY, &delivery_id, err));
	struct event event = {.account_id = message.account_id,
		.at = a->now,
		.kind = STR(EVENT_NOTIFIED_AGAIN),
		.actor_id = a->actor->person_id,
		.message_id = message.id,
		.person_id = copy.person_id,
		.delivery_id = delivery_id,
		.origin = a->actor->origin};
	return event_record(tx, &event, err);
}

enum result notify_again(struct flow *flow, const struct actor *actor, struct id owner_copy_id,
	struct str address, int64_t now, struct err *err)
{
	struct again again = {
		.flow = flow, .actor = actor, .owner_copy_id = owner_copy_id, .address = address, .now = now};

	return db_write(flow_db(flow), send_again, &again, err);
}

enum result notify_again_admin(struct flow *flow, const struct actor *actor, struct id message_id,
	struct str address, int64_t now, struct err *err)
{
	struct again again = {
		.flow = flow, .actor = actor, .message_id = message_id, .address = address, .now = now};

	return db_write(flow_db(flow), send_again, &again, err);
}
