#include "flow/remind.h"

#include "base/mem.h"
#include "flow/describe.h"
#include "flow/mail_out.h"
#include "flow/notice.h"
#include "store/copy.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/telling_write.h"

#define AT_ONCE 100
/* An end that nobody was told of for so long, because no node ran, is no news. */
#define EXPIRED_NEWS_MS (7 * MS_DAY)

struct reminders {
	struct flow *flow;
	int64_t now;
	size_t sent;
};

/* One message and whom it is about. */
struct about {
	struct reminders *run;
	const struct flow_account *account;
	struct message message;
	struct telling_person *people;
	size_t count;
	struct arena arena;
};

static enum result note(struct tx *tx, const struct about *a, const char *kind, struct id person_id,
	const char *detail, struct err *err)
{
	struct event event = {.account_id = a->account->account.id,
		.at = a->run->now,
		.kind = str_of(kind),
		.message_id = a->message.id,
		.person_id = person_id,
		.detail = str_of(detail)};

	return event_record(tx, &event, err);
}

/* Somebody who was reminded of an end that moved since gets another mail. */
static enum result queue_reminder(
	struct tx *tx, const struct about *a, const struct telling_person *person, struct err *err)
{
	struct delivery mail = mail_out_delivery(a->account, DELIVERY_REMINDER, a->run->now);
	struct id id;

	enum result again = delivery_send_again(tx, DELIVERY_REMINDER, a->message.id, person->copy_id,
		a->run->now, mail.give_up_at, &id, err);
	if (again != RESULT_CONFLICT)
		return again;
	mail.message_id = a->message.id;
	mail.copy_id = person->copy_id;
	mail.recipient = person->address;
	return mail_out_notification(a->run->flow, tx, a->account, &mail, err);
}

static enum result remind_recipients(struct tx *tx, struct about *a, struct err *err)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!a->people[i].can_read)
			continue;
		TRY(queue_reminder(tx, a, &a->people[i], err));
		TRY(note(tx, a, EVENT_REMINDER_SENT, a->people[i].person_id, "", err));
		a->run->sent++;
	}
	return RESULT_OK;
}

static enum result tell_owner(struct tx *tx, struct about *a, bool is_expired, struct err *err)
{
	size_t named = a->count < NOTICE_PEOPLE_MAX ? a->count : NOTICE_PEOPLE_MAX;
	struct str *addresses = arena_array(&a->arena, struct str, named);
	struct person owner;
	struct copy owners;

	if (a->count == 0 || id_is_none(a->message.owner_id))
		return RESULT_OK;
	enum result found = copy_by_message(tx, a->message.owner_id, a->message.id, true, &owners, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(person_find(tx, a->message.account_id, a->message.owner_id, &a->arena, &owner, err));
	for (size_t i = 0; i < named; i++)
		addresses[i] = a->people[i].address;
	struct description of = describe_message(tx, a->account, &a->message, owners.id, false, &a->arena);
	struct notice notice = {.people = addresses,
		.count = named,
		.others = (int64_t)(a->count - named),
		.at = is_expired ? a->message.expires_at : 0,
		.sent_at = a->message.sent_at,
		.subject = of.subject,
		.message_id = of.message_id};
	for (size_t i = 0; i < a->count; i++)
		TRY(note(tx, a, EVENT_UNREAD_TOLD, a->people[i].person_id, is_expired ? "expired" : "waiting",
			err));
	a->run->sent++;
	return mail_out_notice(a->run->flow, tx, a->account, DELIVERY_UNREAD, owner.address, owners.id,
		notice_write(&notice, &a->arena), a->run->now, err);
}

static enum result tell_of(
	struct tx *tx, struct about *a, enum telling telling, struct id message_id, struct err *err)
{
	bool mine;

	TRY(telling_claim(tx, telling, message_id, a->run->now, &mine, err));
	if (!mine)
		return RESULT_OK;
	TRY(message_find(tx, a->account->account.id, message_id, &a->arena, &a->message, err));
	TRY(telling_list_unread(tx, message_id, &a->arena, &a->people, &a->count, err));
	if (telling == TELLING_ENDS_SOON)
		return remind_recipients(tx, a, err);
	return tell_owner(tx, a, telling == TELLING_EXPIRED, err);
}

static enum result tell_all(struct tx *tx, struct reminders *r, const struct flow_account *account,
	enum telling telling, int64_t from, int64_t until, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct id *ids;
	size_t count;

	TRY(telling_list(tx, telling, account->account.id, from, until, AT_ONCE, &arena, &ids, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct about about = {.run = r, .account = account};
		enum result result = tell_of(tx, &about, telling, ids[i], err);
		arena_done(&about.arena);
		TRY(result);
	}
	return RESULT_OK;
}

static enum result tell_account(
	struct tx *tx, struct reminders *r, const struct flow_account *account, struct err *err)
{
	const struct account_settings *s = &account->settings;
	int64_t now = r->now;

	if (s->reminder_days)
		TRY(tell_all(tx, r, account, TELLING_ENDS_SOON, now, now + s->reminder_days * MS_DAY, err));
	if (s->sender_notices != SENDER_NOTICES_EACH) /* not at all, or by flow/summary.h */
		return RESULT_OK;
	if (s->unread_notice_days)
		TRY(tell_all(tx, r, account, TELLING_UNREAD, now, now - s->unread_notice_days * MS_DAY, err));
	if (s->expired_notice)
		TRY(tell_all(tx, r, account, TELLING_EXPIRED, now - EXPIRED_NEWS_MS, now, err));
	return RESULT_OK;
}

static enum result send_in_tx(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct reminders *r = context;
	struct account *accounts;
	size_t count;

	r->sent = 0; /* a transaction may run again */
	TRY(account_list(tx, &arena, &accounts, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct flow_account account;
		TRY(flow_account_load(r->flow, tx, accounts[i].id, &arena, &account, err));
		TRY(tell_account(tx, r, &account, err));
	}
	return RESULT_OK;
}

enum result remind_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	struct reminders reminders = {.flow = flow, .now = now};

	TRY(db_write(flow_db(flow), send_in_tx, &reminders, err));
	*ret_count = reminders.sent;
	return RESULT_OK;
}
