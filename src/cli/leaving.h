/* leaving: a thread that lets go what waits in the portal to be undone (flow/leave.h). */
#ifndef CLI_LEAVING_H
#define CLI_LEAVING_H

#include "delivery/worker.h"
#include "flow/flow.h"

struct leaving;

/* Both must outlive it. UNAVAILABLE without a thread. */
enum result leaving_start(struct flow *flow, struct delivery_workers *delivery, struct leaving **ret,
	struct err *err) must_check;

/* Ends it once what is in hand is through; NULL is fine. */
void leaving_stop(struct leaving *leaving);

#endif
