/* One batch: mails to one server, of one content, sent in one transaction. */
#include "delivery/worker_private.h"

#include "base/log.h"

#include <stdio.h>

/* Until what found no room with its server, nor room to wait for it here, is looked at again. */
#define FULL_RETRY_MS (30 * MS_SECOND)

static const char *outcome_name(const struct deliver_attempt *attempt)
{
	switch (attempt->outcome) {
	case ATTEMPT_SENT:
		return "sent";
	case ATTEMPT_LATER:
		return "later";
	case ATTEMPT_REFUSED:
		return "refused";
	case ATTEMPT_RECALLED:
		return "recalled";
	case ATTEMPT_EXPIRED:
		return "expired";
	}
	return "unknown";
}

void sending_free(struct sending *s)
{
	arena_done(&s->arena);
	free(s);
}
DEFINE_CLEANUP(struct sending *, sending_free)

bool sending_write_down(struct delivery_workers *w, const struct sending *s)
{
	struct err err = {0};
	enum result result = s->count ? deliver_finish(w->options.flow, s->deliveries, s->attempts, s->count,
						clock_now(), &err)
				      : RESULT_OK;

	if (result != RESULT_OK)
		log_error(DELIVERY_TOPIC, "cannot write down the end of %s: %s",
			id_text(s->deliveries[0]->id).s, err.text);
	return result != RESULT_UNAVAILABLE && result != RESULT_BUSY;
}

static void log_ends(const struct sending *s)
{
	for (size_t i = 0; i < s->count; i++)
		log_info(DELIVERY_TOPIC, "%s id=%s outcome=%s attempts=%lld",
			delivery_kind_name(s->deliveries[i]->kind), id_text(s->deliveries[i]->id).s,
			outcome_name(&s->attempts[i]), (long long)s->deliveries[i]->attempts);
}

/* The mail of a batch could not be read. */
static void give_back(struct sending *s, enum result opened, const struct err *why)
{
	struct deliver_attempt attempt = deliver_unopened(opened, why, &s->arena);

	if (opened == RESULT_INTERNAL || attempt.outcome == ATTEMPT_REFUSED)
		log_error(DELIVERY_TOPIC, "cannot open %s: %s", id_text(s->deliveries[0]->id).s, why->text);
	for (size_t i = 0; i < s->count; i++)
		s->attempts[i] = attempt;
}

void workers_release(
	struct delivery_workers *w, const struct delivery *const *deliveries, size_t count, int64_t due_at)
{
	struct err err = {0};

	if (count && deliver_release(w->options.flow, deliveries, count, due_at, &err) != RESULT_OK)
		log_warning(
			DELIVERY_TOPIC, "%zu deliveries wait longer than they have to: %s", count, err.text);
}

/* Of a batch whose connection was cut: what the server had not decided on was not tried. */
static void release_undecided(struct delivery_workers *w, struct sending *s)
{
	const struct delivery *undecided[LIMIT_DELIVERY_BATCH];
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->attempts[i].outcome == ATTEMPT_LATER) {
			undecided[count++] = s->deliveries[i];
		} else {
			s->deliveries[kept] = s->deliveries[i];
			s->attempts[kept++] = s->attempts[i];
		}
	s->count = kept;
	workers_release(w, undecided, count, clock_now());
}

/* A batch before it enters a server. */
struct entry {
	struct delivery_workers *w;
	struct batch *batch;
	char server[HOP_SERVER_BYTES];
};

static bool enter(void *context, const char *server)
{
	struct entry *entry = context;
	LOCKED(&entry->w->lock);

	(void)snprintf(entry->server, sizeof(entry->server), "%s", server);
	return delivery_queue_enter(&entry->w->queue, entry->batch, server);
}

/* The end of a batch on this node; with `unwritten` the taker's, later. */
static void end_batch(struct delivery_workers *w, struct batch *batch, struct sending *unwritten)
{
	LOCKED(&w->lock);
	batch->unwritten = unwritten;
	if (unwritten == NULL)
		delivery_queue_end(&w->queue, batch);
}

static bool park(const struct entry *entry)
{
	LOCKED(&entry->w->lock);
	return delivery_queue_park(&entry->w->queue, entry->batch, entry->server);
}

/* The server has enough to do. */
static void wait_for_server(const struct entry *entry, const struct sending *s)
{
	if (park(entry))
		return;
	workers_release(entry->w, s->deliveries, s->count, clock_now() + FULL_RETRY_MS);
	end_batch(entry->w, entry->batch, NULL);
}

void batch_run(struct delivery_workers *w, struct batch *batch)
{
	cleanup(deliver_job_free_at) struct deliver_job *job = NULL;
	cleanup(sending_free_at) struct sending *s = mem_new(sizeof(*s));
	struct entry entry = {.w = w, .batch = batch};
	struct err err = {0};
	int64_t now = clock_now();

	for (size_t i = 0; i < batch->count; i++)
		s->deliveries[s->count++] = &batch->tasks[i]->delivery;
	enum result opened = deliver_open(w->options.flow, s->deliveries[0], now, &job, &err);
	struct send_request request = {.options = &w->options,
		.connections = w->connections,
		.cut = w->cut,
		.job = job,
		.deliveries = s->deliveries,
		.count = s->count,
		.now = now,
		.enter = enter,
		.enter_context = &entry};
	if (opened != RESULT_OK) {
		give_back(s, opened, &err);
	} else if (!send_mail(&request, &s->arena, s->attempts)) {
		wait_for_server(&entry, s);
		return;
	}
	if (smtp_cut_was_made(w->cut))
		release_undecided(w, s);
	log_ends(s);
	if (s->count && s->attempts[0].outcome == ATTEMPT_SENT && job && w->options.sent)
		w->options.sent(w->options.sent_context, job);
	end_batch(w, batch, sending_write_down(w, s) ? NULL : TAKE(s));
}
