#include "delivery/worker.h"

#include "base/log.h"
#include "base/thread.h"
#include "delivery/queue.h"
#include "delivery/send.h"

#include <string.h>

#define TOPIC "delivery"
#define WORKERS_RANK 200
/* How long the queue is not looked at when nothing is due and nobody wakes us; other nodes may queue too. */
#define LOOK_MS (5 * MS_SECOND)
#define BUSY_RETRY_MS (2 * MS_SECOND)
#define TAKE_PER_WORKER 16
#define BUSY_DESTINATIONS 16

struct delivery_workers {
	struct delivery_options options;
	/* Guards all below. */
	struct lock lock;
	struct signal wake;
	struct signal ended; /* a worker did */
	struct delivery_queue queue;
	bool stopping, woken;
	int working; /* workers that have not ended */
	pthread_t taker;
	pthread_t *threads;
	int thread_count;
	struct connections *connections; /* have locks of their own */
	struct smtp_cut *cut;
};

/* What a worker needs for one batch. */
struct sending {
	struct arena arena;
	const struct delivery *deliveries[LIMIT_DELIVERY_BATCH];
	struct deliver_attempt attempts[LIMIT_DELIVERY_BATCH];
	size_t count;
};

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

static void finish(struct delivery_workers *w, const struct sending *s)
{
	struct err err = {0};

	if (deliver_finish(w->options.flow, s->deliveries, s->attempts, s->count, clock_now(), &err) !=
		RESULT_OK)
		log_error(TOPIC, "cannot write down the end of %s: %s", id_text(s->deliveries[0]->id).s,
			err.text);
	for (size_t i = 0; i < s->count; i++)
		log_info(TOPIC, "%s id=%s outcome=%s attempts=%lld",
			delivery_kind_name(s->deliveries[i]->kind), id_text(s->deliveries[i]->id).s,
			outcome_name(&s->attempts[i]), (long long)s->deliveries[i]->attempts);
}

/* The mail of a batch could not be read. */
static void give_back(struct sending *s, enum result opened, const struct err *why)
{
	struct deliver_attempt attempt = deliver_unopened(opened, why, &s->arena);

	if (opened == RESULT_INTERNAL || attempt.outcome == ATTEMPT_REFUSED)
		log_error(TOPIC, "cannot open %s: %s", id_text(s->deliveries[0]->id).s, why->text);
	for (size_t i = 0; i < s->count; i++)
		s->attempts[i] = attempt;
}

/* Untried, and due again at once. */
static void release(struct delivery_workers *w, const struct delivery *const *deliveries, size_t count)
{
	struct err err = {0};

	if (count && deliver_release(w->options.flow, deliveries, count, clock_now(), &err) != RESULT_OK)
		log_warning(TOPIC, "%zu deliveries wait until their lease ends: %s", count, err.text);
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
	release(w, undecided, count);
}

static void run_batch(struct delivery_workers *w, const struct batch *batch)
{
	cleanup(deliver_job_free_at) struct deliver_job *job = NULL;
	cleanup(mem_free_at) struct sending *s = mem_new(sizeof(*s));
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
		.now = now};
	if (opened == RESULT_OK)
		send_mail(&request, &s->arena, s->attempts);
	else
		give_back(s, opened, &err);
	if (smtp_cut_was_made(w->cut))
		release_undecided(w, s);
	if (s->count)
		finish(w, s);
	if (s->count && s->attempts[0].outcome == ATTEMPT_SENT && job && w->options.sent)
		w->options.sent(w->options.sent_context, job);
	arena_done(&s->arena);
}

static void *worker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		struct batch *batch = delivery_queue_next(&w->queue);
		if (batch == NULL) {
			signal_wait(&w->wake, &w->lock);
			continue;
		}
		/* Another node may have it by now. */
		bool begins = batch->lease_until - clock_now() >= DELIVER_LEASE_MS / 2;
		lock_release(&w->lock);
		if (begins)
			run_batch(w, batch);
		lock_take(&w->lock);
		delivery_queue_end(&w->queue, batch);
		/* The destination has room again, and what was sent may have queued something. */
		w->woken = true;
		signal_all(&w->wake);
	}
	w->working--;
	signal_all(&w->ended);
	lock_release(&w->lock);
	return NULL;
}

static void add_tasks(struct delivery_workers *w, const struct delivery *deliveries, size_t count)
{
	LOCKED(&w->lock);
	for (size_t i = 0; i < count; i++)
		delivery_queue_add(&w->queue, &deliveries[i]);
	if (count)
		signal_all(&w->wake);
}

/* What may be leased now. */
struct room {
	int count;
	struct str busy[BUSY_DESTINATIONS];
	size_t busy_count;
};

static void look_for_room(struct delivery_workers *w, struct arena *arena, struct room *ret)
{
	LOCKED(&w->lock);
	ret->count = w->options.workers * TAKE_PER_WORKER - delivery_queue_waiting(&w->queue);
	ret->busy_count = delivery_queue_busy(&w->queue, ret->busy, COUNT_OF(ret->busy));
	for (size_t i = 0; i < ret->busy_count; i++)
		ret->busy[i] = arena_str(arena, ret->busy[i]);
}

/* Takes what is due while there is room; returns when the queue should be looked at again (clock_monotonic).
 */
