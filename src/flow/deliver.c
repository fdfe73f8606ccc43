#include "flow/deliver.h"

#include "flow/people.h"

#include "seal/stream.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/message.h"
#include "store/person.h"
#include "store/sealed_body.h"
#include "store/wrap_write.h"

/* Long enough for the largest mail over a slow line. */
#define LEASE_MS (15 * MS_MINUTE)

/* The gaps between tries; the last one repeats. */
static const int64_t gaps[] = {
	MS_MINUTE, 5 * MS_MINUTE, 15 * MS_MINUTE, 30 * MS_MINUTE, MS_HOUR, 2 * MS_HOUR, 4 * MS_HOUR};

struct take {
	int64_t now, limit;
	struct arena *arena;
	struct delivery *items;
	size_t count;
};

static enum result take_due(struct tx *tx, void *context, struct err *err)
{
	struct take *t = context;

	return delivery_lease(tx, t->now, t->now + LEASE_MS, t->limit, t->arena, &t->items, &t->count, err);
}

enum result deliver_take(struct flow *flow, int64_t now, int64_t limit, struct arena *arena,
	struct delivery **ret, size_t *ret_count, struct err *err)
{
	struct take take = {.now = now, .limit = limit, .arena = arena};

	TRY(db_write(flow_db(flow), take_due, &take, err));
	*ret = take.items;
	*ret_count = take.count;
	return RESULT_OK;
}

static enum result next_time(struct tx *tx, void *context, struct err *err)
{
	return delivery_next_time(tx, context, err);
}

enum result deliver_next_time(struct flow *flow, int64_t *ret, struct err *err)
{
	return db_read(flow_db(flow), next_time, ret, err);
}

static enum result recover(struct tx *tx, void *context, struct err *err)
{
	return delivery_release_all(tx, *(const int64_t *)context, err);
}

enum result deliver_recover(struct flow *flow, int64_t now, struct err *err)
{
	return db_write(flow_db(flow), recover, &now, err);
}

struct deliver_held {
	struct sealed_content *sealed;
	struct seal_reader *opened;
};

void deliver_job_free(struct deliver_job *job)
{
	if (job == NULL)
		return;
	if (job->held) {
		seal_reader_free(job->held->opened);
		sealed_content_free(job->held->sealed);
		free(job->held);
	}
	arena_done(&job->arena);
	free(job);
}

static bool carries_content(enum delivery_kind kind)
{
	return kind == DELIVERY_RELAY || kind == DELIVERY_INTERNAL_COPY || kind == DELIVERY_REPLY;
}

struct open_query {
	struct flow *flow;
	struct deliver_job *job;
	int64_t now;
};

static enum result open_message_parts(struct tx *tx, struct open_query *q, struct err *err)
{
	struct deliver_job *job = q->job;
	struct message_key key;
	struct bytes wrap;
	/* The queue's own key carries content; a notification sees no more than its recipient may. */
	struct id holder = carries_content(job->delivery.kind) ? job->message.id : job->delivery.copy_id;

	TRY(wrap_find(tx, holder, &job->arena, &wrap, err));
	TRY(message_key_unwrap(job->account.key, job->message.id, holder, wrap, &key, err));
	enum result result = letter_list_open(
		job->message.list_box, &key, job->message.id, &job->arena, &job->letter, err);
	if (result == RESULT_OK)
		result = letter_head_open(
			job->message.head_box, &key, job->message.id, &job->arena, &job->letter, err);
	if (result == RESULT_OK)
		result = letter_index_open(
			job->message.index_box, &key, job->message.id, &job->arena, &job->index, err);
	if (result == RESULT_OK && carries_content(job->delivery.kind)) {
		job->held = mem_new(sizeof(*job->held));
		result = sealed_content_open(tx, flow_blobs(q->flow), &job->message, &job->held->sealed, err);
		if (result == RESULT_OK)
			result = seal_reader_new(&key, job->message.id,
				sealed_content_reader(job->held->sealed), &job->held->opened, err);
	}
	key_wipe(&key);
	TRY(result);
	if (job->held) {
		job->content = seal_reader_plain(job->held->opened);
		job->has_content = true;
	}
	return RESULT_OK;
}

static enum result find_people(struct tx *tx, struct open_query *q, struct err *err)
{
	struct deliver_job *job = q->job;
	struct person person;

