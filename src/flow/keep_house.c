#include "flow/keep_house.h"

#include "base/list.h"
#include "blob/blob.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/code_write.h"
#include "store/delivery.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/session_write.h"
#include "store/wrap_write.h"

#define AT_ONCE 500
/* No transaction that adds an event takes longer; only then can no earlier event still come. */
#define SETTLED_MS (2 * MS_MINUTE)
#define CLAIMS_MS (24 * MS_HOUR)
/* Longer than any intake: a blob without a row that is older was left by a crash. */
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
	struct list blobs; /* of struct id: to be deleted once the transaction is through */
};

/* Content that nobody will ask for any more goes, its key first. What still waits keeps it a while longer. */
static enum result remove_content(struct tx *tx, struct house *house, struct err *err)
{
	struct id *ids;
	size_t count;

	TRY(message_list_content_ended(tx, house->now, AT_ONCE, &house->arena, &ids, &count, err));
	for (size_t i = 0; i < count; i++) {
		int64_t waiting;
		bool in_blob;
		TRY(delivery_count_waiting(tx, ids[i], &waiting, err));
		if (waiting) {
			TRY(message_set_content_end(tx, ids[i], house->now + MS_HOUR, err));
			continue;
		}
		TRY(wrap_destroy(tx, ids[i], err));
		TRY(message_remove_content(tx, ids[i], &in_blob, err));
		if (in_blob)
			*(struct id *)list_add(&house->blobs) = ids[i];
	}
	return RESULT_OK;
}

static enum result keep_house_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct house *house = context;
	int64_t now = house->now;

	/* A transaction may be tried again from the start. */
	house->blobs = list_new(&house->arena, sizeof(struct id));
	TRY(chain_events(tx, now, err));
	TRY(session_remove_ended(tx, now, AT_ONCE, err));
	TRY(code_remove_expired(tx, now - MS_DAY, AT_ONCE, err));
	TRY(attempt_remove_ended(tx, now, AT_ONCE, err));
	TRY(remove_content(tx, house, err));
	return message_claims_forget(tx, now - CLAIMS_MS, AT_ONCE, err);
}

enum result keep_house(struct flow *flow, int64_t now, struct err *err)
{
	struct house house = {.now = now};

	enum result result = db_write(flow_db(flow), keep_house_in_tx, &house, err);
	const struct id *blobs = house.blobs.items;
	for (size_t i = 0; i < house.blobs.count && result == RESULT_OK; i++)
		result = blob_delete(flow_blobs(flow), blobs[i], err);
	arena_done(&house.arena);
	return result;
}

struct sweep {
	struct flow *flow;
	struct id name;
	int64_t now;
	bool is_known;
	size_t count;
};

static enum result is_known(struct tx *tx, void *context, struct err *err)
{
	struct sweep *sweep = context;

	return message_has_blob(tx, sweep->name, &sweep->is_known, err);
}

static enum result sweep_blob(void *context, struct id name, struct err *err)
{
	struct sweep *sweep = context;

	if (id_time(name) > sweep->now - ORPHAN_MS)
		return RESULT_OK;
	sweep->name = name;
	TRY(db_read(flow_db(sweep->flow), is_known, sweep, err));
	if (sweep->is_known)
		return RESULT_OK;
	sweep->count++;
	return blob_delete(flow_blobs(sweep->flow), name, err);
}

enum result keep_house_blobs(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	struct sweep sweep = {.flow = flow, .now = now};

	enum result result = blob_each(flow_blobs(flow), sweep_blob, &sweep, err);
	*ret_count = sweep.count;
	return result;
}
