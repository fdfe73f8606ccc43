#include "flow/destroyed.h"

#include "base/list.h"
#include "base/mem.h"
#include "flow/destruction_file.h"
#include "flow/quotes.h"
#include "store/act_write.h"
#include "store/copy_write.h"
#include "store/destruction_write.h"
#include "store/event_write.h"
#include "store/message.h"
#include "store/recall.h"

#define AT_ONCE 500
/* Of one call, so that other work of the same thread has its turn; the next goes on. */
#define ROUNDS_MAX 20

struct listing {
	struct arena arena;
	struct list lines; /* struct destruction_line */
	bool more;
	int64_t end;
};

static struct destruction_line *add_line(struct listing *l)
{
	struct destruction_line *line = list_add(&l->lines);

	*line = (struct destruction_line){0};
	return line;
}

static void add_acts(struct listing *l, const struct act *acts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct destruction_line *line = add_line(l);
		line->is_act = true;
		line->act = acts[i];
	}
}

static enum result add_keys(
	struct tx *tx, struct listing *l, const struct destruction *keys, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct act acts[ACTS_OF_COPY_MAX];
		size_t act_count;
		TRY(act_list_of_copy(tx, keys[i].holder_id, acts, &act_count, err));
		add_acts(l, acts, act_count);
		add_line(l)->key = keys[i];
	}
	return RESULT_OK;
}

/* Acts stand before the keys that they destroyed, so they are looked for after those. */
static enum result read_unlisted(struct tx *tx, void *context, struct err *err)
{
	struct listing *l = context;
	struct destruction *keys;
	struct act *acts;
	size_t count, act_count;

	l->lines = list_new(&l->arena, sizeof(struct destruction_line));
	TRY(destruction_list_unlisted(tx, AT_ONCE, &l->arena, &keys, &count, err));
	TRY(act_list_unlisted(tx, AT_ONCE, &l->arena, &acts, &act_count, err));
	add_acts(l, acts, act_count);
	l->more = count == AT_ONCE || act_count >= AT_ONCE;
	return act_count < AT_ONCE ? add_keys(tx, l, keys, count, err) : RESULT_OK;
}

static enum result set_listed(struct tx *tx, void *context, struct err *err)
{
	const struct listing *l = context;
	const struct destruction_line *lines = l->lines.items;

	for (size_t i = 0; i < l->lines.count; i++) {
		if (!lines[i].is_act)
			TRY(destruction_set_listed(tx, lines[i].key.holder_id, err));
		else if (lines[i].act.kind == ACT_RECALL || lines[i].act.kind == ACT_EXTENDED)
			TRY(act_set_listed(tx, &lines[i].act, err));
	}
	return destruction_set_seen(tx, l->end, err);
}

/* First the file, then the mark: what a crash between them repeats in the file does no harm. */
static enum result list_some(struct flow *flow, const char *path, struct listing *l, struct err *err)
{
	TRY(db_read(flow_db(flow), read_unlisted, l, err));
	if (l->lines.count == 0)
		return RESULT_OK;
	TRY(destruction_file_append(path, l->lines.items, l->lines.count, &l->end, err));
	return db_write(flow_db(flow), set_listed, l, err);
}

enum result destroyed_list(struct flow *flow, const char *path, struct err *err)
{
	enum result result = RESULT_OK;
	bool more = true;

	for (int i = 0; i < ROUNDS_MAX && more && result == RESULT_OK; i++) {
		struct listing listing = {0};
		result = list_some(flow, path, &listing, err);
		more = listing.more;
		arena_done(&listing.arena);
	}
	return result;
}

struct repeating {
	struct flow *flow;
	const struct actor *actor;
	bool is_own;
	int64_t now;
	int64_t at; /* how far the file is read */
	struct destruction_line *lines;
	size_t count;
	size_t keys; /* of these lines, destroyed again */
	size_t acts; /* of these lines, done again */
};

/* A copy that cannot be opened any more is in no list; of a message that has expired it stays, as always. */
static enum result take_copy(
	struct tx *tx, const struct repeating *r, const struct copy *copy, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message message;

	TRY(message_find(tx, copy->account_id, copy->message_id, &arena, &message, err));
	if (!message.expires_at || message.expires_at > r->now)
		TRY(copy_leave_folder(tx, copy, err));
	struct event event = {.account_id = copy->account_id,
		.at = r->now,
		.kind = STR(EVENT_DESTROYED_AGAIN),
		.message_id = copy->message_id,
		.person_id = copy->person_id,
		.origin = r->actor->origin};
	return event_record(tx, &event, err);
}

static enum result repeat_line(
	struct tx *tx, struct repeating *r, const struct destruction *line, struct err *err)
{
	struct copy copy;
	bool done;

	TRY(destruction_repeat(tx, line, r->is_own, &done, err));
	if (!done)
		return RESULT_OK;
	r->keys++;
	enum result found = copy_find_any(tx, line->holder_id, &copy, err);
	if (found == RESULT_NOT_FOUND) /* the message's own key */
		return RESULT_OK;
	TRY(found);
	return take_copy(tx, r, &copy, err);
}

