#include "delivery/worker_private.h"

#include <stdlib.h>

#define WORKERS_RANK 200

static void *worker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		/* Of what may be another node's by now nothing is begun. */
		struct batch *batch = holding_is_sure(w->holding) ? delivery_queue_next(&w->queue) : NULL;
		if (batch == NULL) {
			signal_wait(&w->begin, &w->lock);
			continue;
		}
		lock_release(&w->lock);
		batch_run(w, batch);
		lock_take(&w->lock);
		/* The destination has room again, and what was sent may have queued something. */
		w->woken = true;
		w->is_full = false;
		signal_one(&w->look);
		signal_all(&w->begin);
	}
	w->working--;
	signal_all(&w->ended);
	lock_release(&w->lock);
	return NULL;
}

void delivery_wake(void *workers)
{
	struct delivery_workers *w = workers;

	lock_take(&w->lock);
	bool knows = w->woken || w->is_full;
	w->woken = true;
	lock_release(&w->lock);
	if (!knows)
		signal_one(&w->look);
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
	signal_init(&w->look);
	signal_init(&w->begin);
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
	signal_all(&w->look);
	signal_all(&w->begin);
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
			workers_release(w, waiting, count, clock_now());
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
	resolver_cut(w->options.resolver);
	(void)pthread_join(w->taker, NULL);
	for (int i = 0; i < w->thread_count; i++)
		(void)pthread_join(w->threads[i], NULL);
	taker_end_unwritten(w);
	release_waiting(w);
	holding_end(w->holding);
	delivery_queue_done(&w->queue);
	connections_free(w->connections);
	smtp_cut_free(w->cut);
	signal_done(&w->ended);
	signal_done(&w->begin);
	signal_done(&w->look);
	lock_done(&w->lock);
	free(w->threads);
	free(w);
}
