#include "delivery/worker_private.h"

#include "base/log.h"

/* How long the queue is not looked at when nothing is due and nobody wakes us; other nodes may queue too. */
#define LOOK_MS (5 * MS_SECOND)
#define BUSY_RETRY_MS (2 * MS_SECOND)
#define BUSY_DESTINATIONS 16

static void add_tasks(struct delivery_workers *w, const struct delivery *deliveries, size_t count)
{
	LOCKED(&w->lock);
	for (size_t i = 0; i < count; i++)
		delivery_queue_add(&w->queue, &deliveries[i]);
	if (count)
		signal_all(&w->begin);
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
	w->is_full = ret->count <= 0;
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
		log_warning(DELIVERY_TOPIC, "cannot look at the queue: %s", err.text);
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
	signal_all(&w->begin);
}

/* What the database did not take before. */
static void write_unwritten(struct delivery_workers *w)
{
	struct batch *batch;

	while ((batch = find_unwritten(w)) && sending_write_down(w, batch->unwritten))
		end_unwritten(w, batch);
}

/* Keeps this node a holder of deliveries. */
static void keep_holding(struct delivery_workers *w, bool is_lost)
{
	enum holding_state state = holding_keep(w->holding, is_lost);

	LOCKED(&w->lock);
	if (state == HOLDING_LOST)
		delivery_queue_drop_waiting(&w->queue);
	if (w->queue.tasks)
		signal_all(&w->begin); /* workers that were not sure */
}

void *taker_run(void *arg)
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
		while (!w->stopping && (!w->woken || w->is_full) && waits)
			waits = signal_wait_until(&w->look, &w->lock, again);
	}
	lock_release(&w->lock);
	return NULL;
}

void taker_end_unwritten(struct delivery_workers *w)
{
	struct batch *batch;

	write_unwritten(w);
	while ((batch = find_unwritten(w)))
		end_unwritten(w, batch);
}
