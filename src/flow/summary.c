#include "flow/summary.h"

#include "base/mem.h"
#include "flow/describe.h"
#include "flow/mail_out.h"
#include "flow/notice.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/event_write.h"
#include "store/telling_write.h"

#define AT_ONCE 500
/* What nobody was told of for so long, because no node ran or another setting held, is no news. */
#define NEWS_MS (7 * MS_DAY)
#define TOKEN_PURPOSE "summary"
#define TAG_BYTES 16

struct summaries {
	struct flow *flow;
	int64_t now;
	size_t sent;
};

/* One owner's mail in the making. */
struct telling_owner {
	struct summaries *run;
	const struct flow_account *account;
	int64_t day;
	const struct summary_due *due;
	size_t count;
	struct arena *arena;
	struct notice *items;
	size_t item_count;
	bool is_sent;
};

static const char *const matter_names[] = {[SUMMARY_FAILED] = "failed",
	[SUMMARY_EXPIRED] = "expired",
	[SUMMARY_ENDS_SOON] = "ends-soon",
	[SUMMARY_UNREAD] = "unread"};

static enum result note(
	struct tx *tx, const struct telling_owner *o, const struct summary_due *due, struct err *err)
{
	struct event event = {.account_id = o->account->account.id,
		.at = o->run->now,
		.kind = STR(EVENT_SUMMARY_TOLD),
		.message_id = due->message_id,
		.person_id = due->owner_id,
		.detail = str_of(matter_names[due->matter])};

	return event_record(tx, &event, err);
}

/* Whom it is about; nobody, when all have read meanwhile. */
static enum result list_people(struct tx *tx, const struct summary_due *due, struct arena *arena,
	struct str **ret, size_t *ret_count, struct err *err)
{
	struct telling_person *people;

	if (due->matter == SUMMARY_FAILED)
		return summary_list_failed(tx, due->message_id, arena, ret, ret_count, err);
	TRY(telling_list_unread(tx, due->message_id, arena, &people, ret_count, err));
	*ret = arena_array(arena, struct str, *ret_count);
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = people[i].address;
	return RESULT_OK;
}

/* A message that ends soon is not named as unread besides. */
static bool is_named(const struct telling_owner *o, const struct summary_due *due)
{
	for (size_t i = 0; i < o->item_count; i++)
		if (due->matter == SUMMARY_UNREAD && o->items[i].matter == SUMMARY_ENDS_SOON &&
			id_equal(o->items[i].message, due->message_id))
			return true;
	return false;
}

static enum result add_item(
	struct tx *tx, struct telling_owner *o, const struct summary_due *due, struct err *err)
{
	struct message message;
	struct copy owners;
	struct str *people;
	size_t count;

	enum result found = copy_by_message(tx, due->owner_id, due->message_id, true, &owners, err);
	if (found == RESULT_NOT_FOUND || is_named(o, due))
		return RESULT_OK;
	TRY(found);
	TRY(list_people(tx, due, o->arena, &people, &count, err));
	if (count == 0 || owners.destroyed_at)
		return RESULT_OK;
	TRY(message_find(tx, o->account->account.id, due->message_id, o->arena, &message, err));
	size_t named = count < NOTICE_PEOPLE_MAX ? count : NOTICE_PEOPLE_MAX;
	bool ends = due->matter == SUMMARY_EXPIRED || due->matter == SUMMARY_ENDS_SOON;
	struct description of = describe_message(tx, o->account, &message, owners.id, false, o->arena);
	struct notice item = {.people = people,
		.count = named,
		.others = (int64_t)(count - named),
		.at = ends ? message.expires_at : 0,
		.matter = due->matter,
		.message = due->message_id,
		.copy = owners.id,
		.sent_at = message.sent_at,
		.subject = of.subject,
		.message_id = of.message_id};
	o->items[o->item_count++] = item;
	return note(tx, o, due, err);
}

