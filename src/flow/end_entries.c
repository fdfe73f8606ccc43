#include "flow/end_entries.h"

#include "flow/changed.h"
#include "flow/sign_in_private.h"
#include "store/device_write.h"
#include "store/event.h"
#include "store/person_write.h"

struct ending {
	struct flow *flow;
	const struct actor *actor;
	struct str address;
	int64_t now;
};

static enum result end(struct tx *tx, void *context, struct err *err)
{
	const struct ending *e = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(sign_in_addressed(tx, e->actor->account_id, e->address, &arena, &person, err));
	TRY(person_clear_entries(tx, person.id, err));
	TRY(device_forget(tx, person.address_key, err));
	TRY(sign_in_note(
		tx, EVENT_ENTRIES_ENDED, &person, (struct id){{0}}, e->actor->origin, STR_NONE, e->now, err));
	return changed_tell(
		e->flow, tx, person.account_id, person.id, EVENT_ENTRIES_ENDED, STR_NONE, e->now, err);
}

enum result account_end_entries(
	struct flow *flow, const struct actor *actor, struct str address, int64_t now, struct err *err)
{
	struct ending ending = {flow, actor, address, now};

	return db_write(flow_db(flow), end, &ending, err);
}
