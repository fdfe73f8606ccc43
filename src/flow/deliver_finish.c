/* What an attempt led to: the next try or the end, and who is told. */
#include "flow/deliver_private.h"
#include "flow/describe.h"
#include "flow/report.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/summary_write.h"
#include "store/wrap_write.h"

/* The gaps between tries; the last one repeats. */
static const int64_t gaps[] = {
	MS_MINUTE, 5 * MS_MINUTE, 15 * MS_MINUTE, 30 * MS_MINUTE, MS_HOUR, 2 * MS_HOUR, 4 * MS_HOUR};

bool deliver_carries_content(enum delivery_kind kind)
{
	return kind == DELIVERY_RELAY || kind == DELIVERY_INTERNAL_COPY || kind == DELIVERY_REPLY ||
	       kind == DELIVERY_OWN_COPY;
}

struct id deliver_holder(const struct delivery *delivery)
{
	return deliver_carries_content(delivery->kind) ? delivery->message_id : delivery->copy_id;
}

/* One delivery's end within the transaction of all that were sent together. */
struct finish {
	struct flow *flow;
	const struct flow_account *account;
	const struct delivery *delivery;
	const struct deliver_attempt *attempt;
	enum message_kind held; /* deliver_hold */
	int64_t now;
};

static int64_t next_try(const struct delivery *delivery, int64_t now)
{
	size_t last = COUNT_OF(gaps) - 1;
	size_t tries = delivery->attempts > 0 ? (size_t)delivery->attempts - 1 : 0;

	return now + gaps[tries < last ? tries : last];
}

enum result deliver_hold(
	struct tx *tx, const struct delivery *delivery, enum message_kind *ret_kind, struct err *err)
{
	struct message_state state = {0};

	if (deliver_carries_content(delivery->kind))
		TRY(message_hold(tx, delivery->message_id, &state, err));
	*ret_kind = state.kind;
	return RESULT_OK;
}

enum result deliver_release_content(
	struct tx *tx, const struct delivery *delivery, enum message_kind held, struct err *err)
{
	int64_t waiting;

	if (held != MESSAGE_SECURED)
		return RESULT_OK;
	TRY(delivery_count_waiting(tx, delivery->message_id, &waiting, err));
	return waiting ? RESULT_OK : wrap_destroy(tx, delivery->message_id, delivery->message_id, err);
}

/* An internal user whom the mail server did not give the reply reads it in the portal, and is told so. */
static enum result tell_of_waiting_reply(struct tx *tx, struct flow *flow, const struct flow_account *account,
	const struct delivery *d, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery mail = mail_out_delivery(account, DELIVERY_TOO_LARGE, now);

	mail.message_id = d->message_id;
	mail.copy_id = d->copy_id;
	mail.recipient = d->recipient;
	mail.sender = return_address(flow, account, mail.id, &arena);
	mail.destination = d->destination;
	return delivery_add(tx, &mail, NULL, err);
}

/* How the mail is called, so that its sender knows it and mail programs put the report beside it. */
static enum result describe(
	struct tx *tx, const struct finish *f, struct arena *arena, struct report *report, struct err *err)
{
	const struct delivery *d = f->delivery;
	struct message message;

	TRY(message_find(tx, d->account_id, d->message_id, arena, &message, err));
	struct description of = describe_message(
		tx, f->account, &message, deliver_holder(d), d->kind == DELIVERY_RELAY, arena);
	report->message_id = of.message_id;
	report->subject = of.subject;
	return RESULT_OK;
}

/* Who is told of this delivery's fate: the envelope sender of the mail that came in, the owner of a copy to
 * the own mailbox, and nobody for mail that we sent of ourselves. */
static enum result report_to(
	struct tx *tx, const struct delivery *d, struct arena *arena, struct str *ret, struct err *err)
{
	struct message message;

	*ret = STR_NONE;
	if (d->dsn_notify & DSN_NEVER)
		return RESULT_OK;
	if (d->kind == DELIVERY_RELAY || d->kind == DELIVERY_INTERNAL_COPY)
		*ret = d->sender;
	if (d->kind == DELIVERY_OWN_COPY)
		*ret = d->recipient;
	if (d->kind != DELIVERY_NOTIFICATION)
		return RESULT_OK;
	TRY(message_find(tx, d->account_id, d->message_id, arena, &message, err));
	*ret = arena_str(arena, message.sender);
	return RESULT_OK;
}

