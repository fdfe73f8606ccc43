#include "flow/destroyed.h"

#include "flow/destruction_file.h"
#include "store/copy_write.h"
#include "store/destruction_write.h"
#include "store/event_write.h"
#include "store/message.h"

#define AT_ONCE 500
/* Of one call, so that other work of the same thread has its turn; the next goes on. */
#define ROUNDS_MAX 20

struct listing {
	struct arena arena;
	struct destruction *list;
	size_t count;
	int64_t end;
};

static enum result read_unlisted(struct tx *tx, void *context, struct err *err)
{
	struct listing *l = context;

	return destruction_list_unlisted(tx, AT_ONCE, &l->arena, &l->list, &l->count, err);
}

static enum result set_listed(struct tx *tx, void *context, struct err *err)
{
	const struct listing *l = context;

	for (size_t i = 0; i < l->count; i++)
		TRY(destruction_set_listed(tx, l->list[i].holder_id, err));
	return destruction_set_seen(tx, l->end, err);
}

/* First the file, then the mark: what a crash between them repeats in the file does no harm. */
static enum result list_some(
	struct flow *flow, const char *path, struct listing *l, bool *ret_more, struct err *err)
{
	TRY(db_read(flow_db(flow), read_unlisted, l, err));
	*ret_more = l->count == AT_ONCE;
	if (l->count == 0)
		return RESULT_OK;
	TRY(destruction_file_append(path, l->list, l->count, &l->end, err));
	return db_write(flow_db(flow), set_listed, l, err);
}

enum result destroyed_list(struct flow *flow, const char *path, struct err *err)
{
	enum result result = RESULT_OK;
	bool more = true;

	for (int i = 0; i < ROUNDS_MAX && more && result == RESULT_OK; i++) {
		struct listing listing = {0};
		result = list_some(flow, path, &listing, &more, err);
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
	struct destruction lines[DESTRUCTION_LINES_AT_ONCE];
	size_t count;
	size_t keys; /* of these lines */
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

static enum result repeat_lines(struct tx *tx, void *context, struct err *err)
{
	struct repeating *r = context;

	r->keys = 0;
	for (size_t i = 0; i < r->count; i++)
		TRY(repeat_line(tx, r, &r->lines[i], err));
	return r->is_own ? destruction_set_seen(tx, r->at, err) : RESULT_OK;
}

static enum result repeat_rest(
	struct repeating *r, const char *path, struct destroyed_again *ret, struct err *err)
{
	int64_t before = -1;
	size_t bad;

	while (r->at != before) {
		before = r->at;
		TRY(destruction_file_read(path, &r->at, r->lines, &r->count, &bad, err));
		if (r->at == before)
			break;
		TRY(db_write(flow_db(r->flow), repeat_lines, r, err));
		ret->lines += r->count + bad;
		ret->bad += bad;
		ret->keys += r->keys;
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
