#include "delivery/worker.h"

#include "base/log.h"
#include "base/thread.h"
#include "delivery/holding.h"
#include "delivery/queue.h"
#include "delivery/send.h"

#include <stdio.h>
#include <string.h>

#define TOPIC "delivery"
#define WORKERS_RANK 200
/* How long the queue is not looked at when nothing is due and nobody wakes us; other nodes may queue too. */
#define LOOK_MS (5 * MS_SECOND)
#define BUSY_RETRY_MS (2 * MS_SECOND)
#define TAKE_PER_WORKER 16
/* Until what found no room with its server, nor room to wait for it here, is looked at again. */
#define FULL_RETRY_MS (30 * MS_SECOND)
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
	struct holding *holding;	 /* the taker's */
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

static void sending_free(struct sending *s)
{
	arena_done(&s->arena);
	free(s);
}
DEFINE_CLEANUP(struct sending *, sending_free)

/* False: not now. What can never be written down stays with this node until it ends, so that it is not sent
 * time and again. */
static bool write_down(struct delivery_workers *w, const struct sending *s)
{
	struct err err = {0};
	enum result result = s->count ? deliver_finish(w->options.flow, s->deliveries, s->attempts, s->count,
						clock_now(), &err)
				      : RESULT_OK;

	if (result != RESULT_OK)
		log_error(TOPIC, "cannot write down the end of %s: %s", id_text(s->deliveries[0]->id).s,
			err.text);
	return result != RESULT_UNAVAILABLE && result != RESULT_BUSY;
}

static void log_ends(const struct sending *s)
{
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

/* Untried, and due again at that time. */
static void release(
	struct delivery_workers *w, const struct delivery *const *deliveries, size_t count, int64_t due_at)
{
	struct err err = {0};

	if (count && deliver_release(w->options.flow, deliveries, count, due_at, &err) != RESULT_OK)
		log_warning(TOPIC, "%zu deliveries wait longer than they have to: %s", count, err.text);
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
	release(w, undecided, count, clock_now());
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
	release(entry->w, s->deliveries, s->count, clock_now() + FULL_RETRY_MS);
	end_batch(entry->w, entry->batch, NULL);
}

static void run_batch(struct delivery_workers *w, struct batch *batch)
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
	end_batch(w, batch, write_down(w, s) ? NULL : TAKE(s));
}

static void *worker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		/* Of what may be another node's by now nothing is begun. */
		struct batch *batch = holding_is_sure(w->holding) ? delivery_queue_next(&w->queue) : NULL;
		if (batch == NULL) {
			signal_wait(&w->wake, &w->lock);
			continue;
		}
		lock_release(&w->lock);
		run_batch(w, batch);
		lock_take(&w->lock);
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

/* What may be taken now. */
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

/* Takes what is due while there is room; *ret_again gets when the queue should be looked at again
 * (clock_monotonic). CONFLICT when this node's run has ended. */
static enum result take_due(struct delivery_workers *w, int64_t *ret_again)
{
	cleanup(arena_done) struct arena arena = {0};
	struct id run = holding_run(w->holding);
	struct delivery *due;
	struct room room = {0};
	size_t count = 0;
	int64_t next = 0, now = clock_now();
	struct err err = {0};

	look_for_room(w, &arena, &room);
	bool may_take = room.count > 0 && !id_is_none(run);
	enum result result = may_take ? deliver_next_time(w->options.flow, &next, &err) : RESULT_OK;
	if (result == RESULT_OK && may_take && next <= now) {
		result = deliver_take(w->options.flow, run, now, room.busy, room.busy_count, room.count,
			&arena, &due, &count, &err);
		if (result == RESULT_OK)
			add_tasks(w, due, count);
	}
	if (result != RESULT_OK && result != RESULT_CONFLICT)
		log_warning(TOPIC, "cannot look at the queue: %s", err.text);
	int64_t wait = result != RESULT_OK		    ? BUSY_RETRY_MS
		       : count				    ? 0
		       : next > now && next - now < LOOK_MS ? next - now
							    : LOOK_MS;
	*ret_again = clock_monotonic() + wait;
	return result;
}

