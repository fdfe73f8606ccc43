/* Node runs: the nodes that may hold deliveries. One row a node, of its present or last run, which goes when
 * it ends in order; a run that beats no more has died. */
#ifndef STORE_NODE_RUN_H
#define STORE_NODE_RUN_H

#include "base/arena.h"
#include "db/db.h"

struct node_run {
	struct str name;    /* of the node, the same after each start */
	struct id id;	    /* of the run */
	int64_t beats;	    /* grows as long as it lives */
	int64_t started_at; /* ms */
	int64_t beaten_at;  /* ms by the node's own clock, for people to see; no rule goes by it */
};

enum result node_run_list(struct tx *tx, struct arena *arena, struct node_run **ret, size_t *ret_count,
	struct err *err) must_check;

#endif
