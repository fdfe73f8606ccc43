/* The deliveries a node holds: which of them go next, and which go together in one transaction. Not
 * guarded; the workers' lock does that. */
#ifndef DELIVERY_QUEUE_H
#define DELIVERY_QUEUE_H

#include "base/limits.h"
#include "delivery/resolve.h"
#include "store/delivery.h"

/* One delivery that waits for a worker or is being sent. */
struct task {
	struct task *next;
	struct arena arena;
	struct delivery delivery;
	struct batch *batch; /* while it is being sent */
	/* The server that had no room when it was tried to, as in resolve.h; empty: none. */
	char server[HOP_SERVER_BYTES];
};

struct sending;

/* Tasks that are sent together: same content, sender and next server. */
struct batch {
	struct batch *next;
	struct task *tasks[LIMIT_DELIVERY_BATCH]; /* the first decides where it goes */
	size_t count;
	char server[HOP_SERVER_BYTES]; /* that is connected to, once that is known */
	struct sending *unwritten;     /* what it led to, while that cannot be written down; the workers' */
};

struct delivery_queue {
	struct task *tasks; /* oldest first */
	struct batch *running;
	int per_destination; /* batches at once, and to one server */
	int parked_max;	     /* tasks that wait for a server */
	bool one_by_one;     /* no two in one batch */
};

/* A copy; one that is here already is not added again. */
void delivery_queue_add(struct delivery_queue *queue, const struct delivery *delivery);

/* The oldest task whose destination and server have room, with all that can go along: a hanging server holds
 * up nobody else. NULL when there is none. End it with delivery_queue_end. */
struct batch *delivery_queue_next(struct delivery_queue *queue);
void delivery_queue_end(struct delivery_queue *queue, struct batch *batch);

/* A batch is about to connect to a server: one that many domains share and that hangs must not hold all
 * workers. False when it has no room. */
bool delivery_queue_enter(struct delivery_queue *queue, struct batch *batch, const char *server);

/* Instead of delivery_queue_end: its tasks wait until the server has room. False when so many wait already
 * that it must be given back. */
bool delivery_queue_park(struct delivery_queue *queue, struct batch *batch, const char *server);

/* How many tasks wait that could be sent if a worker were free. */
int delivery_queue_waiting(const struct delivery_queue *queue);

/* Destinations that have no room now: at most `room` of them; points into the tasks. */
size_t delivery_queue_busy(const struct delivery_queue *queue, struct str *ret, size_t room);

/* Whether two deliveries may share one SMTP transaction. */
bool delivery_may_share(const struct delivery *a, const struct delivery *b);

/* Forgets what waits and is not being sent. */
void delivery_queue_drop_waiting(struct delivery_queue *queue);

/* Forgets everything, when nothing is being sent any more. */
void delivery_queue_done(struct delivery_queue *queue);

#endif
