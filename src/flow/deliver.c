#include "flow/deliver_private.h"

#include "flow/destination.h"
#include "flow/own_domain.h"
#include "flow/people.h"

#include "base/address.h"
#include "seal/stream.h"
#include "store/copy.h"
#include "store/delivery_write.h"
#include "store/message.h"
#include "store/node_run_write.h"
#include "store/person.h"
#include "store/quote.h"
#include "store/sealed_body.h"
#include "store/wrap.h"

#include <string.h>

#define CODE_RECALLED "message-recalled"
#define CODE_EXPIRED "message-expired"

struct take {
	struct flow *flow;
	struct id run;
	int64_t now, limit;
	const struct str *busy;
	size_t busy_count;
	struct arena *arena;
	struct delivery *items;
	size_t count;
};

/* One taken before it of the same account to the same domain, or NULL. */
static const struct delivery *alike(const struct take *t, size_t index)
{
	const struct delivery *d = &t->items[index];

	for (size_t i = 0; i < index; i++)
		if (id_equal(t->items[i].account_id, d->account_id) &&
			str_equal_nocase(address_domain(t->items[i].recipient), address_domain(d->recipient)))
			return &t->items[i];
	return NULL;
}

static enum result find_own_hop(struct tx *tx, const struct take *t, struct delivery *d, struct err *err)
{
	struct domain domain;
	enum result found = own_domain_find(tx, address_domain(d->recipient), t->arena, &domain, err);

	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	if (id_equal(domain.account_id, d->account_id))
		d->own_hop = domain.hop_tls;
	return RESULT_OK;
}

/* The way may be another than when the mail was queued: a next hop or the smart host was changed, or TLS is
 * asked for. */
static enum result find_way(struct tx *tx, struct take *t, size_t index, struct err *err)
{
	struct delivery *d = &t->items[index];
	const struct delivery *known = alike(t, index);
	struct str way;

	if (known) {
		way = known->destination;
		d->needs_tls = known->needs_tls;
		d->own_hop = known->own_hop;
	} else {
		TRY(find_own_hop(tx, t, d, err));
		TRY(mail_out_destination(t->flow, tx, d->recipient, t->arena, &way, err));
		TRY(destination_needs_tls(
			tx, d->account_id, address_domain(d->recipient), t->arena, &d->needs_tls, err));
	}
	if (str_equal(way, d->destination))
		return RESULT_OK;
	d->destination = way;
	return delivery_set_destination(tx, d->id, way, err);
}

static enum result take_due(struct tx *tx, void *context, struct err *err)
{
	struct take *t = context;

	TRY(node_run_beat(tx, t->run, t->now, err));
	TRY(delivery_hold(
		tx, t->run, t->now, t->busy, t->busy_count, t->limit, t->arena, &t->items, &t->count, err));
	for (size_t i = 0; i < t->count; i++)
		TRY(find_way(tx, t, i, err));
	return RESULT_OK;
}

enum result deliver_take(struct flow *flow, struct id run, int64_t now, const struct str *busy,
	size_t busy_count, int64_t limit, struct arena *arena, struct delivery **ret, size_t *ret_count,
	struct err *err)
{
	struct take take = {.flow = flow,
		.run = run,
		.now = now,
		.limit = limit,
		.busy = busy,
		.busy_count = busy_count,
		.arena = arena};

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

struct give_back {
	const struct delivery *const *deliveries;
	size_t count;
	int64_t now;
};

static enum result give_back(struct tx *tx, void *context, struct err *err)
{
	const struct give_back *g = context;

	for (size_t i = 0; i < g->count; i++)
		TRY(delivery_release(tx, g->deliveries[i], g->now, err));
	return RESULT_OK;
}

enum result deliver_release(struct flow *flow, const struct delivery *const *deliveries, size_t count,
	int64_t now, struct err *err)
{
	struct give_back all = {deliveries, count, now};

	return db_write(flow_db(flow), give_back, &all, err);
}

struct deliver_held {
	struct sealed_content *sealed;
	struct seal_reader *opened;
};

static void close_held(struct deliver_job *job)
{
	if (job->held) {
		seal_reader_free(job->held->opened);
		sealed_content_free(job->held->sealed);
		free(job->held);
	}
	job->held = NULL;
}

void deliver_job_free(struct deliver_job *job)
{
	if (job == NULL)
		return;
	close_held(job);
	arena_done(&job->arena);
	free(job);
}

struct open_query {
	struct flow *flow;
	struct deliver_job *job;
	int64_t now;
};

/* Whether the copy that a delivery tells of was taken away, though others keep theirs, or was deleted for
 * good.
 */
static enum result is_copy_gone(struct tx *tx, const struct delivery *d, bool *ret, struct err *err)
{
	struct copy copy;

	*ret = false;
	if (id_is_none(d->copy_id))
		return RESULT_OK;
	enum result found = copy_find_any(tx, d->copy_id, &copy, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	*ret = found == RESULT_OK &&
	       (!id_is_none(copy.recall_id) || (copy.destroyed_at && d->kind == DELIVERY_NOTIFICATION));
	return found;
}

static enum result open_message_parts(struct tx *tx, struct open_query *q, struct err *err)
{
	struct deliver_job *job = q->job;
	struct message_key key;
	struct bytes wrap;
	struct id holder = deliver_holder(&job->delivery);

