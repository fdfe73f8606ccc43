#include "flow/recall_private.h"

#include "base/limits.h"
#include "flow/owned.h"
#include "flow/people.h"
#include "flow/quotes.h"
#include "seal/box.h"
#include "store/copy_write.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/person.h"
#include "store/recall_write.h"
#include "store/wrap_write.h"

/* The transaction's own state, made anew whenever the work runs. */
struct recalling {
	struct flow *flow;
	const struct actor *actor;
	const struct recall_request *request;
	int64_t now;
	struct arena *arena;
	struct flow_account account;
	struct message message;
	struct id recall_id;
	struct recall_done done;
};

static bool is_whole(const struct recalling *r)
{
	return r->request->from_count == 0;
}

static enum result check_reason(struct str reason, struct err *err)
{
	if (reason.len > LIMIT_RECALL_REASON_BYTES || !str_is_utf8(reason))
		return err_code(err, RESULT_INVALID, "reason-long", "a reason is text of at most %d bytes",
			LIMIT_RECALL_REASON_BYTES);
	for (size_t i = 0; i < reason.len; i++)
		if ((unsigned char)reason.ptr[i] < ' ' && reason.ptr[i] != '\n' && reason.ptr[i] != '\r' &&
			reason.ptr[i] != '\t')
			return err_set(err, RESULT_INVALID, "a reason holds no control characters");
	return RESULT_OK;
}

/* What is there to recall is decided here, by the row itself, so that of two only one does it. */
static enum result hold(struct tx *tx, struct recalling *r, struct err *err)
{
	bool done;

	TRY(message_recall(tx, r->message.id, is_whole(r), r->now, &done, err));
	if (done)
		return RESULT_OK;
	if (r->message.kind != MESSAGE_SECURED)
		return err_set(err, RESULT_INVALID, "this is no secure message");
	if (r->message.expires_at && r->message.expires_at <= r->now)
		return err_code(err, RESULT_GONE, "expired",
			"it has expired: nobody but its sender can read it any more");
	return err_code(err, RESULT_CONFLICT, "recalled", "it was recalled already");
}

static enum result add_recall(struct tx *tx, struct recalling *r, struct err *err)
{
	struct recall recall = {.id = id_new(r->now),
		.message_id = r->message.id,
		.at = r->now,
		.actor_id = r->actor->person_id};

	if (r->request->reason.len)
		recall.reason_box =
			box_seal_account(r->account.key, (struct box_context){RECALL_REASON_FIELD, recall.id},
				str_bytes(r->request->reason), r->arena);
	r->recall_id = recall.id;
	return recall_add(tx, &recall, err);
}

static enum result add_event(struct tx *tx, const struct recalling *r, struct id person_id, struct err *err)
{
	bool is_administrator = id_is_none(r->actor->person_id);
	struct event event = {.account_id = r->account.account.id,
		.at = r->now,
		.kind = STR(EVENT_MESSAGE_RECALLED),
		.actor_id = r->actor->person_id,
		.message_id = r->message.id,
		.person_id = person_id,
		.origin = r->actor->origin,
		.detail = is_administrator ? r->request->reason : STR_NONE};

	return event_record(tx, &event, err);
}

static enum result take_copy(struct tx *tx, struct recalling *r, const struct copy *copy, struct err *err)
{
	bool done;

	TRY(copy_recall(tx, copy, r->recall_id, &done, err));
	if (!done)
		return RESULT_OK;
	r->done.people++;
	TRY(wrap_destroy_for_good(tx, copy->id, copy->message_id, r->now, err));
	return add_event(tx, r, copy->person_id, err);
}

static enum result take_all(struct tx *tx, struct recalling *r, struct err *err)
{
	struct copy *copies;
	size_t count;
	bool relays_wait;

	TRY(copy_list_by_message(tx, r->message.id, r->arena, &copies, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(take_copy(tx, r, &copies[i], err));
	/* The queue needs no key either, but for people to whom the mail is relayed: what else it has not
	 * sent is not sent. */
	TRY(delivery_relays_wait(tx, r->message.id, &relays_wait, err));
	if (!relays_wait)
		TRY(wrap_destroy_of_queue(tx, r->message.id, r->now, err));
	return add_event(tx, r, (struct id){0}, err);
}

/* Answers stay; what they quote of the message by reference goes. */
static enum result take_quotes(struct tx *tx, struct recalling *r, struct err *err)
{
	struct event event = {.account_id = r->account.account.id,
		.at = r->now,
		.kind = STR(EVENT_QUOTES_RECALLED),
		.actor_id = r->actor->person_id,
		.message_id = r->message.id,
		.origin = r->actor->origin};

	TRY(quotes_recall(tx, r->message.id, r->now, &r->done.quotes, err));
	event.detail = arena_printf(r->arena, "%zu", r->done.quotes);
	return event_record(tx, &event, err);
}

static enum result take_from(struct tx *tx, struct recalling *r, struct str address, struct err *err)
{
	struct person person;
	struct copy copy;

	enum result found = people_by_address(tx, r->account.account.id, address, r->arena, &person, err);
	if (found == RESULT_OK)
		found = copy_by_message(tx, person.id, r->message.id, false, &copy, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, RESULT_NOT_FOUND, "%.*s does not have this message in the portal",
			STR_ARG(address));
	TRY(found);
	return take_copy(tx, r, &copy, err);
}

static enum result recall_in_tx(struct tx *tx, struct recalling *r, struct err *err)
{
	const struct recall_request *request = r->request;

	TRY(owned_message(r->flow, tx, r->actor, request->copy_id, request->message_id, r->arena, &r->account,
		&r->message, err));
	TRY(hold(tx, r, err));
	TRY(add_recall(tx, r, err));
	if (is_whole(r))
		TRY(take_all(tx, r, err));
	if (is_whole(r) && request->with_quotes)
		TRY(take_quotes(tx, r, err));
	for (size_t i = 0; i < request->from_count; i++)
		TRY(take_from(tx, r, request->from[i], err));
	if (!is_whole(r) && r->done.people == 0)
		return err_code(err, RESULT_CONFLICT, "recalled", "it was recalled from them already");
	return delivery_hurry(tx, r->message.id, r->now, err);
}

enum result recall_in(struct tx *tx, struct flow *flow, const struct actor *actor,
	const struct recall_request *request, int64_t now, struct recall_done *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct recalling r = {.flow = flow, .actor = actor, .request = request, .now = now, .arena = &arena};

	TRY(check_reason(request->reason, err));
	if (request->with_quotes && request->from_count)
		return err_code(err, RESULT_INVALID, "quotes-of-all",
			"quotes are taken from everybody, with the whole message");
	TRY(recall_in_tx(tx, &r, err));
	*ret = r.done;
	return RESULT_OK;
}

static enum result recall_work(struct tx *tx, void *context, struct err *err)
{
	struct recalling *r = context;

	return recall_in(tx, r->flow, r->actor, r->request, r->now, &r->done, err);
}

enum result recall_message(struct flow *flow, const struct actor *actor, const struct recall_request *request,
	int64_t now, struct recall_done *ret, struct err *err)
{
	struct recalling recalling = {.flow = flow, .actor = actor, .request = request, .now = now};

	TRY(db_write(flow_db(flow), recall_work, &recalling, err));
	*ret = recalling.done;
	return RESULT_OK;
}
