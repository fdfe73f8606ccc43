#include "flow/deliver_node.h"

#include "store/delivery_write.h"
#include "store/node_run_write.h"

/* How often a run has beaten does not matter. */
#define ANY_BEATS (-1)

static enum result end_run(
	struct tx *tx, struct id run, int64_t beats, int64_t now, int64_t *ret_count, struct err *err)
{
	bool ended;

	*ret_count = 0;
	TRY(node_run_end(tx, run, beats, &ended, err));
	return ended ? delivery_release_all(tx, run, now, ret_count, err) : RESULT_OK;
}

struct joining {
	const struct deliver_join *join;
	int64_t now;
	struct id run;
	int64_t count;
};

static enum result join_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct joining *j = context;
	cleanup(arena_done) struct arena arena = {0};
	struct node_run *runs;
	size_t count;

	j->count = 0;
	TRY(node_run_list(tx, &arena, &runs, &count, err));
	for (size_t i = 0; i < count; i++) {
		int64_t held;
		if (!j->join->is_only_node && !(j->join->is_start && str_equal(runs[i].name, j->join->name)))
			continue;
		TRY(end_run(tx, runs[i].id, ANY_BEATS, j->now, &held, err));
		j->count += held;
	}
	struct node_run run = {.name = j->join->name, .id = j->run, .started_at = j->now};
	return node_run_add(tx, &run, err);
}

enum result deliver_join(struct flow *flow, const struct deliver_join *join, int64_t now, struct id *ret_run,
	int64_t *ret_count, struct err *err)
{
	struct joining joining = {.join = join, .now = now, .run = id_new(now)};

	TRY(db_write(flow_db(flow), join_in_tx, &joining, err));
	*ret_run = joining.run;
	*ret_count = joining.count;
	return RESULT_OK;
}

struct beating {
	struct id run;
	int64_t now;
	struct arena *arena;
	struct node_run *runs;
	size_t count;
};

static enum result beat_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct beating *b = context;

	TRY(node_run_beat(tx, b->run, b->now, err));
	return node_run_list(tx, b->arena, &b->runs, &b->count, err);
}

enum result deliver_beat(struct flow *flow, struct id run, int64_t now, struct arena *arena,
	struct node_run **ret, size_t *ret_count, struct err *err)
{
	struct beating beating = {.run = run, .now = now, .arena = arena};

	TRY(db_write(flow_db(flow), beat_in_tx, &beating, err));
	*ret = beating.runs;
	*ret_count = beating.count;
	return RESULT_OK;
}

struct ending {
	struct id run;
	int64_t beats, now, count;
};

static enum result end_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct ending *e = context;

	return end_run(tx, e->run, e->beats, e->now, &e->count, err);
}

enum result deliver_take_over(
	struct flow *flow, const struct node_run *silent, int64_t now, int64_t *ret_count, struct err *err)
{
	struct ending ending = {.run = silent->id, .beats = silent->beats, .now = now};

	TRY(db_write(flow_db(flow), end_in_tx, &ending, err));
	*ret_count = ending.count;
	return RESULT_OK;
}

enum result deliver_leave(struct flow *flow, struct id run, int64_t now, struct err *err)
{
	struct ending ending = {.run = run, .beats = ANY_BEATS, .now = now};

	return db_write(flow_db(flow), end_in_tx, &ending, err);
}