	if (job->has_message && !id_is_none(job->message.owner_id)) {
		TRY(person_find(
			tx, job->account.account.id, job->message.owner_id, &job->arena, &person, err));
		job->owner_address = person.address;
		job->owner_name = people_name(&job->account, person.id, person.name_box, &job->arena);
	}
	job->recipient_language = job->account.settings.language;
	enum result found = person_by_address(
		tx, job->account.account.id, job->delivery.recipient, &job->arena, &person, err);
	if (found == RESULT_OK && person.language.len)
		job->recipient_language = person.language;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result open_job(struct tx *tx, void *context, struct err *err)
{
	struct open_query *q = context;
	struct deliver_job *job = q->job;
	struct delivery *d = &job->delivery;

	TRY(flow_account_load(q->flow, tx, d->account_id, &job->arena, &job->account, err));
	TRY(mail_out_payload(&job->account, d, &job->arena, &job->payload, err));
	if (!id_is_none(d->message_id) && d->kind != DELIVERY_REPORT) {
		TRY(message_find(tx, d->account_id, d->message_id, &job->arena, &job->message, err));
		bool ended = job->message.recalled_at ||
			     (job->message.expires_at && q->now >= job->message.expires_at);
		if (job->message.kind == MESSAGE_SECURED && ended)
			return err_set(err, RESULT_GONE, "recalled or expired before it was sent");
		TRY(open_message_parts(tx, q, err));
		job->has_message = true;
		job->needs_verified_tls = job->message.kind == MESSAGE_SECURED &&
					  (d->kind == DELIVERY_INTERNAL_COPY || d->kind == DELIVERY_REPLY);
	}
	struct domain domain;
	enum result found = domain_find(tx, address_domain(d->recipient), &job->arena, &domain, err);
	if (found != RESULT_OK && found != RESULT_NOT_FOUND)
		return found;
	job->hop_is_loosened = found == RESULT_OK && domain.hop_tls == HOP_TLS_LOOSENED;
	return find_people(tx, q, err);
}

enum result deliver_open(struct flow *flow, const struct delivery *delivery, int64_t now,
	struct deliver_job **ret, struct err *err)
{
	cleanup(deliver_job_free_at) struct deliver_job *job = mem_new(sizeof(*job));
	struct open_query query = {flow, job, now};

	job->delivery = *delivery;
	TRY(db_read(flow_db(flow), open_job, &query, err));
	*ret = TAKE(job);
	return RESULT_OK;
}

struct finish {
	struct flow *flow;
	const struct delivery *delivery;
	const struct deliver_attempt *attempt;
	int64_t now;
};

static int64_t next_try(const struct delivery *delivery, int64_t now)
{
	size_t last = COUNT_OF(gaps) - 1;
	size_t tries = delivery->attempts > 0 ? (size_t)delivery->attempts - 1 : 0;

	return now + gaps[tries < last ? tries : last];
}

/* The last delivery that needed the content is done: the queue's key goes; of a relayed mail that was the
 * only one. */
static enum result release_content(struct tx *tx, const struct delivery *delivery, struct err *err)
{
	int64_t waiting;