static int64_t take_due(struct delivery_workers *w)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery *due;
	struct room room = {0};
	size_t count = 0;
	int64_t next = 0, now = clock_now();
	struct err err = {0};

	look_for_room(w, &arena, &room);
	enum result result = room.count > 0 ? deliver_next_time(w->options.flow, &next, &err) : RESULT_OK;
	if (result == RESULT_OK && room.count > 0 && next <= now) {
		result = deliver_take(w->options.flow, now, room.busy, room.busy_count, room.count, &arena,
			&due, &count, &err);
		if (result == RESULT_OK)
			add_tasks(w, due, count);
	}
	if (result != RESULT_OK) {
		log_warning(TOPIC, "cannot look at the queue: %s", err.text);
		return clock_monotonic() + BUSY_RETRY_MS;
	}
	int64_t wait = next > now && next - now < LOOK_MS ? next - now : LOOK_MS;
	return clock_monotonic() + (count ? 0 : wait);
}

static void list_leases(struct delivery_workers *w, int64_t before, struct list *ret)
{
	LOCKED(&w->lock);
	delivery_queue_leases(&w->queue, before, ret);
}

static void note_renewed(struct delivery_workers *w, int64_t before, int64_t lease_until)
{
	LOCKED(&w->lock);
	delivery_queue_renewed(&w->queue, before, lease_until);
}

/* Before another node may take what a slow server still gets. No batch begins with a lease that is half over.
 */
static void renew_leases(struct delivery_workers *w)
{
	cleanup(arena_done) struct arena arena = {0};
	struct list claims = list_new(&arena, sizeof(struct delivery_claim));
	int64_t now = clock_now(), before = now + DELIVER_LEASE_MS / 2;
	struct err err = {0};

	list_leases(w, before, &claims);
	if (claims.count == 0)
		return;
	if (deliver_renew(w->options.flow, claims.items, claims.count, now + DELIVER_LEASE_MS, &err) ==
		RESULT_OK)
		note_renewed(w, before, now + DELIVER_LEASE_MS);
	else
		log_warning(TOPIC, "cannot renew leases: %s", err.text);
}

static void *taker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		w->woken = false;
		lock_release(&w->lock);
		renew_leases(w);
		int64_t again = take_due(w);
		connections_sweep(w->connections);
		lock_take(&w->lock);
		bool waits = true;
		while (!w->stopping && !w->woken && waits)
			waits = signal_wait_until(&w->wake, &w->lock, again);
	}
	lock_release(&w->lock);
	return NULL;
}

void delivery_wake(void *workers)
{
	struct delivery_workers *w = workers;
	LOCKED(&w->lock);

	w->woken = true;
	signal_all(&w->wake);
}

enum result delivery_start(
	const struct delivery_options *options, struct delivery_workers **ret, struct err *err)
{
	struct delivery_workers *w = mem_new(sizeof(*w));

	if (options->is_only_node) {
		enum result recovered = deliver_recover(options->flow, clock_now(), err);
		if (recovered != RESULT_OK) {
			free(w);
			return recovered;
		}
	}
	w->options = *options;
	w->queue.per_destination = options->per_destination;
	w->queue.one_by_one = options->outbox != NULL; /* a file for each */
	w->connections = connections_new();
	w->cut = smtp_cut_new();
	lock_init(&w->lock, "delivery workers", WORKERS_RANK);
	signal_init(&w->wake);
	signal_init(&w->ended);
	w->working = options->workers;
	w->threads = mem_new(sizeof(pthread_t) * (size_t)options->workers);
	enum result result = thread_start(&w->taker, "queue", taker_run, w);
	for (int i = 0; i < options->workers && result == RESULT_OK; i++) {
		result = thread_start(&w->threads[i], "delivery", worker_run, w);
		w->thread_count += result == RESULT_OK;
	}
	if (result != RESULT_OK)
		return err_set(err, result, "no threads for delivery"); /* the process ends */
	*ret = w;
	return RESULT_OK;
}

void delivery_begin_stop(struct delivery_workers *w)
{
	if (w == NULL)
		return;
	LOCKED(&w->lock);
	w->stopping = true;
	signal_all(&w->wake);
}

static void wait_for_workers(struct delivery_workers *w, int64_t deadline)
{
	LOCKED(&w->lock);
	while (w->working > 0)
		if (!signal_wait_until(&w->ended, &w->lock, deadline))
			return;
}

/* What was leased and not begun. */
static void release_waiting(struct delivery_workers *w)
{
	const struct delivery *waiting[LIMIT_DELIVERY_BATCH];
	size_t count = 0;

	for (const struct task *t = w->queue.tasks; t; t = t->next) {
		waiting[count++] = &t->delivery;
		if (count == COUNT_OF(waiting) || t->next == NULL) {
			release(w, waiting, count);
			count = 0;
		}
	}
}

void delivery_stop(struct delivery_workers *w, int64_t limit_ms)
{
	if (w == NULL)
		return;
	delivery_begin_stop(w);
	wait_for_workers(w, clock_monotonic() + limit_ms);
	smtp_cut_all(w->cut);
	(void)pthread_join(w->taker, NULL);
	for (int i = 0; i < w->thread_count; i++)
		(void)pthread_join(w->threads[i], NULL);
	release_waiting(w);
	delivery_queue_done(&w->queue);
	connections_free(w->connections);
	smtp_cut_free(w->cut);
	signal_done(&w->ended);
	signal_done(&w->wake);
	lock_done(&w->lock);
	free(w->threads);
	free(w);
}
