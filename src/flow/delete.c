#include "flow/delete.h"

#include "flow/chosen.h"
#include "store/copy_write.h"
#include "store/event_write.h"
#include "store/wrap_write.h"

struct deletion {
	const struct actor *actor;
	enum delete_verb verb;
	struct chosen chosen;
	int64_t now;
	size_t done;
	struct delete_facts facts;
};

static enum result add_event(
	struct tx *tx, const struct deletion *d, const struct copy *copy, struct err *err)
{
	static const char *const kinds[] = {
		[DELETE_TO_FOLDER] = EVENT_COPY_DELETED,
		[DELETE_UNDO] = EVENT_COPY_RESTORED,
		[DELETE_FOR_GOOD] = EVENT_COPY_DESTROYED,
	};
	struct event event = {.account_id = copy->account_id,
		.at = d->now,
		.kind = str_of(kinds[d->verb]),
		.actor_id = actor_self(d->actor),
		.message_id = copy->message_id,
		.person_id = copy->person_id,
		.origin = d->actor->origin,
		.detail = copy->is_owner ? STR("own message") : STR_NONE};

	return event_record(tx, &event, err);
}

static bool may_move(enum delete_verb verb, const struct copy *held)
{
	if (verb == DELETE_TO_FOLDER)
		return held->folder == FOLDER_INBOX || held->folder == FOLDER_SENT;
	return held->folder == FOLDER_DELETED;
}

static enum result move(struct tx *tx, const struct deletion *d, const struct copy *held, struct err *err)
{
	switch (d->verb) {
	case DELETE_TO_FOLDER:
		return copy_delete(tx, held, err);
	case DELETE_UNDO:
		return copy_restore(tx, held, err);
	case DELETE_FOR_GOOD:
		TRY(copy_destroy(tx, held, d->now, err));
		return wrap_destroy_for_good(tx, held->id, held->message_id, d->now, err);
	}
	return err_set(err, RESULT_INTERNAL, "no such verb");
}

static enum result delete_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct copy held[LIMIT_CHOSEN_MESSAGES];
	struct deletion *d = context;

	d->done = 0; /* a transaction may run again */
	/* All of them are held before the first count changes: readers hold one copy and then the counts. */
	for (size_t i = 0; i < d->chosen.count; i++) {
		TRY(copy_find(tx, d->actor->person_id, d->chosen.ids[i], &held[i], err));
		TRY(copy_hold(tx, d->chosen.ids[i], &held[i], err));
	}
	for (size_t i = 0; i < d->chosen.count; i++) {
		if (!may_move(d->verb, &held[i]))
			continue;
		TRY(move(tx, d, &held[i], err));
		TRY(add_event(tx, d, &held[i], err));
		d->done++;
	}
	return RESULT_OK;
}

enum result delete_copies(struct flow *flow, const struct actor *actor, enum delete_verb verb,
	const struct id *copies, size_t count, int64_t now, size_t *ret_done, struct err *err)
{
	struct deletion deletion = {.actor = actor, .verb = verb, .now = now};

	TRY(chosen_sort(copies, count, &deletion.chosen, err));
	TRY(db_write(flow_db(flow), delete_in_tx, &deletion, err));
	*ret_done = deletion.done;
	return RESULT_OK;
}

static enum result look_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct deletion *d = context;

	d->facts = (struct delete_facts){0};
	for (size_t i = 0; i < d->chosen.count; i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct message message;
		struct copy copy;
		TRY(copy_find(tx, d->actor->person_id, d->chosen.ids[i], &copy, err));
		if (copy.folder != FOLDER_DELETED)
			continue;
		TRY(message_find(tx, copy.account_id, copy.message_id, &arena, &message, err));
		bool has_ended = message.recalled_at || (message.expires_at && d->now >= message.expires_at);
		d->facts.count++;
		d->facts.own += copy.is_owner && !has_ended;
	}
	return RESULT_OK;
}

enum result delete_look(struct flow *flow, const struct actor *actor, const struct id *copies, size_t count,
	int64_t now, struct delete_facts *ret, struct err *err)
{
	struct deletion deletion = {.actor = actor, .now = now};

	TRY(chosen_sort(copies, count, &deletion.chosen, err));
	TRY(db_read(flow_db(flow), look_in_tx, &deletion, err));
	*ret = deletion.facts;
	return RESULT_OK;
}
