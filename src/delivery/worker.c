#include "delivery/worker.h"

#include "base/log.h"
#include "base/thread.h"
#include "delivery/send.h"

#include <string.h>

#define TOPIC "delivery"
#define WORKERS_RANK 200
/* How long the queue is not looked at when nothing is due and nobody wakes us; other nodes may queue too. */
#define LOOK_MS (5 * MS_SECOND)
#define BUSY_RETRY_MS (2 * MS_SECOND)
#define TAKE_PER_WORKER 4

/* One delivery that waits for a worker or is being sent. */
struct task {
	struct task *next;
	struct arena arena;
	struct delivery delivery;
	bool running;
};

struct delivery_workers {
	struct delivery_options options;
	/* Guards all below. */
	struct lock lock;
	struct signal wake;
	struct task *tasks; /* oldest first */
	int task_count;
	bool stopping, woken;
	pthread_t taker;
	pthread_t *threads;
	int thread_count;
};

static struct str copy(struct arena *arena, struct str s)
{
	return arena_str(arena, s);
}

/* The delivery outlives the arena it was read into. */
static struct task *task_new(const struct delivery *d)
{
	struct task *task = mem_new(sizeof(*task));
	struct arena *a = &task->arena;

	task->delivery = *d;
	task->delivery.recipient = copy(a, d->recipient);
	task->delivery.sender = copy(a, d->sender);
	task->delivery.destination = copy(a, d->destination);
	task->delivery.dsn_original = copy(a, d->dsn_original);
	task->delivery.dsn_envelope = copy(a, d->dsn_envelope);
	task->delivery.payload_box = arena_bytes(a, d->payload_box);
	task->delivery.last_reply = task->delivery.last_host = STR_NONE;
	task->delivery.tls_version = task->delivery.tls_cipher = task->delivery.tls_verified = STR_NONE;
	return task;
}

static int running_to(const struct delivery_workers *w, struct str destination)
{
	int count = 0;

	for (const struct task *t = w->tasks; t; t = t->next)
		count += t->running && str_equal(t->delivery.destination, destination);
	return count;
}

/* The oldest task whose destination is not busy: a hanging server holds up nobody else. */
static struct task *next_task(const struct delivery_workers *w)
{
	for (struct task *t = w->tasks; t; t = t->next)
		if (!t->running && running_to(w, t->delivery.destination) < w->options.per_destination)
			return t;
	return NULL;
}

static void remove_task(struct delivery_workers *w, struct task *task)
{
	struct task **at = &w->tasks;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	w->task_count--;
	arena_done(&task->arena);
	free(task);
}

static void finish(
	struct delivery_workers *w, const struct delivery *delivery, const struct deliver_attempt *attempt)
{
	struct err err = {0};
	enum result result = deliver_finish(w->options.flow, delivery, attempt, clock_now(), &err);

	if (result != RESULT_OK && result != RESULT_CONFLICT)
		log_error(TOPIC, "cannot write down the end of %s: %s", id_text(delivery->id).s, err.text);
}

static void run_task(struct delivery_workers *w, const struct delivery *delivery)
{
	cleanup(deliver_job_free_at) struct deliver_job *job = NULL;
	cleanup(arena_done) struct arena arena = {0};
	struct deliver_attempt attempt = {.outcome = ATTEMPT_LATER};
	struct err err = {0};
	int64_t now = clock_now();

	enum result opened = deliver_open(w->options.flow, delivery, now, &job, &err);
	if (opened == RESULT_OK)
		send_mail(&w->options, job, now, &arena, &attempt);
	else if (opened == RESULT_GONE || opened == RESULT_NOT_FOUND)
		attempt = (struct deliver_attempt){.outcome = ATTEMPT_NOT_NEEDED, .reply = str_of(err.text)};
	else
		attempt.reply = str_of(err.text);
	if (opened == RESULT_INTERNAL)
		log_error(TOPIC, "cannot open %s: %s", id_text(delivery->id).s, err.text);
	finish(w, delivery, &attempt);
	log_info(TOPIC, "%s id=%s outcome=%s attempts=%lld", delivery_kind_name(delivery->kind),
		id_text(delivery->id).s,
		attempt.outcome == ATTEMPT_SENT	     ? "sent"
		: attempt.outcome == ATTEMPT_LATER   ? "later"
		: attempt.outcome == ATTEMPT_REFUSED ? "refused"
						     : "not-needed",
		(long long)delivery->attempts);
	if (attempt.outcome == ATTEMPT_SENT && job && w->options.sent)
		w->options.sent(w->options.sent_context, job);
}

