#include "delivery/holding.h"

#include "base/log.h"
#include "delivery/watch.h"
#include "flow/deliver_node.h"

#include <stdatomic.h>

#define TOPIC "delivery"
/* Others wait for several beats until they take this node for dead. */
#define BEAT_MS (3 * MS_SECOND)

struct holding {
	struct holding_options options;
	struct id run;
	struct watch watch;
	int64_t next;		    /* beat; clock_monotonic */
	_Atomic int64_t sure_until; /* clock_monotonic */
	bool told_of_other;
};

static enum result join(struct holding *h, bool is_start, struct err *err)
{
	struct deliver_join join = {h->options.node, h->options.is_only_node, is_start};
	int64_t began = clock_monotonic(), count;

	TRY(deliver_join(h->options.flow, &join, clock_now(), &h->run, &count, err));
	if (count)
		log_info(TOPIC, "goes on with %lld deliveries of the last run", (long long)count);
	h->sure_until = began + h->options.silence_ms / 2;
	h->next = began + BEAT_MS;
	h->told_of_other = false;
	return RESULT_OK;
}

enum result holding_start(const struct holding_options *options, struct holding **ret, struct err *err)
{
	struct holding *h = mem_new(sizeof(*h));

	h->options = *options;
	enum result result = join(h, true, err);
	if (result != RESULT_OK) {
		free(h);
		return result;
	}
	*ret = h;
	return RESULT_OK;
}

void holding_end(struct holding *h)
{
	struct err err = {0};

	if (h == NULL)
		return;
	if (!id_is_none(h->run) && deliver_leave(h->options.flow, h->run, clock_now(), &err) != RESULT_OK)
		log_warning(TOPIC,
			"what is held waits until this node starts again, or others see that it is "
			"gone: %s",
			err.text);
	free(h);
}

static void take_over_silent(struct holding *h, const struct node_run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = {0};
		int64_t held = 0;
		if (id_equal(runs[i].id, h->run) ||
			!watch_is_silent(&h->watch, runs[i].id, h->options.silence_ms))
			continue;
		if (deliver_take_over(h->options.flow, &runs[i], clock_now(), &held, &err) != RESULT_OK)
			log_warning(TOPIC, "cannot take over from a dead node: %s", err.text);
		else
			log_warning(TOPIC, "node %.*s is dead; its %lld deliveries go on here",
				STR_ARG(runs[i].name), (long long)held);
	}
}

static enum result beat(struct holding *h, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct node_run *runs;
	size_t count;
	int64_t began = clock_monotonic();

	TRY(deliver_beat(h->options.flow, h->run, clock_now(), &arena, &runs, &count, err));
	h->sure_until = began + h->options.silence_ms / 2;
	watch_note(&h->watch, runs, count, clock_monotonic(), 3 * BEAT_MS);
	take_over_silent(h, runs, count);
	return RESULT_OK;
}

/* The run has ended without us. */
static enum holding_state begin_again(struct holding *h)
{
	struct err err = {0};

	if (!id_is_none(h->run))
		log_warning(TOPIC, "this node counted as dead");
	h->run = (struct id){0};
	h->sure_until = 0;
	h->next = clock_monotonic() + BEAT_MS;
	enum result result = join(h, false, &err);
	if (result == RESULT_CONFLICT && !h->told_of_other)
		log_error(TOPIC,
			"another process delivers as node %.*s, so this one does not: give each a node_name "
			"of its own",
			STR_ARG(h->options.node));
	h->told_of_other = h->told_of_other || result == RESULT_CONFLICT;
	return HOLDING_LOST;
}

enum holding_state holding_keep(struct holding *h, bool is_lost)
{
	struct err err = {0};

	if (is_lost)
		return begin_again(h);
	if (clock_monotonic() < h->next)
		return HOLDING_KEPT;
	if (id_is_none(h->run))
		return begin_again(h);
	h->next = clock_monotonic() + BEAT_MS;
	enum result result = h->options.is_only_node ? RESULT_OK : beat(h, &err);
	if (result == RESULT_CONFLICT)
		return begin_again(h);
	if (result != RESULT_OK)
		log_warning(TOPIC, "cannot tell the other nodes that this one lives: %s", err.text);
	return HOLDING_KEPT;
}

struct id holding_run(const struct holding *h)
{
	return h->run;
}

int64_t holding_next(const struct holding *h)
{
	return h->next;
}

bool holding_is_sure(const struct holding *h)
{
	return h->options.is_only_node || clock_monotonic() < h->sure_until;
}
