#include "flow/refuse.h"

#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/event_write.h"

#define EVENTS_PER_HOUR 20

struct refusal {
	struct id account_id;
	struct str origin;
	const struct err *why;
	int64_t now;
};

bool is_refusal(enum result result)
{
	return result == RESULT_INVALID || result == RESULT_DENIED || result == RESULT_TOO_LARGE ||
	       result == RESULT_CONFLICT || result == RESULT_GONE;
}

static enum result record(struct tx *tx, void *context, struct err *err)
{
	const struct refusal *r = context;
	cleanup(arena_done) struct arena arena = {0};
	const char *code = r->why->code ? r->why->code : "refused";
	struct str kind = arena_printf(&arena, "refused\n%s\n%s", id_text(r->account_id).s, code);
	uint8_t key[HASH_BYTES];
	int64_t count;

	hash_bytes(str_bytes(kind), key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, r->now, MS_HOUR, &count, err));
	if (count > EVENTS_PER_HOUR)
		return RESULT_OK;
	struct event event = {.account_id = r->account_id,
		.at = r->now,
		.kind = str_of(EVENT_MAIL_REFUSED),
		.origin = r->origin,
		.detail = arena_printf(&arena, "%s: %s%s", code, r->why->text,
			count == EVENTS_PER_HOUR ? " (more of this hour are not listed)" : "")};
	return event_record(tx, &event, err);
}

void refuse_record(
	struct flow *flow, struct id account_id, struct str origin, const struct err *why, int64_t now)
{
	struct refusal refusal = {account_id, origin, why, now};

	(void)!db_write(flow_db(flow), record, &refusal, NULL);
}
