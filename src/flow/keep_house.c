#include "flow/keep_house.h"

#include "base/limits.h"
#include "base/list.h"
#include "blob/blob.h"
#include "flow/draft.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/code_write.h"
#include "store/delivery.h"
#include "store/device_write.h"
#include "store/draft_write.h"
#include "store/event_write.h"
#include "store/factor_write.h"
#include "store/inquiry_write.h"
#include "store/message_write.h"
#include "store/passkey_write.h"
#include "store/sealed_body.h"
#include "store/sending_write.h"
#include "store/session_write.h"
#include "store/wrap_write.h"

#include <assert.h>

#define AT_ONCE 500
/* No transaction that adds an event takes longer; only then can no earlier event still come. */
#define SETTLED_MS (2 * MS_MINUTE)
/* Longer than any month: whom a sender wrote to is not counted any more. */
#define COUNTED_MS (40 * MS_DAY)
#define CLAIMS_MS (24 * MS_HOUR)
/* Longer than any intake: a blob without a row that is older was left by a crash, or is a pack that all have
 * left. */
#define ORPHAN_MS (7 * MS_DAY)

/* The hash of an event over the one before it: every field, each with its length. */
static void chain_hash(
	struct bytes before, const struct event *event, int64_t seq, uint8_t ret[static HASH_BYTES])
{
	cleanup(arena_done) struct arena arena = {0};
	struct str fields =
		arena_printf(&arena, "%lld\n%s\n%lld\n%zu:%.*s\n%s\n%s\n%s\n%s\n%zu:%.*s\n%zu:%.*s\n",
			(long long)seq, id_text(event->id).s, (long long)event->at, event->kind.len,
			STR_ARG(event->kind), id_text(event->actor_id).s, id_text(event->message_id).s,
			id_text(event->person_id).s, id_text(event->delivery_id).s, event->origin.len,
			STR_ARG(event->origin), event->detail.len, STR_ARG(event->detail));
	struct hash hash;

	hash_init(&hash);
	hash_add(&hash, bytes_str(before));
	hash_add(&hash, fields);
	hash_final(&hash, ret);
}

static enum result chain_events(struct tx *tx, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct event *events;
	size_t count;
	struct id account = {0};
	int64_t seq = 0;
	struct bytes last = {0};

	TRY(event_list_unchained(tx, now - SETTLED_MS, AT_ONCE, &arena, &events, &count, err));
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !id_equal(account, events[i].account_id)) {
			account = events[i].account_id;
			TRY(event_chain_end(tx, account, &arena, &seq, &last, err));
		}
		uint8_t *hash = arena_alloc(&arena, HASH_BYTES);
		chain_hash(last, &events[i], ++seq, hash);
		last = (struct bytes){hash, HASH_BYTES};
		TRY(event_chain(tx, &events[i], seq, last, err));
	}
	return RESULT_OK;
}

struct house {
	int64_t now;
	struct arena arena;
	struct list removed; /* of struct content_place: to be deleted once the transaction is through */
};

/* What still waits keeps its content a while longer; what was secured since it was listed keeps it for good.
 */
static enum result remove_content_of(struct tx *tx, struct house *house, struct id id, struct err *err)
{
	struct message_state state;
	int64_t waiting;
	struct content_place place;

	TRY(message_hold(tx, id, &state, err));
	if (state.kind == MESSAGE_SECURED || state.content_ends_at == 0)
		return RESULT_OK;
	TRY(delivery_count_waiting(tx, id, &waiting, err));
	if (waiting)
		return message_set_content_end(tx, id, house->now + MS_HOUR, err);
	TRY(wrap_destroy(tx, id, id, err));
	TRY(message_remove_content(tx, id, &place, err));
	*(struct content_place *)list_add(&house->removed) = place;
	return RESULT_OK;
}

/* Content that nobody will ask for any more goes, its key first. */
static enum result remove_content(struct tx *tx, struct house *house, struct err *err)
{
	struct id *ids;
	size_t count;