static enum result report(struct tx *tx, const struct finish *f, const char *action, struct str status,
	struct str reason, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct delivery *d = f->delivery;
	struct str to;

	TRY(report_to(tx, d, &arena, &to, err));
	if (to.len == 0)
		return RESULT_OK;
	bool is_delayed = str_equal(str_of(action), STR("delayed"));
	struct report fields = {.action = str_of(action),
		.status = status,
		.recipient = d->recipient,
		.original_recipient = d->dsn_original,
		.envelope_id = d->dsn_envelope,
		.reason = reason,
		.host = f->attempt ? f->attempt->host : STR_NONE,
		.sent_at = d->created_at,
		.give_up_at = is_delayed ? d->give_up_at : 0,
		.is_notification = d->kind == DELIVERY_NOTIFICATION,
		.is_own_copy = d->kind == DELIVERY_OWN_COPY,
		.is_expired = f->attempt && f->attempt->outcome == ATTEMPT_EXPIRED};
	struct event event = {.account_id = d->account_id,
		.at = f->now,
		.kind = STR(EVENT_REPORT_SENT),
		.message_id = d->message_id,
		.delivery_id = d->id,
		.detail = str_of(action)};
	TRY(describe(tx, f, &arena, &fields, err));
	TRY(event_record(tx, &event, err));
	return mail_out_report(f->flow, tx, f->account, d, to, &fields, f->now, err);
}

static enum result note(struct tx *tx, const struct finish *f, const char *kind, struct err *err)
{
	struct event event = {.account_id = f->delivery->account_id,
		.at = f->now,
		.kind = str_of(kind),
		.message_id = f->delivery->message_id,
		.delivery_id = f->delivery->id,
		.detail = str_of(delivery_kind_name(f->delivery->kind))};

	return event_record(tx, &event, err);
}

/* Whether the sender asked for this kind of report; without NOTIFY failures and delays are told (RFC 3461
 * section 4.1). */
static bool is_asked_for(const struct delivery *d, int64_t bit)
{
	return d->dsn_notify == 0 || (d->dsn_notify & bit) != 0;
}

/* Besides the report, which whoever handed the mail in gets at once. */
static enum result tell_in_summary(struct tx *tx, const struct finish *f, struct err *err)
{
	if (f->delivery->kind != DELIVERY_NOTIFICATION ||
		f->account->settings.sender_notices != SENDER_NOTICES_DAILY)
		return RESULT_OK;
	return summary_set_failed(tx, f->delivery->message_id, f->now, err);
}

static enum result after_failure(struct tx *tx, const struct finish *f, bool is_late, struct err *err)
{
	TRY(note(tx, f, EVENT_DELIVERY_FAILED, err));
	TRY(tell_in_summary(tx, f, err));
	if (f->delivery->kind == DELIVERY_REPLY)
		TRY(tell_of_waiting_reply(tx, f->flow, f->account, f->delivery, f->now, err));
	if (!is_asked_for(f->delivery, DSN_FAILURE))
		return RESULT_OK;
	struct str status = f->attempt->status.len ? f->attempt->status : STR("5.0.0");
	return report(tx, f, "failed", is_late ? STR("4.4.7") : status, f->attempt->reply, err);
}

static enum result after_success(struct tx *tx, const struct finish *f, struct err *err)
{
	TRY(note(tx, f, EVENT_DELIVERY_SENT, err));
	/* A server that knows DSN was asked to report itself; of a notification there is nothing to tell. */
	bool tells = deliver_carries_content(f->delivery->kind) && (f->delivery->dsn_notify & DSN_SUCCESS) &&
		     !f->attempt->reports_success;
	return tells ? report(tx, f, "relayed", STR("2.0.0"), f->attempt->reply, err) : RESULT_OK;
}

/* The sender who recalled the message knows. */
static enum result after_end(struct tx *tx, const struct finish *f, struct err *err)
{
	TRY(note(tx, f, EVENT_DELIVERY_CANCELLED, err));
	if (f->attempt->outcome != ATTEMPT_EXPIRED || !is_asked_for(f->delivery, DSN_FAILURE))
		return RESULT_OK;
	return report(tx, f, "failed", STR("4.4.7"), f->attempt->reply, err);
}

/* Once for each delivery, when it has waited for the account's time. */
static enum result tell_of_delay(struct tx *tx, const struct finish *f, struct err *err)
{
	const struct delivery *d = f->delivery;
	int64_t patience = f->account->settings.delay_notice_hours * MS_HOUR;

