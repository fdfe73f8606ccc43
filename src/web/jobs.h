/* A bounded pool of worker threads. Jobs are part of what they work on, so that handing one over never fails
 * for want of memory; each stands in the queue once at most. */
#ifndef WEB_JOBS_H
#define WEB_JOBS_H

#include "base/result.h"

#include <stdint.h>

struct job {
	void (*run)(struct job *job); /* in a worker, without any lock */
	struct job *next;
	int64_t when; /* of jobs_add_at */
};

struct jobs;

/* UNAVAILABLE when threads cannot be started. `waiting` bounds what jobs_is_full asks about. */
enum result jobs_new(
	unsigned int workers, unsigned int waiting, struct jobs **ret, struct err *err) must_check;
/* Runs what is queued to the end, then ends the threads. */
void jobs_free(struct jobs *jobs);

/* Whether new work should be turned away. Steps of work that was begun are handed in all the same: there are
 * no more of them than connections. */
bool jobs_is_full(struct jobs *jobs);
void jobs_add(struct jobs *jobs, struct job *job);
/* Runs it when clock_monotonic() has reached `when`, or at the end; no worker is held meanwhile. */
void jobs_add_at(struct jobs *jobs, struct job *job, int64_t when);

#endif