	TRY(wrap_find(tx, holder, job->message.id, &job->arena, &wrap, err));
	TRY(message_key_unwrap(job->account.key, job->message.id, holder, wrap, &key, err));
	enum result result = letter_list_open(
		job->message.list_box, &key, job->message.id, &job->arena, &job->letter, err);
	if (result == RESULT_OK)
		result = letter_head_open(
			job->message.head_box, &key, job->message.id, &job->arena, &job->letter, err);
	if (result == RESULT_OK)
		result = letter_index_open(
			job->message.index_box, &key, job->message.id, &job->arena, &job->index, err);
	if (result == RESULT_OK && deliver_carries_content(job->delivery.kind)) {
		job->held = mem_new(sizeof(*job->held));
		result = sealed_content_open(tx, flow_blobs(q->flow), &job->message, &job->held->sealed, err);
		if (result == RESULT_OK)
			result = seal_reader_new(&key, job->message.id,
				sealed_content_reader(job->held->sealed), &job->held->opened, err);
	}
	key_wipe(&key);
	TRY(result);
	TRY(quote_any(tx, job->message.id, &job->has_quotes, err));
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
	enum result found = people_by_address(
		tx, job->account.account.id, job->delivery.recipient, &job->arena, &person, err);
	if (found == RESULT_OK && !id_is_none(person.main_id))
		TRY(person_find(tx, job->account.account.id, person.main_id, &job->arena, &person, err));
	/* One banner for all who get the mail in one transaction. */
	if (found == RESULT_OK && person.language.len && job->delivery.kind != DELIVERY_INTERNAL_COPY)
		job->recipient_language = person.language;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

/* What is relayed was never the secure message and does not end with it. */
static enum result check_end(struct tx *tx, const struct deliver_job *job, int64_t now, struct err *err)
{
	const struct message *message = &job->message;
	bool copy_gone;

	if (message->kind != MESSAGE_SECURED || job->delivery.kind == DELIVERY_RELAY)
		return RESULT_OK;
	TRY(is_copy_gone(tx, &job->delivery, &copy_gone, err));
	if (copy_gone || message->recalled_at)
		return err_code(err, RESULT_GONE, CODE_RECALLED, "recalled before it could be delivered");
	if (message->expires_at && now >= message->expires_at)
		return err_code(err, RESULT_GONE, CODE_EXPIRED, "expired before it could be delivered");
	return RESULT_OK;
}

/* How the next hop must prove itself. What waited to be relayed to the account's own people while its message
 * was secured by a later transaction goes as secured content does. */
static enum result find_hop(struct tx *tx, struct deliver_job *job, struct err *err)
{
	const struct delivery *d = &job->delivery;
	struct domain domain;
	enum result found = own_domain_find(tx, address_domain(d->recipient), &job->arena, &domain, err);

	if (found != RESULT_OK && found != RESULT_NOT_FOUND)
		return found;
	bool is_own = found == RESULT_OK && id_equal(domain.account_id, d->account_id);
	job->hop_tls = found == RESULT_OK ? domain.hop_tls : HOP_TLS_VERIFIED;
	job->needs_verified_tls =
		d->kind == DELIVERY_INTERNAL_COPY || d->kind == DELIVERY_REPLY ||
		d->kind == DELIVERY_OWN_COPY ||
		(d->kind == DELIVERY_RELAY && job->message.kind == MESSAGE_SECURED && is_own);
	if (d->needs_tls) {
		job->hop_tls = HOP_TLS_ALWAYS;
		job->needs_verified_tls = true;
	}
	return RESULT_OK;
}

static enum result open_job(struct tx *tx, void *context, struct err *err)
{
	struct open_query *q = context;
	struct deliver_job *job = q->job;
	struct delivery *d = &job->delivery;

	close_held(job);
	TRY(flow_account_load(q->flow, tx, d->account_id, &job->arena, &job->account, err));
	TRY(mail_out_payload(&job->account, d, &job->arena, &job->payload, err));
	if (!id_is_none(d->message_id) && d->kind != DELIVERY_REPORT) {
		TRY(message_find(tx, d->account_id, d->message_id, &job->arena, &job->message, err));
		TRY(check_end(tx, job, q->now, err));
		TRY(open_message_parts(tx, q, err));
		job->has_message = true;
	}
	TRY(find_hop(tx, job, err));
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

struct deliver_attempt deliver_unopened(enum result result, const struct err *why, struct arena *arena)
{
	struct deliver_attempt attempt = {
		.outcome = ATTEMPT_LATER, .reply = arena_str(arena, str_of(why->text))};

	if (why->code && strcmp(why->code, CODE_RECALLED) == 0)
		attempt.outcome = ATTEMPT_RECALLED;
	else if (why->code && strcmp(why->code, CODE_EXPIRED) == 0)
		attempt.outcome = ATTEMPT_EXPIRED;
	else if (result == RESULT_GONE || result == RESULT_NOT_FOUND)
		attempt = (struct deliver_attempt){.outcome = ATTEMPT_REFUSED,
			.reply = STR("the content of this mail was lost before it could be delivered")};
	return attempt;
}
