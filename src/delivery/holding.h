/* This node as a holder of deliveries (flow/deliver_node.h): it beats, sees which others do, and goes on with
 * what a dead one held. For the thread that takes from the queue, but for holding_is_sure. */
#ifndef DELIVERY_HOLDING_H
#define DELIVERY_HOLDING_H

#include "base/str.h"
#include "flow/flow.h"

struct holding_options {
	struct flow *flow;
	struct str node;    /* name, as in struct deliver_join */
	bool is_only_node;  /* on this database: nobody looks whether it beats */
	int64_t silence_ms; /* after so long without a beat another is dead */
};

struct holding;

/* Begins a run. The options' texts must outlive it. CONFLICT when another process starts as this node. */
enum result holding_start(
	const struct holding_options *options, struct holding **ret, struct err *err) must_check;

/* Ends the run; whatever it still holds is due at once for any node. NULL is allowed. */
void holding_end(struct holding *holding);

enum holding_state {
	HOLDING_KEPT,
	HOLDING_LOST /* another node, or another process as this node, may have all that was not begun */
};

/* When its time has come: beats, and takes over what dead nodes held. With is_lost the run was found ended;
 * then, or when that shows now, a new one begins as soon as no other process runs as this node. */
enum holding_state holding_keep(struct holding *holding, bool is_lost);

/* The present run; none while there is none. */
struct id holding_run(const struct holding *holding);

/* When holding_keep has to be called again at the latest (clock_monotonic). */
int64_t holding_next(const struct holding *holding);

/* Whether what was taken is surely still ours, so that sending it may begin. Any thread. */
bool holding_is_sure(const struct holding *holding);

#endif
