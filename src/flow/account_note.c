#include "flow/account_note.h"

#include "store/event_write.h"

enum result account_note(
	struct tx *tx, const struct actor *actor, int64_t now, struct str detail, struct err *err)
{
	struct event event = {.account_id = actor->account_id,
		.at = now,
		.kind = STR(EVENT_ACCOUNT_CHANGED),
		.actor_id = actor->person_id,
		.origin = actor->origin,
		.detail = detail};

	return event_record(tx, &event, err);
}
