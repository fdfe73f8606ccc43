#include "flow/not_mine.h"

#include "base/network.h"
#include "flow/mail_out.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/copy_write.h"
#include "store/event_write.h"
#include "store/inquiry_write.h"

/* Within an hour from one network: whoever has many links must not be able to fill mailboxes by them. */
#define PER_NETWORK 30

struct denial {
	struct flow *flow;
	struct id copy_id;
	struct str origin;
	int64_t now;
	bool over;
};

static enum result count(struct tx *tx, struct denial *d, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct network network;
	struct hash hash;
	int64_t number;

	hash_init(&hash);
	hash_add(&hash, STR("not-mine\n"));
	if (network_of_peer(d->origin, &network))
		hash_add(&hash, (struct str){(const char *)network.address, sizeof(network.address)});
	else
		hash_add(&hash, d->origin);
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, d->now, MS_HOUR, &number, err));
	d->over = number > PER_NETWORK;
	return RESULT_OK;
}

/* Whoever wrote the message, internal or not, when it is somebody's. */
static enum result tell_owner(struct tx *tx, const struct denial *d, const struct copy *copy, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person owner, recipient;
	struct message message;
	struct copy owners;

	TRY(message_find(tx, copy->account_id, copy->message_id, &arena, &message, err));
	if (id_is_none(message.owner_id))
		return RESULT_OK;
	enum result found = copy_by_message(tx, message.owner_id, message.id, true, &owners, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(flow_account_load(d->flow, tx, copy->account_id, &arena, &account, err));
	TRY(person_find(tx, copy->account_id, message.owner_id, &arena, &owner, err));
	TRY(person_find(tx, copy->account_id, copy->person_id, &arena, &recipient, err));
	return mail_out_address_denied(
		d->flow, tx, &account, owner.address, owners.id, recipient.address, d->now, err);
}

/* Whoever asked is told; the request stays open for the right person of that mailbox. */
static enum result deny_inquiry(struct tx *tx, struct denial *d, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct inquiry inquiry;
	bool is_first;

	TRY(inquiry_find(tx, d->copy_id, &arena, &inquiry, err));
	TRY(count(tx, d, err));
	if (d->over)
		return RESULT_OK;
	TRY(inquiry_mark_denied(tx, inquiry.id, d->now, &is_first, err));
	if (!is_first)
		return RESULT_OK;
	struct id_text text = id_text(inquiry.id);
	struct event event = {.account_id = inquiry.account_id,
		.at = d->now,
		.kind = STR(EVENT_ADDRESS_DENIED),
		.person_id = inquiry.asked_id,
		.origin = d->origin,
		.detail = str_of(text.s)};
	TRY(event_record(tx, &event, err));
	TRY(flow_account_load(d->flow, tx, inquiry.account_id, &arena, &account, err));
	return mail_out_address_denied(d->flow, tx, &account, inquiry.asker_address, (struct id){{0}},
		inquiry.asked_address, d->now, err);
}

static enum result deny_address(struct tx *tx, void *context, struct err *err)
{
	struct denial *d = context;
	struct copy copy;
	bool is_first;

	enum result found = copy_find_any(tx, d->copy_id, &copy, err);
	if (found == RESULT_NOT_FOUND)
		return deny_inquiry(tx, d, err);
	TRY(found);
	if (copy.is_owner)
		return err_set(err, RESULT_NOT_FOUND, "there is no such link");
	TRY(count(tx, d, err));
	if (d->over)
		return RESULT_OK;
	TRY(copy_mark_denied(tx, copy.id, d->now, &is_first, err));
	if (!is_first)
		return RESULT_OK;
	struct event event = {.account_id = copy.account_id,
		.at = d->now,
		.kind = STR(EVENT_ADDRESS_DENIED),
		.message_id = copy.message_id,
		.person_id = copy.person_id,
		.origin = d->origin};
	TRY(event_record(tx, &event, err));
	return tell_owner(tx, d, &copy, err);
}

enum result not_mine(struct flow *flow, struct id copy_id, struct str origin, int64_t now, struct err *err)
{
	struct denial denial = {flow, copy_id, origin, now, false};

	TRY(db_write(flow_db(flow), deny_address, &denial, err));
	if (denial.over)
		return err_code(err, RESULT_BUSY, "too-often", "too many tries; try again in an hour");
	return RESULT_OK;
}