	/* The rest of a relayed mail's recipients may still come (one mail is one message): its key goes with
	 * its fingerprint, by keep_house. */
	if (!carries_content(delivery->kind) || delivery->kind == DELIVERY_RELAY)
		return RESULT_OK;
	TRY(delivery_count_waiting(tx, delivery->message_id, &waiting, err));
	return waiting ? RESULT_OK : wrap_destroy(tx, delivery->message_id, err);
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

static enum result report(struct tx *tx, const struct finish *f, const struct flow_account *account,
	const char *action, struct str status, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct delivery *d = f->delivery;

	bool own = d->kind != DELIVERY_RELAY && d->kind != DELIVERY_INTERNAL_COPY;
	if (own || d->sender.len == 0 || (d->dsn_notify & DSN_NEVER))
		return RESULT_OK;
	struct str fields = arena_printf(&arena, "%s\n%.*s\n%.*s\n%.*s\n%.*s\n%.*s", action, STR_ARG(status),
		STR_ARG(d->recipient), STR_ARG(d->dsn_original), STR_ARG(d->dsn_envelope),
		STR_ARG(f->attempt->reply));
	struct event event = {.account_id = d->account_id,
		.at = f->now,
		.kind = STR(EVENT_REPORT_SENT),
		.message_id = d->message_id,
		.delivery_id = d->id,
		.detail = str_of(action)};
	TRY(event_record(tx, &event, err));
	return mail_out_report(f->flow, tx, account, d, d->sender, fields, f->now, err);
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

static enum result after_failure(struct tx *tx, const struct finish *f, const struct flow_account *account,
	struct str status, struct err *err)
{
	TRY(note(tx, f, EVENT_DELIVERY_FAILED, err));
	if (f->delivery->kind == DELIVERY_REPLY)
		TRY(tell_of_waiting_reply(tx, f->flow, account, f->delivery, f->now, err));
	if (f->delivery->dsn_notify == 0 || (f->delivery->dsn_notify & DSN_FAILURE))
		return report(tx, f, account, "failed", status, err);
	return RESULT_OK;
}

static enum result after_success(
	struct tx *tx, const struct finish *f, const struct flow_account *account, struct err *err)
{
	TRY(note(tx, f, EVENT_DELIVERY_SENT, err));
	if ((f->delivery->dsn_notify & DSN_SUCCESS) && !f->attempt->reports_success)
		return report(tx, f, account, "relayed", STR("2.0.0"), err);
	return RESULT_OK;
}

static enum result finish_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct finish *f = context;
	const struct delivery *d = f->delivery;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct delivery_outcome outcome = {.reply = f->attempt->reply,
		.host = f->attempt->host,
		.tls_version = f->attempt->tls_version,
		.tls_cipher = f->attempt->tls_cipher,
		.tls_verified = f->attempt->tls_verified};
	bool late = f->attempt->outcome == ATTEMPT_LATER && next_try(d, f->now) >= d->give_up_at;

	TRY(flow_account_load(f->flow, tx, d->account_id, &arena, &account, err));
	if (f->attempt->outcome == ATTEMPT_LATER && !late) {
		outcome.state = DELIVERY_WAITING;
		outcome.next_try_at = next_try(d, f->now);
		return delivery_finish(tx, d->id, &outcome, f->now, err);
	}
	bool sent = f->attempt->outcome == ATTEMPT_SENT;
	bool cancelled = f->attempt->outcome == ATTEMPT_NOT_NEEDED;
	outcome.state = sent ? DELIVERY_SENT : cancelled ? DELIVERY_CANCELLED : DELIVERY_FAILED;
	TRY(delivery_finish(tx, d->id, &outcome, f->now, err));
	if (sent)
		TRY(after_success(tx, f, &account, err));
	else if (!cancelled)
		TRY(after_failure(tx, f, &account, late ? STR("4.4.7") : STR("5.0.0"), err));
	return release_content(tx, d, err);
}

enum result deliver_finish(struct flow *flow, const struct delivery *delivery,
	const struct deliver_attempt *attempt, int64_t now, struct err *err)
{
	struct finish finish = {flow, delivery, attempt, now};

	return db_write(flow_db(flow), finish_in_tx, &finish, err);
}

enum result deliver_bounced(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *delivery, struct str status, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str reply = arena_printf(&arena, "came back later: %.*s", STR_ARG(status));

	TRY(delivery_set_bounced(tx, delivery->id, reply, now, err));
	if (delivery->kind == DELIVERY_REPLY)
		return tell_of_waiting_reply(tx, flow, account, delivery, now, err);
	return RESULT_OK;
}

struct admin_change {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	struct str reason;
	int64_t now;
};

static enum result retry_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct admin_change *c = context;

	return delivery_retry(tx, c->actor->account_id, c->id, c->now, err);
}

enum result deliver_retry(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct admin_change change = {flow, actor, id, STR_NONE, now};

	return db_write(flow_db(flow), retry_in_tx, &change, err);
}

static enum result drop_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct admin_change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery;

	TRY(delivery_find(tx, c->actor->account_id, c->id, &arena, &delivery, err));
	struct delivery_outcome outcome = {.state = DELIVERY_DROPPED, .reply = c->reason};
	TRY(delivery_finish(tx, c->id, &outcome, c->now, err));
	struct event event = {.account_id = delivery.account_id,
		.at = c->now,
		.kind = STR(EVENT_DELIVERY_DROPPED),
		.actor_id = c->actor->person_id,
		.message_id = delivery.message_id,
		.delivery_id = delivery.id,
		.origin = c->actor->origin,
		.detail = c->reason};
	TRY(event_record(tx, &event, err));
	return release_content(tx, &delivery, err);
}

enum result deliver_drop(struct flow *flow, const struct actor *actor, struct id id, struct str reason,
	int64_t now, struct err *err)
{
	struct admin_change change = {flow, actor, id, reason, now};

	if (reason.len == 0 || reason.len > 200 || !str_is_utf8(reason))
		return err_set(err, RESULT_INVALID, "dropping a mail needs a reason of at most 200 bytes");
	return db_write(flow_db(flow), drop_in_tx, &change, err);
}
