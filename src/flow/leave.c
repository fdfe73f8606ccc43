#include "flow/leave.h"

#include "flow/compose.h"
#include "flow/draft_private.h"
#include "flow/inquiry.h"
#include "flow/mail_out.h"
#include "store/draft_write.h"
#include "store/event_write.h"
#include "store/person.h"

#define AT_ONCE 50
/* Whoever sends it has so long until another may. A failure that passes is tried again after it. */
#define LEASE_MS MS_MINUTE
#define TRIES_MS MS_HOUR

struct undoing {
	const struct actor *actor;
	struct id id;
};

static enum result undo(struct tx *tx, void *context, struct err *err)
{
	const struct undoing *u = context;
	cleanup(arena_done) struct arena arena = {0};
	struct draft draft;
	bool done;

	TRY(draft_undo(tx, u->actor->person_id, u->id, &done, err));
	if (done)
		return RESULT_OK;
	TRY(draft_find_any(tx, u->actor->person_id, u->id, &arena, &draft, err));
	if (draft.state == DRAFT_OPEN)
		return RESULT_OK;
	if (id_is_none(draft.message_id))
		return err_set(err, RESULT_NOT_FOUND, "it was thrown away");
	return err_code(err, RESULT_CONFLICT, "has-left", "it has left already");
}

enum result leave_undo(struct flow *flow, const struct actor *actor, struct id id, struct err *err)
{
	struct undoing undoing = {actor, id};

	return db_write(flow_db(flow), undo, &undoing, err);
}

/* One that leaves. */
struct leaving {
	struct flow *flow;
	struct draft draft;
	int64_t now;
	struct arena arena;
	struct actor actor;
	struct draft_text text;
	bool is_mine;
	struct err why;
};

static enum result claim(struct tx *tx, void *context, struct err *err)
{
	struct leaving *l = context;
	struct flow_account account;
	struct draft draft;

	TRY(draft_leave_later(tx, &l->draft, l->now + LEASE_MS, &l->is_mine, err));
	if (!l->is_mine)
		return RESULT_OK;
	TRY(draft_find(tx, l->draft.person_id, l->draft.id, true, &l->arena, &draft, err));
	TRY(flow_account_load(l->flow, tx, draft.account_id, &l->arena, &account, err));
	TRY(draft_text_open(tx, &account, &draft, &l->arena, &l->text, err));
	l->actor.origin = l->text.origin;
	if (!id_parse(l->text.self, &l->actor.self_id))
		l->actor.self_id = (struct id){{0}};
	return RESULT_OK;
}

static enum result send(struct leaving *l, struct err *err)
{
	cleanup(draft_files_free) struct draft_files files = {0};
	const struct draft_text *text = &l->text;
	struct id copy_id;

	TRY(draft_files_open_leaving(l->flow, &l->actor, l->draft.id, &l->arena, &files, err));
	struct written written = {.text = text->text,
		.html = text->html,
		.files = files.files,
		.file_count = files.count,
		.leaves_at = l->draft.leaves_at};
	if (!id_is_none(text->answers_id))
		return reply_send(l->flow, &l->actor, text->answers_id, text->answers_all, l->draft.id,
			&written, l->now, &copy_id, err);
	if (!id_is_none(text->inquiry_id))
		return inquiry_answer(
			l->flow, &l->actor, text->inquiry_id, l->draft.id, &written, l->now, &copy_id, err);
	struct compose_message message = {.to = text->to,
		.cc = text->cc,
		.bcc = text->bcc,
		.subject = text->subject,
		.definition_id = text->definition_id,
		.written = written};
	return compose_send(l->flow, &l->actor, &message, l->draft.id, l->now, &copy_id, err);
}

/* Whoever closed the page believes it was sent. */
static enum result tell_writer(struct tx *tx, const struct leaving *l, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person writer;

	TRY(flow_account_load(l->flow, tx, l->actor.account_id, &arena, &account, err));
	TRY(person_find(tx, l->actor.account_id, actor_self(&l->actor), &arena, &writer, err));
	return mail_out_notice(l->flow, tx, &account, DELIVERY_NOT_SENT, writer.address, (struct id){{0}},
		STR_NONE, l->now, err);
}