/* What the owner does not want to be told counts as told. */
static enum result tell_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct telling_owner *o = context;
	struct person owner;
	bool mine, wanted;

	o->item_count = 0; /* a transaction may run again */
	o->is_sent = false;
	TRY(summary_claim(tx, o->due[0].owner_id, o->day, &mine, &wanted, err));
	for (size_t i = 0; mine && i < o->count && o->item_count < SUMMARY_ITEMS_MAX; i++) {
		bool is_due;
		TRY(summary_claim_matter(tx, &o->due[i], o->run->now, &is_due, err));
		if (is_due && wanted)
			TRY(add_item(tx, o, &o->due[i], err));
	}
	if (o->item_count == 0)
		return RESULT_OK;
	TRY(person_find(tx, o->account->account.id, o->due[0].owner_id, o->arena, &owner, err));
	o->is_sent = true;
	return mail_out_summary(o->run->flow, tx, o->account, owner.address, owner.id,
		notices_write(o->items, o->item_count, o->arena), o->run->now, err);
}

/* The last moment at which the hour struck, and its day. */
static int64_t hour_before(const struct zone *zone, int64_t hour, int64_t now, int64_t *ret_day)
{
	struct wall_time wall = zone_wall_time(zone, now);

	*ret_day = wall.hour >= hour ? wall.days : wall.days - 1;
	/* Where the clock was set forward that day, an hour later. */
	int64_t moment = zone_day_begins(zone, *ret_day) + hour * MS_HOUR;
	return moment < now ? moment : now;
}

static struct summary_range range_of(const struct flow *flow, const struct flow_account *account, int64_t now)
{
	const struct account_settings *s = &account->settings;
	struct summary_range range = {.account_id = account->account.id, .now = now};
	int64_t until = hour_before(flow_account_zone(flow, account), s->summary_hour, now, &range.day);

	range.failed_until = until;
	range.ends_within = s->reminder_days * MS_DAY;
	if (s->expired_notice) {
		range.expired_from = until - NEWS_MS;
		range.expired_until = until;
	}
	if (s->reminder_days)
		range.ends_until = until + range.ends_within;
	if (s->unread_notice_days) {
		range.unread_until = until - s->unread_notice_days * MS_DAY;
		range.unread_from = range.unread_until - NEWS_MS;
	}
	return range;
}

struct due_list {
	struct flow *flow;
	struct id account_id;
	int64_t now;
	struct arena *arena;
	struct flow_account account;
	struct summary_range range;
	struct summary_due *due;
	size_t count;
};

static enum result list_due(struct tx *tx, void *context, struct err *err)
{
	struct due_list *l = context;

	l->count = 0;
	TRY(flow_account_load(l->flow, tx, l->account_id, l->arena, &l->account, err));
	if (l->account.settings.sender_notices != SENDER_NOTICES_DAILY)
		return RESULT_OK;
	l->range = range_of(l->flow, &l->account, l->now);
	return summary_list(tx, &l->range, AT_ONCE, l->arena, &l->due, &l->count, err);
}

static size_t count_of_owner(const struct due_list *l, size_t first)
{
	size_t count = 1;

	while (first + count < l->count && id_equal(l->due[first].owner_id, l->due[first + count].owner_id))
		count++;
	return count;
}

/* An owner a transaction: whichever node is first. */
static enum result tell_account(struct summaries *run, struct due_list *l, struct err *err)
{
	struct notice items[SUMMARY_ITEMS_MAX];

	TRY(db_read(flow_db(run->flow), list_due, l, err));
	for (size_t first = 0, count; first < l->count; first += count) {
		count = count_of_owner(l, first);
		/* The list may end in the middle of an owner's; the next round begins with that one. */
		if (l->count == AT_ONCE && first > 0 && first + count == l->count)
			break;
		struct telling_owner owner = {.run = run,
			.account = &l->account,
			.day = l->range.day,
			.due = l->due + first,
			.count = count,
			.arena = l->arena,
			.items = items};
		TRY(db_write(flow_db(run->flow), tell_in_tx, &owner, err));
		run->sent += owner.is_sent;
	}
	return RESULT_OK;
}

