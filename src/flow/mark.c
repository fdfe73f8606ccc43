#include "flow/mark.h"

#include "flow/chosen.h"
#include "store/copy_write.h"

struct marking {
	const struct actor *actor;
	bool unread;
	struct chosen chosen;
	int64_t now;
	size_t done;
};

static bool may_mark(const struct marking *m, const struct copy *held)
{
	return !held->is_owner && held->folder != FOLDER_NONE && held->ends_at > m->now &&
	       held->unread != m->unread;
}

static enum result mark_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct copy held[LIMIT_CHOSEN_MESSAGES];
	struct marking *m = context;

	m->done = 0;
	/* All of them are held before the first count changes: readers hold one copy and then the counts. */
	for (size_t i = 0; i < m->chosen.count; i++) {
		TRY(copy_find(tx, m->actor->person_id, m->chosen.ids[i], &held[i], err));
		TRY(copy_hold(tx, m->chosen.ids[i], &held[i], err));
	}
	for (size_t i = 0; i < m->chosen.count; i++) {
		if (!may_mark(m, &held[i]))
			continue;
		TRY(copy_set_unread(tx, &held[i], m->unread, err));
		m->done++;
	}
	return RESULT_OK;
}

enum result mark_copies(struct flow *flow, const struct actor *actor, bool unread, const struct id *copies,
	size_t count, int64_t now, size_t *ret_done, struct err *err)
{
	struct marking marking = {.actor = actor, .unread = unread, .now = now};

	TRY(chosen_sort(copies, count, &marking.chosen, err));
	TRY(db_write(flow_db(flow), mark_in_tx, &marking, err));
	*ret_done = marking.done;
	return RESULT_OK;
}
