#include "flow/extend.h"

#include "flow/owned.h"
#include "store/act_write.h"
#include "store/copy_write.h"
#include "store/event_write.h"
#include "store/message_write.h"

struct extending {
	struct flow *flow;
	const struct actor *actor;
	const struct extend_request *request;
	int64_t now;
	int64_t latest;
};

/* Why the row did not change; it is read again, since another may have been faster. */
static enum result explain(
	struct tx *tx, const struct extending *e, struct id id, struct arena *arena, struct err *err)
{
	struct message message;

	TRY(message_find(tx, e->actor->account_id, id, arena, &message, err));
	if (message.kind != MESSAGE_SECURED)
		return err_set(err, RESULT_INVALID, "this is no secure message");
	if (message.recalled_at)
		return err_code(err, RESULT_GONE, "recalled", "it was recalled");
	if (message.expires_at <= e->now)
		return err_code(err, RESULT_GONE, "expired", "it has expired, which is final");
	if (!message.rights.extend && !id_is_none(e->actor->person_id))
		return err_code(
			err, RESULT_CONFLICT, "withheld", "its definition does not let its sender extend it");
	if (message.extended_at && !id_is_none(e->actor->person_id))
		return err_code(err, RESULT_CONFLICT, "extended", "it was extended once already");
	if (e->request->until > message.content_ends_at)
		return err_code(err, RESULT_INVALID, "too-late", "it is kept no longer than that");
	return err_code(err, RESULT_INVALID, "too-early", "it can be read as long as that already");
}

static enum result extend_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct extending *e = context;
	cleanup(arena_done) struct arena arena = {0};
	bool by_sender = !id_is_none(e->actor->person_id), done;
	struct flow_account account;
	struct message message;

	TRY(owned_message(e->flow, tx, e->actor, e->request->copy_id, e->request->message_id, &arena,
		&account, &message, err));
	e->latest = message.content_ends_at;
	int64_t soon = e->now + account.settings.reminder_days * MS_DAY;
	TRY(message_extend(tx, message.id, e->request->until, soon, by_sender, e->now, &done, err));
	if (!done)
		return explain(tx, e, message.id, &arena, err);
	TRY(copy_set_end(tx, message.id, e->request->until, err));
	struct act act = {.kind = ACT_EXTENDED,
		.id = id_new(e->now),
		.message_id = message.id,
		.at = e->now,
		.actor_id = e->actor->person_id,
		.until = e->request->until};
	TRY(act_add_extension(tx, &act, err));
	struct event event = {.account_id = account.account.id,
		.at = e->now,
		.kind = STR(EVENT_MESSAGE_EXTENDED),
		.actor_id = e->actor->person_id,
		.message_id = message.id,
		.origin = e->actor->origin,
		.detail = arena_printf(&arena, "{\"from\":%lld,\"until\":%lld}",
			(long long)message.expires_at, (long long)e->request->until)};
	return event_record(tx, &event, err);
}

enum result extend_message(struct flow *flow, const struct actor *actor, const struct extend_request *request,
	int64_t now, int64_t *ret_latest, struct err *err)
{
	struct extending extending = {.flow = flow, .actor = actor, .request = request, .now = now};

	enum result result = db_write(flow_db(flow), extend_in_tx, &extending, err);
	*ret_latest = extending.latest;
	return result;
}
