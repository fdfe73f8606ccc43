#include "flow/sending.h"

#include "base/limits.h"
#include "store/licence_write.h"
#include "store/sending_write.h"

int64_t sending_month_of(const struct flow *flow, const struct flow_account *account, int64_t now)
{
	struct wall_time wall = zone_wall_time(flow_account_zone(flow, account), now);

	return (int64_t)wall.year * 12 + wall.month - 1;
}

static int64_t next_month_begins(const struct flow *flow, const struct flow_account *account, int64_t now)
{
	const struct zone *zone = flow_account_zone(flow, account);
	struct wall_time wall = zone_wall_time(zone, now);

	return zone_day_begins(zone, zone_month_begins(wall.year, wall.month + 1));
}

enum result sending_room_of(struct tx *tx, const struct flow *flow, const struct flow_account *account,
	struct id person_id, int64_t now, struct sending_room *ret, struct err *err)
{
	int64_t more;

	TRY(sending_packs(tx, person_id, now, &more, err));
	TRY(sending_count(tx, person_id, sending_month_of(flow, account, now), &ret->count, err));
	ret->limit = LIMIT_SENDING_RECIPIENTS + more;
	ret->resets_at = next_month_begins(flow, account, now);
	return RESULT_OK;
}

struct room_query {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct sending_room room;
};

static enum result read_room(struct tx *tx, void *context, struct err *err)
{
	struct room_query *q = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;

	TRY(flow_account_load(q->flow, tx, q->actor->account_id, &arena, &account, err));
	return sending_room_of(tx, q->flow, &account, q->actor->person_id, q->now, &q->room, err);
}

enum result sending_room(
	struct flow *flow, const struct actor *actor, int64_t now, struct sending_room *ret, struct err *err)
{
	struct room_query query = {.flow = flow, .actor = actor, .now = now};

	TRY(db_read(flow_db(flow), read_room, &query, err));
	*ret = query.room;
	return RESULT_OK;
}

/* Where licences are limited, who sends first takes one, unless administrators alone give them. */
static enum result need_licence(
	struct tx *tx, const struct flow_account *account, struct id person_id, int64_t now, struct err *err)
{
	struct licence_terms terms;
	bool has;

	TRY(licence_terms_find(tx, account->account.id, &terms, err));
	if (terms.count < 0)
		return RESULT_OK;
	TRY(licence_has(tx, person_id, &has, err));
	if (has)
		return RESULT_OK;
	enum result taken = licence_take(tx, account->account.id, person_id, true, now, err);
	if (taken != RESULT_DENIED)
		return taken;
	return err_code(err, RESULT_DENIED, "not-licensed",
		"the mail has to be secured, and this sender has no licence for secure messages; please ask "
		"your administrator");
}

static enum result refuse_over(const struct flow *flow, const struct flow_account *account,
	const struct sending_room *room, int64_t more, struct err *err)
{
	const struct zone *zone = flow_account_zone(flow, account);
	struct wall_time wall = zone_wall_time(zone, room->resets_at);

	return err_code(err, RESULT_DENIED, "sending-limit",
		"secure messages go to at most %lld different recipients outside a month: this sender has "
		"written to %lld, and this message would add %lld; the count begins again on %04d-%02d-%02d",
		(long long)room->limit, (long long)room->count, (long long)more, wall.year, wall.month,
		wall.day);
}

enum result sending_accept(struct tx *tx, const struct flow *flow, const struct flow_account *account,
	struct id sender_id, const struct id *recipient_ids, size_t count, int64_t now, struct err *err)
{
	int64_t month = sending_month_of(flow, account, now), more = 0;
	struct sending_room room;
	bool is_new, taken;

	TRY(need_licence(tx, account, sender_id, now, err));
	if (count == 0)
		return RESULT_OK;
	TRY(sending_hold(tx, sender_id, month, err));
	for (size_t i = 0; i < count; i++) {
		TRY(sending_add(tx, sender_id, month, recipient_ids[i], now, &is_new, err));
		more += is_new;
	}
	/* Whoever was written to this month may be again, also past a limit that was lowered since. */
	if (more == 0)
		return RESULT_OK;
	TRY(sending_room_of(tx, flow, account, sender_id, now, &room, err));
	TRY(sending_take(tx, sender_id, month, more, room.limit, &taken, err));
	return taken ? RESULT_OK : refuse_over(flow, account, &room, more, err);
}