	TRY(message_list_content_ended(tx, house->now, AT_ONCE, &house->arena, &ids, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(remove_content_of(tx, house, ids[i], err));
	return RESULT_OK;
}

static enum result empty_draft(struct tx *tx, struct house *house, struct id id, struct err *err)
{
	struct draft_file *files;
	size_t count;

	TRY(wrap_destroy(tx, id, id, err));
	TRY(draft_file_list(tx, id, &house->arena, &files, &count, err));
	for (size_t i = 0; i < count; i++)
		*(struct content_place *)list_add(&house->removed) = files[i].place;
	return draft_empty(tx, id, err);
}

/* What was sent, thrown away, or forgotten by its writer. */
static enum result empty_drafts(struct tx *tx, struct house *house, struct err *err)
{
	struct id *ids;
	size_t count;

	TRY(draft_close_old(tx, house->now - DRAFTS_MS, house->now, err));
	TRY(draft_list_closed(tx, AT_ONCE, &house->arena, &ids, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(empty_draft(tx, house, ids[i], err));
	return draft_forget(tx, house->now - DRAFTS_CLOSED_MS, err);
}

static enum result keep_house_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct house *house = context;
	int64_t now = house->now;

	/* A transaction may be tried again from the start. */
	house->removed = list_new(&house->arena, sizeof(struct content_place));
	TRY(chain_events(tx, now, err));
	/* They still say whose a form is that comes late. */
	TRY(session_remove_ended(tx, now - LIMIT_LATE_FORM_MS, AT_ONCE, err));
	TRY(code_remove_expired(tx, now - MS_DAY, AT_ONCE, err));
	TRY(attempt_remove_ended(tx, now, AT_ONCE, err));
	TRY(device_remove_unused(tx, now - LIMIT_DEVICE_MS, AT_ONCE, err));
	TRY(challenge_remove_ended(tx, now, AT_ONCE, err));
	TRY(remembered_remove_ended(tx, now, AT_ONCE, err));
	TRY(remove_content(tx, house, err));
	TRY(empty_drafts(tx, house, err));
	TRY(inquiry_forget(tx, now - LIMIT_INQUIRY_KEPT_MS, AT_ONCE, err));
	TRY(sending_forget(tx, now - COUNTED_MS, AT_ONCE, err));
	return message_claims_forget(tx, now - CLAIMS_MS, AT_ONCE, err);
}

enum result keep_house(struct flow *flow, int64_t now, struct err *err)
{
	struct house house = {.now = now};

	enum result result = db_write(flow_db(flow), keep_house_in_tx, &house, err);
	const struct content_place *removed = house.removed.items;
	for (size_t i = 0; i < house.removed.count && result == RESULT_OK; i++)
		result = sealed_content_delete(flow_blobs(flow), &removed[i], err);
	arena_done(&house.arena);
	return result;
}

static_assert(ORPHAN_MS > 2 * BLOB_PACK_AGE_MS, "nobody appends to a pack that is swept");

struct sweep {
	struct flow *flow;
	struct id name;
	int64_t now;
	bool is_known;
	size_t count;
};

static enum result is_pack_known(struct tx *tx, void *context, struct err *err)
{
	struct sweep *sweep = context;

	TRY(message_any_in_pack(tx, sweep->name, &sweep->is_known, err));
	return sweep->is_known ? RESULT_OK : draft_any_in_pack(tx, sweep->name, &sweep->is_known, err);
}

static enum result is_known(struct tx *tx, void *context, struct err *err)
{
	struct sweep *sweep = context;

	TRY(message_has_blob(tx, sweep->name, &sweep->is_known, err));
	return sweep->is_known ? RESULT_OK : draft_has_blob(tx, sweep->name, &sweep->is_known, err);
}

/* Whether it is old and no row knows it. */
static enum result is_orphan(struct sweep *sweep, struct id name, db_work known, bool *ret, struct err *err)
{
	*ret = false;
	if (id_time(name) > sweep->now - ORPHAN_MS)
		return RESULT_OK;
	sweep->name = name;
	TRY(db_read(flow_db(sweep->flow), known, sweep, err));
	*ret = !sweep->is_known;
	sweep->count += *ret;
	return RESULT_OK;
}

static enum result sweep_blob(void *context, struct id name, struct err *err)
{
	struct sweep *sweep = context;
	bool orphan;

	TRY(is_orphan(sweep, name, is_known, &orphan, err));
	return orphan ? blob_delete(flow_blobs(sweep->flow), name, err) : RESULT_OK;
}

static enum result sweep_pack(void *context, struct id name, struct err *err)
{
	struct sweep *sweep = context;
	bool orphan;

	TRY(is_orphan(sweep, name, is_pack_known, &orphan, err));
	return orphan ? blob_pack_delete(flow_blobs(sweep->flow), name, err) : RESULT_OK;
}

enum result keep_house_blobs(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	struct sweep sweep = {.flow = flow, .now = now};

	enum result result = blob_each(flow_blobs(flow), sweep_blob, &sweep, err);
	if (result == RESULT_OK)
		result = blob_each_pack(flow_blobs(flow), sweep_pack, &sweep, err);
	*ret_count = sweep.count;
	return result;
}
