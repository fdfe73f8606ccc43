/* What worker.c (starting, workers, stopping), batch.c (sending one batch) and taker.c (the thread that fills
 * the queue from the database) share. */
#ifndef DELIVERY_WORKER_PRIVATE_H
#define DELIVERY_WORKER_PRIVATE_H

#include "base/thread.h"
#include "delivery/holding.h"
#include "delivery/queue.h"
#include "delivery/send.h"
#include "delivery/worker.h"

#define DELIVERY_TOPIC "delivery"
#define TAKE_PER_WORKER 16

struct delivery_workers {
	struct delivery_options options;
	/* Guards all below. */
	struct lock lock;
	struct signal look;  /* the taker should look at the queue: woken */
	struct signal begin; /* workers may find something to begin */
	struct signal ended; /* a worker did */
	struct delivery_queue queue;
	bool stopping, woken;
	bool is_full; /* no look is worth it before a batch has ended */
	int working;  /* workers that have not ended */
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

void sending_free(struct sending *sending);

/* False: not now. What can never be written down stays with this node until it ends, so that it is not sent
 * time and again. */
bool sending_write_down(struct delivery_workers *w, const struct sending *sending);

/* Gives deliveries back untried, due again at that time. */
void workers_release(
	struct delivery_workers *w, const struct delivery *const *deliveries, size_t count, int64_t due_at);

/* Sends a batch and writes down what it led to; afterwards it is ended, parked, or waits to be written down.
 */
void batch_run(struct delivery_workers *w, struct batch *batch);

/* The taker's thread: keeps this node a holder, takes what is due, and writes down what the database did not
 * take before. */
void *taker_run(void *workers);

/* At the end, when no other thread is left: a last time; what cannot be written down even now is sent again
 * by whoever goes on with it. */
void taker_end_unwritten(struct delivery_workers *w);

#endif