static struct batch *find_unwritten(struct delivery_workers *w)
{
	LOCKED(&w->lock);
	struct batch *batch = w->queue.running;

	while (batch && batch->unwritten == NULL)
		batch = batch->next;
	return batch;
}

static void end_unwritten(struct delivery_workers *w, struct batch *batch)
{
	LOCKED(&w->lock);
	sending_free(batch->unwritten);
	delivery_queue_end(&w->queue, batch);
	signal_all(&w->wake);
}

/* What the database did not take before. */
static void write_unwritten(struct delivery_workers *w)
{
	struct batch *batch;

	while ((batch = find_unwritten(w)) && write_down(w, batch->unwritten))
		end_unwritten(w, batch);
}

/* Keeps this node a holder of deliveries. */
static void keep_holding(struct delivery_workers *w, bool is_lost)
{
	enum holding_state state = holding_keep(w->holding, is_lost);

	LOCKED(&w->lock);
	if (state == HOLDING_LOST)
		delivery_queue_drop_waiting(&w->queue);
	signal_all(&w->wake); /* workers that were not sure */
}

static void *taker_run(void *arg)
{
	struct delivery_workers *w = arg;
	bool is_lost = false;

	lock_take(&w->lock);
	while (!w->stopping) {
		w->woken = false;
		lock_release(&w->lock);
		int64_t again;
		keep_holding(w, is_lost);
		write_unwritten(w);
		is_lost = take_due(w, &again) == RESULT_CONFLICT;
		if (again > holding_next(w->holding))
			again = holding_next(w->holding);
		connections_sweep(w->connections);
		lock_take(&w->lock);
		bool waits = !is_lost;
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
	struct holding_options holding = {
		options->flow, options->node, options->is_only_node, options->silence_ms};

	enum result joined = holding_start(&holding, &w->holding, err);
	if (joined != RESULT_OK) {
		free(w);
		return joined;
	}
	w->options = *options;
	w->queue.per_destination = options->per_destination;
	w->queue.parked_max = options->workers * TAKE_PER_WORKER;
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

/* What was taken and not begun. */
static void release_waiting(struct delivery_workers *w)
{
	const struct delivery *waiting[LIMIT_DELIVERY_BATCH];
	size_t count = 0;

	for (const struct task *t = w->queue.tasks; t; t = t->next) {
		if (t->batch == NULL)
			waiting[count++] = &t->delivery;
		if (count == COUNT_OF(waiting) || t->next == NULL) {
			release(w, waiting, count, clock_now());
			count = 0;
		}
	}
}

/* A last time; what cannot be written down even now is sent again by whoever goes on with it. */
static void end_all_unwritten(struct delivery_workers *w)
{
	struct batch *batch;

	write_unwritten(w);
	while ((batch = find_unwritten(w)))
		end_unwritten(w, batch);
}

void delivery_stop(struct delivery_workers *w, int64_t limit_ms)
{
	if (w == NULL)
		return;
	delivery_begin_stop(w);
	wait_for_workers(w, clock_monotonic() + limit_ms);
	smtp_cut_all(w->cut);
	resolver_cut(w->options.resolver);
	(void)pthread_join(w->taker, NULL);
	for (int i = 0; i < w->thread_count; i++)
		(void)pthread_join(w->threads[i], NULL);
	end_all_unwritten(w);
	release_waiting(w);
	holding_end(w->holding);
	delivery_queue_done(&w->queue);
	connections_free(w->connections);
	smtp_cut_free(w->cut);
	signal_done(&w->ended);
	signal_done(&w->wake);
	lock_done(&w->lock);
	free(w->threads);
	free(w);
}