static void *worker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		struct task *task = next_task(w);
		if (task == NULL) {
			signal_wait(&w->wake, &w->lock);
			continue;
		}
		task->running = true;
		lock_release(&w->lock);
		run_task(w, &task->delivery);
		lock_take(&w->lock);
		remove_task(w, task);
		/* The destination has room again, and what was sent may have queued something. */
		w->woken = true;
		signal_all(&w->wake);
	}
	lock_release(&w->lock);
	return NULL;
}

static void add_tasks(struct delivery_workers *w, const struct delivery *deliveries, size_t count)
{
	LOCKED(&w->lock);
	struct task **at = &w->tasks;
	while (*at)
		at = &(*at)->next;
	for (size_t i = 0; i < count; i++) {
		*at = task_new(&deliveries[i]);
		at = &(*at)->next;
		w->task_count++;
	}
	if (count)
		signal_all(&w->wake);
}

/* Takes what is due while there is room; returns when the queue should be looked at again (clock_monotonic).
 */
static int64_t take_due(struct delivery_workers *w)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery *due;
	size_t count = 0;
	int64_t next = 0, now = clock_now();
	struct err err = {0};

	lock_take(&w->lock);
	int room = w->options.workers * TAKE_PER_WORKER - w->task_count;
	lock_release(&w->lock);
	enum result result = room > 0 ? deliver_next_time(w->options.flow, &next, &err) : RESULT_OK;
	if (result == RESULT_OK && room > 0 && next <= now) {
		result = deliver_take(w->options.flow, now, room, &arena, &due, &count, &err);
		if (result == RESULT_OK)
			add_tasks(w, due, count);
	}
	if (result != RESULT_OK) {
		log_warning(TOPIC, "cannot look at the queue: %s", err.text);
		return clock_monotonic() + BUSY_RETRY_MS;
	}
	int64_t wait = next > now && next - now < LOOK_MS ? next - now : LOOK_MS;
	return clock_monotonic() + (count ? 0 : wait);
}

static void *taker_run(void *arg)
{
	struct delivery_workers *w = arg;

	lock_take(&w->lock);
	while (!w->stopping) {
		w->woken = false;
		lock_release(&w->lock);
		int64_t again = take_due(w);
		lock_take(&w->lock);
		bool waits = true;
		while (!w->stopping && !w->woken && waits)
			waits = signal_wait_until(&w->wake, &w->lock, again);
	}
	lock_release(&w->lock);
	return NULL;
}

void delivery_wake(void *workers)
{
	struct delivery_workers *w = workers;
	LOCKED(&w->lock);

	w->woken = true;
	signal_all(&w->wake);
}

enum result delivery_start(
	const struct delivery_options *options, struct delivery_workers **ret, struct err *err)
{
	struct delivery_workers *w = mem_new(sizeof(*w));

	if (options->is_only_node) {
		enum result recovered = deliver_recover(options->flow, clock_now(), err);
		if (recovered != RESULT_OK) {
			free(w);
			return recovered;
		}
	}
	w->options = *options;
	lock_init(&w->lock, "delivery workers", WORKERS_RANK);
	signal_init(&w->wake);
	w->threads = mem_new(sizeof(pthread_t) * (size_t)options->workers);
	enum result result = thread_start(&w->taker, "queue", taker_run, w);
	for (int i = 0; i < options->workers && result == RESULT_OK; i++) {
		result = thread_start(&w->threads[i], "delivery", worker_run, w);
		w->thread_count += result == RESULT_OK;
	}
	if (result != RESULT_OK)
		return err_set(err, result, "no threads for delivery"); /* the process ends */
	*ret = w;
	return RESULT_OK;
}

void delivery_stop(struct delivery_workers *w)
{
	if (w == NULL)
		return;
	lock_take(&w->lock);
	w->stopping = true;
	signal_all(&w->wake);
	lock_release(&w->lock);
	(void)pthread_join(w->taker, NULL);
	for (int i = 0; i < w->thread_count; i++)
		(void)pthread_join(w->threads[i], NULL);
	while (w->tasks)
		remove_task(w, w->tasks);
	signal_done(&w->wake);
	lock_done(&w->lock);
	free(w->threads);
	free(w);
}