struct account_ids {
	struct arena *arena;
	struct account *accounts;
	size_t count;
};

static enum result list_accounts(struct tx *tx, void *context, struct err *err)
{
	struct account_ids *l = context;

	return account_list(tx, l->arena, &l->accounts, &l->count, err);
}

enum result summary_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct summaries run = {.flow = flow, .now = now};
	struct account_ids ids = {.arena = &arena};

	TRY(db_read(flow_db(flow), list_accounts, &ids, err));
	for (size_t i = 0; i < ids.count; i++) {
		cleanup(arena_done) struct arena own = {0};
		struct due_list list = {
			.flow = flow, .account_id = ids.accounts[i].id, .now = now, .arena = &own};
		TRY(tell_account(&run, &list, err));
	}
	*ret_count = run.sent;
	return RESULT_OK;
}

struct choice {
	const struct actor *actor;
	bool wanted;
	int64_t now;
};

static enum result choose_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct choice *c = context;
	struct event event = {.account_id = c->actor->account_id,
		.at = c->now,
		.kind = STR(EVENT_SUMMARY_CHOSEN),
		.person_id = c->actor->person_id,
		.origin = c->actor->origin,
		.detail = c->wanted ? STR("yes") : STR("no")};

	TRY(summary_set_wanted(tx, c->actor->person_id, c->wanted, err));
	return event_record(tx, &event, err);
}

enum result summary_choose(
	struct flow *flow, const struct actor *actor, bool wanted, int64_t now, struct err *err)
{
	struct choice choice = {actor, wanted, now};

	return db_write(flow_db(flow), choose_in_tx, &choice, err);
}

struct str summary_token(const struct flow_account *account, struct id person_id, struct arena *arena)
{
	uint8_t mac[SEAL_MAC_BYTES];
	char tag[2 * TAG_BYTES];

	account_mac(account->key, TOKEN_PURPOSE, (struct bytes){person_id.b, ID_BYTES}, mac);
	base32_encode(mac, TAG_BYTES, tag);
	return arena_printf(arena, "%s-%s", id_text(person_id).s, tag);
}

struct token_look {
	struct flow *flow;
	struct str token;
	struct arena *arena;
	struct flow_account account;
	struct person person;
};

/* All accounts are tried, whichever it is of. */
static enum result look_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct token_look *l = context;
	struct account *accounts;
	struct id person_id;
	size_t count;

	TRY(account_list(tx, l->arena, &accounts, &count, err));
	for (size_t i = 0; i < count && id_parse(str_sub(l->token, 0, ID_TEXT_LEN), &person_id); i++) {
		TRY(flow_account_load(l->flow, tx, accounts[i].id, l->arena, &l->account, err));
		struct str expected = summary_token(&l->account, person_id, l->arena);
		if (secret_equal(str_bytes(expected), str_bytes(l->token)))
			return person_find(tx, accounts[i].id, person_id, l->arena, &l->person, err);
	}
	return err_set(err, RESULT_NOT_FOUND, "there is no such page");
}

enum result summary_look(
	struct flow *flow, struct str token, struct arena *arena, struct summary_reader *ret, struct err *err)
{
	struct token_look look = {.flow = flow, .token = token, .arena = arena};

	TRY(db_read(flow_db(flow), look_in_tx, &look, err));
	*ret = (struct summary_reader){look.account.settings, look.person.address, !look.person.no_summary};
	return RESULT_OK;
}

enum result summary_stop(struct flow *flow, struct str token, struct str origin, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct token_look look = {.flow = flow, .token = token, .arena = &arena};

	TRY(db_read(flow_db(flow), look_in_tx, &look, err));
	struct actor actor = {
		.account_id = look.person.account_id, .person_id = look.person.id, .origin = origin};
	return summary_choose(flow, &actor, false, now, err);
}
