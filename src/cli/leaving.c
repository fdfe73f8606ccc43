#include "cli/leaving.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "flow/leave.h"

/* A look is one read by an index: nobody has to tell of what waits, on this node or another. */
#define LOOK_MS MS_SECOND
#define RANK 200

struct leaving {
	struct flow *flow;
	struct delivery_workers *delivery;
	struct lock lock; /* guards is_ending */
	struct signal wake;
	bool is_ending;
	pthread_t thread;
};

static void look(struct leaving *l)
{
	struct err err = {0};
	size_t sent;

	if (leave_due(l->flow, clock_now(), &sent, &err) != RESULT_OK)
		log_warning("node", "what waits to leave: %s", err.text);
	if (sent)
		delivery_wake(l->delivery);
}

static void *run(void *arg)
{
	struct leaving *l = arg;

	lock_take(&l->lock);
	while (!l->is_ending) {
		lock_release(&l->lock);
		look(l);
		lock_take(&l->lock);
		int64_t again = clock_monotonic() + LOOK_MS;
		while (!l->is_ending && signal_wait_until(&l->wake, &l->lock, again))
			continue;
	}
	lock_release(&l->lock);
	return NULL;
}

enum result leaving_start(
	struct flow *flow, struct delivery_workers *delivery, struct leaving **ret, struct err *err)
{
	struct leaving *l = mem_new(sizeof(*l));

	l->flow = flow;
	l->delivery = delivery;
	lock_init(&l->lock, "leaving", RANK);
	signal_init(&l->wake);
	enum result result = thread_start(&l->thread, "leaving", run, l);
	if (result != RESULT_OK) {
		free(l);
		return err_set(err, result, "no thread for what waits to leave");
	}
	*ret = l;
	return RESULT_OK;
}

void leaving_stop(struct leaving *l)
{
	if (l == NULL)
		return;
	lock_take(&l->lock);
	l->is_ending = true;
	signal_all(&l->wake);
	lock_release(&l->lock);
	(void)pthread_join(l->thread, NULL);
	signal_done(&l->wake);
	lock_done(&l->lock);
	free(l);
}
