#ifndef STORE_NODE_RUN_WRITE_H
#define STORE_NODE_RUN_WRITE_H

#include "store/node_run.h"

/* CONFLICT when the node has a run already. */
enum result node_run_add(struct tx *tx, const struct node_run *run, struct err *err) must_check;

/* Counts a beat. From here to the end of the transaction nobody ends the run. CONFLICT when it has ended. */
enum result node_run_beat(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;

/* Ends a run that has beaten so often, or any when beats is -1; *ret_ended: it was there. */
enum result node_run_end(
	struct tx *tx, struct id id, int64_t beats, bool *ret_ended, struct err *err) must_check;

#endif
