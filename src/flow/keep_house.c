#include "flow/keep_house.h"

#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/code_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/session_write.h"
#include "store/wrap_write.h"

#define AT_ONCE 500
/* No transaction that adds an event takes longer; only then can no earlier event still come. */
#define SETTLED_MS (2 * MS_MINUTE)
#define CLAIMS_MS (24 * MS_HOUR)

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

static enum result keep_house_in_tx(struct tx *tx, void *context, struct err *err)
{
	int64_t now = *(const int64_t *)context;

	TRY(chain_events(tx, now, err));
	TRY(session_remove_ended(tx, now, AT_ONCE, err));
	TRY(code_remove_expired(tx, now - MS_DAY, AT_ONCE, err));
	TRY(attempt_remove_ended(tx, now, AT_ONCE, err));
	TRY(wrap_destroy_relayed(tx, now - CLAIMS_MS, AT_ONCE, err));
	return message_claims_forget(tx, now - CLAIMS_MS, AT_ONCE, err);
}

enum result keep_house(struct flow *flow, int64_t now, struct err *err)
{
	return db_write(flow_db(flow), keep_house_in_tx, &now, err);
}
