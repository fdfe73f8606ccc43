/* The administrator's verbs on the queue. */
#include "flow/deliver_private.h"
#include "store/delivery_write.h"
#include "store/event_write.h"

struct admin_change {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	struct str reason;
	int64_t now;
};

static enum result note(struct tx *tx, const struct admin_change *c, const struct delivery *delivery,
	const char *kind, struct err *err)
{
	struct event event = {.account_id = delivery->account_id,
		.at = c->now,
		.kind = str_of(kind),
		.actor_id = c->actor->person_id,
		.message_id = delivery->message_id,
		.delivery_id = delivery->id,
		.origin = c->actor->origin,
		.detail = c->reason};

	return event_record(tx, &event, err);
}

static enum result find_waiting(struct tx *tx, const struct admin_change *c, struct arena *arena,
	struct delivery *ret, struct err *err)
{
	if (delivery_find(tx, c->actor->account_id, c->id, arena, ret, NULL) == RESULT_NOT_FOUND)
		return err_set(
			err, RESULT_NOT_FOUND, "there is no such delivery: see sealpost queue list --all");
	TRY(delivery_find(tx, c->actor->account_id, c->id, arena, ret, err));
	if (ret->state == DELIVERY_WAITING)
		return RESULT_OK;
	return err_set(err, RESULT_CONFLICT, "it waits no more: it is %s", delivery_state_name(ret->state));
}

static enum result retry_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct admin_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery;

	TRY(find_waiting(tx, c, &arena, &delivery, err));
	if (delivery_retry(tx, c->actor->account_id, c->id, c->now, NULL) == RESULT_NOT_FOUND)
		return err_set(err, RESULT_CONFLICT, "it is being sent at this moment");
	return note(tx, c, &delivery, EVENT_DELIVERY_HURRIED, err);
}

enum result deliver_retry(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct admin_change change = {flow, actor, id, STR_NONE, now};

	return db_write(flow_db(flow), retry_in_tx, &change, err);
}

static enum result drop_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct admin_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery;
	enum message_kind held;

	TRY(find_waiting(tx, c, &arena, &delivery, err));
	TRY(deliver_hold(tx, &delivery, &held, err));
	TRY(delivery_drop(tx, c->id, c->reason, c->now, err));
	TRY(note(tx, c, &delivery, EVENT_DELIVERY_DROPPED, err));
	return deliver_release_content(tx, &delivery, held, err);
}

enum result deliver_drop(struct flow *flow, const struct actor *actor, struct id id, struct str reason,
	int64_t now, struct err *err)
{
	struct admin_change change = {flow, actor, id, reason, now};

	if (reason.len == 0 || reason.len > 200 || !str_is_utf8(reason))
		return err_set(err, RESULT_INVALID, "dropping a mail needs a reason of at most 200 bytes");
	return db_write(flow_db(flow), drop_in_tx, &change, err);
}
