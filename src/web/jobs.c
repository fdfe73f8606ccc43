#include "web/jobs.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

/* Below the server's own lock, which is never held here. */
#define JOBS_LOCK_RANK 310

struct jobs {
	struct lock lock; /* guards all below */
	struct signal more;
	struct job *first, *last;
	struct job *later; /* the next one due first */
	unsigned int waiting, waiting_max;
	bool is_ending;
	pthread_t *threads;
	unsigned int thread_count;
};

/* The next job that may run now, or NULL. */
static struct job *next_job(struct jobs *jobs)
{
	struct job *job = jobs->later;

	if (job && (jobs->is_ending || job->when <= clock_monotonic())) {
		jobs->later = job->next;
		return job;
	}
	job = jobs->first;
	if (job) {
		jobs->first = job->next;
		jobs->waiting--;
	}
	return job;
}

/* Waits for a job; NULL when there will be none. */
static struct job *take_job(struct jobs *jobs)
{
	LOCKED(&jobs->lock);
	for (;;) {
		struct job *job = next_job(jobs);
		/* The one that watched the time has something else to do now. */
		if (job && jobs->later)
			signal_one(&jobs->more);
		if (job || jobs->is_ending)
			return job;
		if (jobs->later)
			(void)signal_wait_until(&jobs->more, &jobs->lock, jobs->later->when);
		else
			signal_wait(&jobs->more, &jobs->lock);
	}
}

static void *work(void *arg)
{
	struct jobs *jobs = arg;

	for (struct job *job; (job = take_job(jobs));)
		job->run(job);
	return NULL;
}

enum result jobs_new(unsigned int workers, unsigned int waiting, struct jobs **ret, struct err *err)
{
	struct jobs *jobs = mem_new(sizeof(*jobs));

	lock_init(&jobs->lock, "web jobs", JOBS_LOCK_RANK);
	signal_init(&jobs->more);
	jobs->waiting_max = waiting;
	jobs->threads = mem_resize(NULL, workers, sizeof(*jobs->threads));
	for (unsigned int i = 0; i < workers; i++) {
		if (thread_start(&jobs->threads[i], "web worker", work, jobs) != RESULT_OK) {
			jobs_free(jobs);
			return err_set(err, RESULT_UNAVAILABLE, "cannot start threads for the portal");
		}
		jobs->thread_count++;
	}
	*ret = jobs;
	return RESULT_OK;
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	lock_take(&jobs->lock);
	jobs->is_ending = true;
	signal_all(&jobs->more);
	lock_release(&jobs->lock);
	for (unsigned int i = 0; i < jobs->thread_count; i++)
		(void)pthread_join(jobs->threads[i], NULL);
	free(jobs->threads);
	signal_done(&jobs->more);
	lock_done(&jobs->lock);
	free(jobs);
}

bool jobs_is_full(struct jobs *jobs)
{
	LOCKED(&jobs->lock);
	return jobs->waiting >= jobs->waiting_max;
}

void jobs_add(struct jobs *jobs, struct job *job)
{
	LOCKED(&jobs->lock);
	job->next = NULL;
	if (jobs->first)
		jobs->last->next = job;
	else
		jobs->first = job;
	jobs->last = job;
	jobs->waiting++;
	signal_one(&jobs->more);
}

void jobs_add_at(struct jobs *jobs, struct job *job, int64_t when)
{
	LOCKED(&jobs->lock);
	struct job **place = &jobs->later;

	while (*place && (*place)->when <= when)
		place = &(*place)->next;
	job->when = when;
	job->next = *place;
	*place = job;
	signal_one(&jobs->more);
}
