#include "flow/views.h"

#include "store/person_write.h"

struct change {
	const struct actor *actor;
	const struct person_views *views;
};

static enum result set_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct change *change = context;

	return person_set_views(tx, actor_self(change->actor), change->views, err);
}

enum result views_set(
	struct flow *flow, const struct actor *actor, const struct person_views *views, struct err *err)
{
	struct change change = {actor, views};

	return db_write(flow_db(flow), set_in_tx, &change, err);
}
