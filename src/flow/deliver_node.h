/* deliver_node: which nodes hold deliveries. What a run of a node has taken is nobody else's as long as it
 * lives, however long that takes. When the node starts again, what its last run held goes on at once; when a
 * node stays away, the others see that it beats no more and go on with it. No clock of one node is compared
 * with another's. */
#ifndef FLOW_DELIVER_NODE_H
#define FLOW_DELIVER_NODE_H

#include "flow/flow.h"
#include "store/node_run.h"

struct deliver_join {
	struct str name;   /* the node's, the same after each start, and of no other that lives */
	bool is_only_node; /* all runs that are known have ended */
	bool is_start;	   /* the node's last run has ended; else it was this process's own */
};

/* Begins a run; *ret_count gets how many deliveries are due at once since nobody holds them any more.
 * CONFLICT when another process runs as this node, or has since. */
enum result deliver_join(struct flow *flow, const struct deliver_join *join, int64_t now, struct id *ret_run,
	int64_t *ret_count, struct err *err) must_check;

/* Shows that the run lives, and lists the runs there are. CONFLICT when it counts as ended. */
enum result deliver_beat(struct flow *flow, struct id run, int64_t now, struct arena *arena,
	struct node_run **ret, size_t *ret_count, struct err *err) must_check;

/* Ends another's run unless it has beaten since it was listed; *ret_count gets how many deliveries it held.
 */
enum result deliver_take_over(struct flow *flow, const struct node_run *silent, int64_t now,
	int64_t *ret_count, struct err *err) must_check;

/* Ends the own run; what it still holds is due at once. */
enum result deliver_leave(struct flow *flow, struct id run, int64_t now, struct err *err) must_check;

#endif
