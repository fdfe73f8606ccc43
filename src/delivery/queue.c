#include "delivery/queue.h"

#include "base/address.h"

#include <stdio.h>
#include <string.h>

/* The delivery outlives the arena it was read into. */
static struct task *task_new(const struct delivery *d)
{
	struct task *task = mem_new(sizeof(*task));
	struct arena *a = &task->arena;

	task->delivery = *d;
	task->delivery.recipient = arena_str(a, d->recipient);
	task->delivery.sender = arena_str(a, d->sender);
	task->delivery.destination = arena_str(a, d->destination);
	task->delivery.dsn_original = arena_str(a, d->dsn_original);
	task->delivery.dsn_envelope = arena_str(a, d->dsn_envelope);
	task->delivery.payload_box = arena_bytes(a, d->payload_box);
	task->delivery.last_reply = task->delivery.last_host = STR_NONE;
	task->delivery.tls_version = task->delivery.tls_cipher = task->delivery.tls_verified = STR_NONE;
	return task;
}

static void task_free(struct task *task)
{
	arena_done(&task->arena);
	free(task);
}

void delivery_queue_add(struct delivery_queue *queue, const struct delivery *delivery)
{
	struct task **at = &queue->tasks;

	for (; *at; at = &(*at)->next)
		if (id_equal((*at)->delivery.id, delivery->id))
			return;
	*at = task_new(delivery);
}

static bool has_room(const struct delivery_queue *queue, struct str destination)
{
	int running = 0;

	for (const struct batch *b = queue->running; b; b = b->next)
		running += str_equal(b->tasks[0]->delivery.destination, destination);
	return running < queue->per_destination;
}

static bool server_has_room(const struct delivery_queue *queue, const char *server)
{
	int running = 0;

	for (const struct batch *b = queue->running; b; b = b->next)
		running += strcmp(b->server, server) == 0;
	return server[0] == '\0' || running < queue->per_destination;
}

static bool may_begin(const struct delivery_queue *queue, const struct task *task)
{
	return !task->batch && has_room(queue, task->delivery.destination) &&
	       server_has_room(queue, task->server);
}

bool delivery_may_share(const struct delivery *a, const struct delivery *b)
{
	/* Other kinds have a sender, or a content, of each recipient's own. */
	if (a->kind != b->kind || (a->kind != DELIVERY_RELAY && a->kind != DELIVERY_INTERNAL_COPY))
		return false;
	/* Domains behind one hop may ask different TLS of it; a relayed mail's message may be secured
	 * meanwhile. */
	return a->own_hop == b->own_hop && a->needs_tls == b->needs_tls &&
	       id_equal(a->message_id, b->message_id) && str_equal(a->sender, b->sender) &&
	       str_equal(a->destination, b->destination) && str_equal(a->dsn_envelope, b->dsn_envelope) &&
	       a->dsn_return == b->dsn_return && a->smtputf8 == b->smtputf8;
}

static void join(struct batch *batch, struct task *task)
{
	task->batch = batch;
	batch->tasks[batch->count++] = task;
}

struct batch *delivery_queue_next(struct delivery_queue *queue)
{
	struct task *first = queue->tasks;

	while (first && !may_begin(queue, first))
		first = first->next;
	if (first == NULL)
		return NULL;
	struct batch *batch = mem_new(sizeof(*batch));
	join(batch, first);
	(void)snprintf(batch->server, sizeof(batch->server), "%s", first->server);
	for (struct task *t = first->next; t && !queue->one_by_one && batch->count < LIMIT_DELIVERY_BATCH;
		t = t->next)
		if (!t->batch && delivery_may_share(&first->delivery, &t->delivery))
			join(batch, t);
	batch->next = queue->running;
	queue->running = batch;
	return batch;
}

bool delivery_queue_enter(struct delivery_queue *queue, struct batch *batch, const char *server)
{
	if (strcmp(batch->server, server) == 0)
		return true;
	if (!server_has_room(queue, server))
		return false;
	(void)snprintf(batch->server, sizeof(batch->server), "%s", server);
	return true;
}

static void take_out(struct delivery_queue *queue, const struct batch *batch)
{
	struct batch **at = &queue->running;

	while (*at != batch)
		at = &(*at)->next;
	*at = batch->next;
}

bool delivery_queue_park(struct delivery_queue *queue, struct batch *batch, const char *server)
{
	size_t parked = batch->count;

	for (const struct task *t = queue->tasks; t; t = t->next)
		parked += !t->batch && t->server[0] != '\0';
	if (parked > (size_t)queue->parked_max)
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		struct task *task = batch->tasks[i];
		task->batch = NULL;
		(void)snprintf(task->server, sizeof(task->server), "%s", server);
	}
	take_out(queue, batch);
	free(batch);
	return true;
}

/* The tasks of one batch, or of none. */
static void forget(struct delivery_queue *queue, const struct batch *batch)
{
	struct task **at = &queue->tasks;

	while (*at) {
		struct task *task = *at;
		if (task->batch != batch) {
			at = &task->next;
			continue;
		}
		*at = task->next;
		task_free(task);
	}
}

void delivery_queue_end(struct delivery_queue *queue, struct batch *batch)
{
	take_out(queue, batch);
	forget(queue, batch);
	free(batch);
}

void delivery_queue_drop_waiting(struct delivery_queue *queue)
{
	forget(queue, NULL);
}

int delivery_queue_waiting(const struct delivery_queue *queue)
{
	int count = 0;

	for (const struct task *t = queue->tasks; t; t = t->next)
		count += may_begin(queue, t);
	return count;
}

size_t delivery_queue_busy(const struct delivery_queue *queue, struct str *ret, size_t room)
{
	size_t count = 0;

	for (const struct batch *b = queue->running; b && count < room; b = b->next) {
		struct str destination = b->tasks[0]->delivery.destination;
		bool known = has_room(queue, destination);
		for (size_t i = 0; i < count; i++)
			known = known || str_equal(ret[i], destination);
		if (!known)
			ret[count++] = destination;
	}
	return count;
}

void delivery_queue_done(struct delivery_queue *queue)
{
	while (queue->running)
		delivery_queue_end(queue, queue->running);
	delivery_queue_drop_waiting(queue);
}
