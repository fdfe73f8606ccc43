#include "flow/mark.h"

#include "flow/chosen.h"
#include "store/copy_write.h"

#include <string.h>

#define COPIES_MAX ((size_t)2 * LIMIT_CHOSEN_MESSAGES)

/* A copy to be marked. */
struct marked {
	struct id id;
	bool is_twins; /* it is one of an owner's two */
	struct copy held;
};

struct marking {
	const struct actor *actor;
	bool unread;
	struct chosen chosen;
	int64_t now;
	struct marked all[COPIES_MAX]; /* in the order of their identifiers */
	size_t count;
	size_t done;
};

static struct marked *add(struct marking *m, struct id id)
{
	size_t at = m->count;

	while (at > 0 && memcmp(&id, &m->all[at - 1].id, sizeof(id)) < 0)
		at--;
	if (at > 0 && id_equal(id, m->all[at - 1].id))
		return &m->all[at - 1];
	memmove(&m->all[at + 1], &m->all[at], (m->count++ - at) * sizeof(*m->all));
	m->all[at] = (struct marked){.id = id};
	return &m->all[at];
}

static enum result find_all(struct tx *tx, struct marking *m, struct err *err)
{
	m->count = 0;
	for (size_t i = 0; i < m->chosen.count; i++) {
		struct copy copy, twin;
		TRY(copy_find(tx, m->actor->person_id, m->chosen.ids[i], &copy, err));
		enum result found = copy_find_twin(tx, &copy, &twin, err);
		if (found != RESULT_NOT_FOUND)
			TRY(found);
		add(m, copy.id)->is_twins = found == RESULT_OK;
		if (found == RESULT_OK)
			add(m, twin.id)->is_twins = true;
	}
	return RESULT_OK;
}

static bool may_mark(const struct marking *m, const struct marked *marked)
{
	const struct copy *held = &marked->held;

	return (!held->is_owner || marked->is_twins) && held->folder != FOLDER_NONE &&
	       held->ends_at > m->now && held->unread != m->unread;
}

/* The two of one message count once. */
static bool is_counted(const struct marking *m, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (id_equal(m->all[i].held.message_id, m->all[at].held.message_id) &&
			id_equal(m->all[i].held.person_id, m->all[at].held.person_id) &&
			may_mark(m, &m->all[i]))
			return true;
	return false;
}

static enum result mark_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct marking *m = context;

	m->done = 0;
	TRY(find_all(tx, m, err));
	/* All of them are held before the first count changes: readers hold copies and then the counts. */
	for (size_t i = 0; i < m->count; i++)
		TRY(copy_hold(tx, m->all[i].id, &m->all[i].held, err));
	for (size_t i = 0; i < m->count; i++) {
		if (!may_mark(m, &m->all[i]))
			continue;
		TRY(copy_set_unread(tx, &m->all[i].held, m->unread, err));
		m->done += !is_counted(m, i);
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