static enum result refuse(struct tx *tx, void *context, struct err *err)
{
	const struct leaving *l = context;
	const char *code = l->why.code ? l->why.code : "failed";
	struct event event = {.account_id = l->actor.account_id,
		.at = l->now,
		.kind = STR(EVENT_MESSAGE_NOT_SENT),
		.actor_id = actor_self(&l->actor),
		.origin = l->actor.origin,
		.detail = str_of(code)};
	bool done;

	TRY(draft_refuse(tx, &l->draft, code, l->now, &done, err));
	if (!done)
		return RESULT_OK;
	TRY(event_record(tx, &event, err));
	return tell_writer(tx, l, err);
}

static bool may_pass(enum result result)
{
	return result == RESULT_UNAVAILABLE || result == RESULT_INTERNAL;
}

/* *ret_sent: it is a message now. */
static enum result leave(struct leaving *l, bool *ret_sent, struct err *err)
{
	*ret_sent = false;
	TRY(db_write(flow_db(l->flow), claim, l, err));
	if (!l->is_mine)
		return RESULT_OK;
	l->draft.leaves_at = l->now + LEASE_MS;
	enum result result = send(l, &l->why);
	*ret_sent = result == RESULT_OK;
	if (result == RESULT_OK)
		return RESULT_OK;
	if (may_pass(result) && l->now - l->draft.saved_at < TRIES_MS) {
		if (err)
			*err = l->why;
		return result;
	}
	/* Of what was taken back meanwhile this finds nothing to change. */
	return db_write(flow_db(l->flow), refuse, l, err);
}

static enum result leave_one(
	struct flow *flow, const struct draft *draft, int64_t now, bool *ret_sent, struct err *err)
{
	struct leaving leaving = {.flow = flow,
		.draft = *draft,
		.now = now,
		.actor = {.account_id = draft->account_id, .person_id = draft->person_id}};

	enum result result = leave(&leaving, ret_sent, err);
	arena_done(&leaving.arena);
	return result;
}

struct looking {
	const struct actor *actor; /* whose, or NULL */
	struct id id;
	int64_t now;
	struct arena arena;
	struct draft *drafts;
	size_t count;
};

static enum result look_for_due(struct tx *tx, void *context, struct err *err)
{
	struct looking *l = context;

	return draft_list_due(tx, l->now, AT_ONCE, &l->arena, &l->drafts, &l->count, err);
}

static enum result look_for_one(struct tx *tx, void *context, struct err *err)
{
	struct looking *l = context;

	l->drafts = arena_alloc(&l->arena, sizeof(*l->drafts));
	return draft_find_any(tx, l->actor->person_id, l->id, &l->arena, l->drafts, err);
}

static enum result look_for_all(struct tx *tx, void *context, struct err *err)
{
	struct looking *l = context;

	return draft_list(tx, l->id, DRAFTS_MAX, &l->arena, &l->drafts, &l->count, err);
}

enum result leave_all(struct flow *flow, const struct actor *actor, int64_t now, struct err *err)
{
	struct looking looking = {.id = actor_self(actor)};
	enum result result = db_read(flow_db(flow), look_for_all, &looking, err);
	bool sent;

	for (size_t i = 0; i < looking.count && result == RESULT_OK; i++)
		if (looking.drafts[i].leaves_at > 0)
			result = leave_one(flow, &looking.drafts[i], now, &sent, err);
	arena_done(&looking.arena);
	return result;
}

enum result leave_now(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct looking looking = {.actor = actor, .id = id};
	bool sent;

	enum result result = db_read(flow_db(flow), look_for_one, &looking, err);
	if (result == RESULT_OK && looking.drafts->leaves_at > 0)
		result = leave_one(flow, looking.drafts, now, &sent, err);
	arena_done(&looking.arena);
	return result;
}

enum result leave_due(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	struct looking looking = {.now = now};
	enum result result = db_read(flow_db(flow), look_for_due, &looking, err);

	*ret_count = 0;
	for (size_t i = 0; i < looking.count; i++) {
		bool sent;
		enum result one = leave_one(flow, &looking.drafts[i], now, &sent, err);
		*ret_count += sent;
		result = one == RESULT_OK ? result : one;
	}
	arena_done(&looking.arena);
	return result;
}
