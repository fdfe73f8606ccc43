/* What a node knows of the others: how often each has beaten, and since when it has not. Times are this
 * node's own (clock_monotonic), so that clocks that differ or jump kill nobody. Not guarded. */
#ifndef DELIVERY_WATCH_H
#define DELIVERY_WATCH_H

#include "base/limits.h"
#include "store/node_run.h"

struct watched {
	struct id run;
	int64_t beats, since;
};

struct watch {
	struct watched runs[LIMIT_NODES];
	size_t count;
	int64_t looked_at;
};

/* Notes the runs as they are listed at `now`. After a time of more than `gap_ms` without a look everybody is
 * given a new chance: whatever kept us from looking may have kept them from beating. */
void watch_note(struct watch *watch, const struct node_run *runs, size_t count, int64_t now, int64_t gap_ms);

/* Whether the run, as it was noted last, has not beaten for so long. */
bool watch_is_silent(const struct watch *watch, struct id run, int64_t silence_ms);

#endif
