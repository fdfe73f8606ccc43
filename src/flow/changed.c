#include "flow/changed.h"

#include "flow/mail_out.h"
#include "store/event_write.h"
#include "store/person.h"

enum result changed_tell_at(struct flow *flow, struct tx *tx, struct id account_id, struct str to,
	const char *kind, struct str address, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;

	TRY(flow_account_load(flow, tx, account_id, &arena, &account, err));
	return mail_out_notice(flow, tx, &account, DELIVERY_CHANGED, to, (struct id){{0}},
		arena_printf(&arena, "%s\n%.*s", kind, STR_ARG(address)), now, err);
}

enum result changed_tell(struct flow *flow, struct tx *tx, struct id account_id, struct id person_id,
	const char *kind, struct str address, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(person_find(tx, account_id, person_id, &arena, &person, err));
	return changed_tell_at(flow, tx, account_id, person.address, kind, address, now, err);
}

enum result changed_note(
	struct tx *tx, const struct sign_in_part *part, const char *kind, struct str address, struct err *err)
{
	const struct actor *actor = part->actor;
	struct id self = actor_self(actor);
	struct event event = {.account_id = actor->account_id,
		.at = part->now,
		.kind = str_of(kind),
		.actor_id = self,
		.person_id = self,
		.origin = actor->origin,
		.detail = address};

	TRY(event_record(tx, &event, err));
	return changed_tell(part->flow, tx, actor->account_id, self, kind, address, part->now, err);
}