	if (d->delay_told_at || f->now - d->created_at < patience)
		return RESULT_OK;
	TRY(delivery_set_delay_told(tx, d->id, f->now, err));
	TRY(note(tx, f, EVENT_DELIVERY_DELAYED, err));
	/* One's own copy is no news while it is tried. */
	if (!is_asked_for(d, DSN_DELAY) || d->kind == DELIVERY_OWN_COPY)
		return RESULT_OK;
	return report(tx, f, "delayed", STR("4.4.7"), f->attempt->reply, err);
}

static enum result finish_one(struct tx *tx, const struct finish *f, struct err *err)
{
	const struct delivery *d = f->delivery;
	const struct deliver_attempt *attempt = f->attempt;
	struct delivery_outcome outcome = {.reply = attempt->reply,
		.host = attempt->host,
		.tls_version = attempt->tls_version,
		.tls_cipher = attempt->tls_cipher,
		.tls_verified = attempt->tls_verified,
		.holder_id = d->holder_id};
	bool is_late = attempt->outcome == ATTEMPT_LATER && next_try(d, f->now) >= d->give_up_at;

	if (attempt->outcome == ATTEMPT_LATER && !is_late) {
		outcome.state = DELIVERY_WAITING;
		outcome.next_try_at = next_try(d, f->now);
		TRY(delivery_finish(tx, d->id, &outcome, f->now, err));
		return tell_of_delay(tx, f, err);
	}
	bool sent = attempt->outcome == ATTEMPT_SENT;
	bool ended = attempt->outcome == ATTEMPT_RECALLED || attempt->outcome == ATTEMPT_EXPIRED;
	/* What was sent was sent, even if this node counts as dead and another sends it too. */
	if (sent)
		outcome.holder_id = (struct id){0};
	outcome.state = sent ? DELIVERY_SENT : ended ? DELIVERY_CANCELLED : DELIVERY_FAILED;
	TRY(delivery_finish(tx, d->id, &outcome, f->now, err));
	if (sent)
		TRY(after_success(tx, f, err));
	else
		TRY(ended ? after_end(tx, f, err) : after_failure(tx, f, is_late, err));
	return deliver_release_content(tx, d, f->held, err);
}

struct finish_all {
	struct flow *flow;
	const struct delivery *const *deliveries;
	const struct deliver_attempt *attempts;
	size_t count;
	int64_t now;
};

static enum result finish_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct finish_all *all = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	enum message_kind held;

	TRY(flow_account_load(all->flow, tx, all->deliveries[0]->account_id, &arena, &account, err));
	TRY(deliver_hold(tx, all->deliveries[0], &held, err));
	for (size_t i = 0; i < all->count; i++) {
		struct finish one = {
			all->flow, &account, all->deliveries[i], &all->attempts[i], held, all->now};
		struct err why = {0};
		enum result result = finish_one(tx, &one, &why);
		/* CONFLICT: meanwhile an administrator dropped it, it came back, or another node has it. */
		if (result != RESULT_OK && result != RESULT_CONFLICT) {
			*err = why;
			return result;
		}
	}
	return RESULT_OK;
}

enum result deliver_finish(struct flow *flow, const struct delivery *const *deliveries,
	const struct deliver_attempt *attempts, size_t count, int64_t now, struct err *err)
{
	struct finish_all all = {flow, deliveries, attempts, count, now};

	return db_write(flow_db(flow), finish_in_tx, &all, err);
}

enum result deliver_bounced(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *delivery, struct str status, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str reply = arena_printf(&arena, "came back later: %.*s", STR_ARG(status));
	struct finish bounced = {.flow = flow, .account = account, .delivery = delivery, .now = now};
	bool is_news;

	TRY(deliver_hold(tx, delivery, &bounced.held, err));
	TRY(delivery_set_bounced(tx, delivery->id, reply, now, &is_news, err));
	if (!is_news)
		return RESULT_OK;
	TRY(deliver_release_content(tx, delivery, bounced.held, err));
	TRY(tell_in_summary(tx, &bounced, err));
	if (delivery->kind == DELIVERY_REPLY)
		return tell_of_waiting_reply(tx, flow, account, delivery, now, err);
	bool is_told = delivery->kind == DELIVERY_NOTIFICATION || delivery->kind == DELIVERY_OWN_COPY;
	if (is_told && is_asked_for(delivery, DSN_FAILURE))
		return report(tx, &bounced, "failed", status.len ? status : STR("5.0.0"), reply, err);
	return RESULT_OK;
}
