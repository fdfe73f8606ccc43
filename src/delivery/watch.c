#include "delivery/watch.h"

static const struct watched *find(const struct watch *watch, struct id run)
{
	for (size_t i = 0; i < watch->count; i++)
		if (id_equal(watch->runs[i].run, run))
			return &watch->runs[i];
	return NULL;
}

void watch_note(struct watch *watch, const struct node_run *runs, size_t count, int64_t now, int64_t gap_ms)
{
	bool trusts = now - watch->looked_at <= gap_ms;
	struct watch fresh = {.looked_at = now};

	for (size_t i = 0; i < count && fresh.count < LIMIT_NODES; i++) {
		const struct watched *known = find(watch, runs[i].id);
		bool is_silent = trusts && known && known->beats == runs[i].beats;
		fresh.runs[fresh.count++] =
			(struct watched){runs[i].id, runs[i].beats, is_silent ? known->since : now};
	}
	*watch = fresh;
}

bool watch_is_silent(const struct watch *watch, struct id run, int64_t silence_ms)
{
	const struct watched *known = find(watch, run);

	return known && watch->looked_at - known->since >= silence_ms;
}
