#include "flow/expire.h"

#include "base/list.h"
#include "store/copy_write.h"
#include "store/delivery_write.h"
#include "store/destruction_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/sealed_body.h"
#include "store/wrap_write.h"

#define AT_ONCE 200

/* One message whose time has come. */
struct ending {
	struct flow *flow;
	struct message_due due;
	int64_t now;
	bool done;
	struct content_place place; /* to be deleted once the transaction is through */
};

static enum result add_event(struct tx *tx, const struct ending *e, const char *kind, struct err *err)
{
	struct event event = {
		.account_id = e->due.account_id, .at = e->now, .kind = str_of(kind), .message_id = e->due.id};

	return event_record(tx, &event, err);
}

/* What nobody can read any more counts as unread no longer. */
static enum result leave_unread(struct tx *tx, struct id copy_id, struct err *err)
{
	struct copy held;

	TRY(copy_hold(tx, copy_id, &held, err));
	return copy_set_unread(tx, &held, false, err);
}

static enum result expire_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct ending *e = context;
	cleanup(arena_done) struct arena arena = {0};
	struct message message;
	struct copy *copies;
	size_t count;
	bool due, relays_wait;

	/* An extension may have come before, or another node. */
	TRY(message_end_expiry(tx, e->due.id, e->now, &due, err));
	if (!due)
		return RESULT_OK;
	TRY(message_find(tx, e->due.account_id, e->due.id, &arena, &message, err));
	TRY(copy_list_by_message(tx, e->due.id, &arena, &copies, &count, err));
	for (size_t i = 0; i < count; i++) {
		if (copies[i].is_owner)
			continue;
		TRY(wrap_destroy_for_good(tx, copies[i].id, e->due.id, e->now, err));
		TRY(leave_unread(tx, copies[i].id, err));
	}
	TRY(delivery_relays_wait(tx, e->due.id, &relays_wait, err));
	if (!relays_wait)
		TRY(wrap_destroy_of_queue(tx, e->due.id, e->now, err));
	/* Whoever takes what still waits finds that it has expired, and tells the sender. */
	TRY(delivery_hurry(tx, e->due.id, e->now, err));
	if (message.recalled_at)
		return RESULT_OK;
	return add_event(tx, e, EVENT_MESSAGE_EXPIRED, err);
}

/* Kept no longer: nobody reads it any more, its sender neither. The rows stay, as evidence of what was. */
static enum result end_keeping_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct ending *e = context;
	cleanup(arena_done) struct arena arena = {0};
	struct copy *copies;
	size_t count;

	e->done = false;
	TRY(copy_list_by_message(tx, e->due.id, &arena, &copies, &count, err));
	for (size_t i = 0; i < count; i++) {
		TRY(copy_leave_folder(tx, &copies[i], err));
		TRY(wrap_destroy_for_good(tx, copies[i].id, e->due.id, e->now, err));
	}
	TRY(wrap_destroy_of_queue(tx, e->due.id, e->now, err));
	TRY(message_remove_content(tx, e->due.id, &e->place, err));
	e->done = true;
	return add_event(tx, e, EVENT_MESSAGE_DESTROYED, err);
}

struct look {
	int64_t now;
	struct arena arena;
	struct message_due *expired, *kept;
	size_t expired_count, kept_count;
};

static enum result look_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct look *look = context;

	TRY(message_list_expired(
		tx, look->now, AT_ONCE, &look->arena, &look->expired, &look->expired_count, err));
	return message_list_kept_long_enough(
		tx, look->now, AT_ONCE, &look->arena, &look->kept, &look->kept_count, err);
}

static enum result end_keeping(struct flow *flow, const struct look *look, struct err *err)
{
	for (size_t i = 0; i < look->kept_count; i++) {
		struct ending ending = {.flow = flow, .due = look->kept[i], .now = look->now};
		TRY(db_write(flow_db(flow), end_keeping_in_tx, &ending, err));
		if (ending.done)
			TRY(sealed_content_delete(flow_blobs(flow), &ending.place, err));
	}
	return RESULT_OK;
}

enum result expire_messages(struct flow *flow, int64_t now, struct err *err)
{
	struct look look = {.now = now};

	enum result result = db_read(flow_db(flow), look_in_tx, &look, err);
	for (size_t i = 0; i < look.expired_count && result == RESULT_OK; i++) {
		struct ending ending = {.flow = flow, .due = look.expired[i], .now = now};
		result = db_write(flow_db(flow), expire_in_tx, &ending, err);
	}
	if (result == RESULT_OK)
		result = end_keeping(flow, &look, err);
	arena_done(&look.arena);
	return result;
}

static enum result is_to_wipe(struct tx *tx, void *context, struct err *err)
{
	return destruction_is_to_wipe(tx, context, err);
}

static enum result begin_wipe(struct tx *tx, void *context, struct err *err)
{
	(void)context;
	return destruction_begin_wipe(tx, err);
}

static enum result end_wipe(struct tx *tx, void *context, struct err *err)
{
	return destruction_end_wipe(tx, *(const int64_t *)context, err);
}

enum result expire_wipe_keys(struct flow *flow, int64_t now, bool *ret_log, struct err *err)
{
	bool to_wipe;

	*ret_log = true;
	TRY(db_read(flow_db(flow), is_to_wipe, &to_wipe, err));
	if (!to_wipe)
		return RESULT_OK;
	TRY(db_write(flow_db(flow), begin_wipe, NULL, err));
	TRY(db_wipe_deleted(flow_db(flow), "wrap", ret_log, err));
	return db_write(flow_db(flow), end_wipe, &now, err);
}