static enum result note_done(
	struct tx *tx, struct repeating *r, const struct act *act, struct id account_id, struct err *err)
{
	struct event event = {.account_id = account_id,
		.at = r->now,
		.kind = STR(EVENT_DONE_AGAIN),
		.actor_id = act->actor_id,
		.message_id = act->message_id,
		.origin = r->actor->origin,
		.detail = act->kind == ACT_RECALL ? STR("recalled") : STR("extended")};

	return event_record(tx, &event, err);
}

static enum result repeat_message_act(
	struct tx *tx, struct repeating *r, const struct act *act, struct err *err)
{
	struct id account_id;
	size_t quotes;
	bool done;

	TRY(act_repeat(tx, act, r->is_own, &done, &account_id, err));
	if (!done)
		return RESULT_OK;
	r->acts++;
	if (act->kind == ACT_RECALL && act->scope == ACT_WITH_QUOTES)
		TRY(quotes_recall(tx, act->message_id, act->at, &quotes, err));
	return note_done(tx, r, act, account_id, err);
}

/* A recall that this database does not have, since a crash cut its line, takes the key only. */
static enum result repeat_copy_act(struct tx *tx, struct repeating *r, const struct act *act, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct recall recall;
	struct copy copy;
	bool done;

	enum result found = copy_find_any(tx, act->id, &copy, err);
	if (found == RESULT_OK && act->kind == ACT_TAKEN)
		found = recall_find(tx, act->recall_id, &arena, &recall, err);
	if (found == RESULT_NOT_FOUND ||
		(found == RESULT_OK && act->kind == ACT_DELETED && copy.destroyed_at))
		return RESULT_OK;
	TRY(found);
	TRY(copy_hold(tx, act->id, &copy, err));
	if (act->kind == ACT_DELETED) {
		r->acts++;
		return copy_destroy(tx, &copy, act->at, err);
	}
	TRY(copy_recall(tx, &copy, act->recall_id, &done, err));
	r->acts += done;
	return RESULT_OK;
}

static enum result repeat_act(struct tx *tx, struct repeating *r, const struct act *act, struct err *err)
{
	if (act->kind == ACT_RECALL || act->kind == ACT_EXTENDED)
		return repeat_message_act(tx, r, act, err);
	return repeat_copy_act(tx, r, act, err);
}

static enum result repeat_lines(struct tx *tx, void *context, struct err *err)
{
	struct repeating *r = context;

	r->keys = r->acts = 0;
	for (size_t i = 0; i < r->count; i++)
		TRY(r->lines[i].is_act ? repeat_act(tx, r, &r->lines[i].act, err)
				       : repeat_line(tx, r, &r->lines[i].key, err));
	return r->is_own ? destruction_set_seen(tx, r->at, err) : RESULT_OK;
}

static enum result repeat_some(
	struct repeating *r, const char *path, struct destroyed_again *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	int64_t before = r->at;
	size_t bad;

	r->lines = arena_array(&arena, struct destruction_line, DESTRUCTION_LINES_AT_ONCE);
	TRY(destruction_file_read(path, &r->at, &arena, r->lines, &r->count, &bad, err));
	if (r->at == before)
		return RESULT_OK;
	TRY(db_write(flow_db(r->flow), repeat_lines, r, err));
	ret->lines += r->count + bad;
	ret->bad += bad;
	ret->keys += r->keys;
	ret->acts += r->acts;
	return RESULT_OK;
}

static enum result repeat_rest(
	struct repeating *r, const char *path, struct destroyed_again *ret, struct err *err)
{
	for (int64_t before = -1; r->at != before;) {
		before = r->at;
		TRY(repeat_some(r, path, ret, err));
	}
	return RESULT_OK;
}

static enum result read_seen(struct tx *tx, void *context, struct err *err)
{
	return destruction_seen(tx, context, err);
}

static enum result list_anew(struct tx *tx, void *context, struct err *err)
{
	(void)context;
	TRY(act_list_anew(tx, err));
	return destruction_list_anew(tx, err);
}

enum result destroyed_catch_up(
	struct flow *flow, const char *path, int64_t now, struct destroyed_again *ret, struct err *err)
{
	const struct actor actor = {0};
	struct repeating repeating = {.flow = flow, .actor = &actor, .is_own = true, .now = now};
	int64_t size;

	*ret = (struct destroyed_again){0};
	TRY(destruction_file_size(path, &size, err));
	TRY(db_read(flow_db(flow), read_seen, &repeating.at, err));
	if (size < repeating.at) {
		ret->is_foreign = true;
		repeating.at = 0;
		TRY(db_write(flow_db(flow), list_anew, NULL, err));
	}
	return size > repeating.at ? repeat_rest(&repeating, path, ret, err) : RESULT_OK;
}

enum result destroyed_repeat(struct flow *flow, const char *path, bool is_own, const struct actor *actor,
	int64_t now, struct destroyed_again *ret, struct err *err)
{
	struct repeating repeating = {.flow = flow, .actor = actor, .is_own = is_own, .now = now};

	*ret = (struct destroyed_again){0};
	return repeat_rest(&repeating, path, ret, err);
}
