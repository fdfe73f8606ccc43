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

const char *changed_word(struct str kind)
{
	static const struct {
		const char *kind, *word;
	} words[] = {{EVENT_PASSWORD_SET, "password_set"}, {EVENT_FACTOR_SET, "factor_set"},
		{EVENT_FACTOR_REMOVED, "factor_removed"}, {EVENT_ENTRIES_ENDED, "entries_ended"},
		{EVENT_RECOVERY_CODES_MADE, "codes_made"}, {EVENT_PASSKEY_ADDED, "passkey_added"},
		{EVENT_PASSKEY_REMOVED, "passkey_removed"}, {EVENT_ADDRESS_ADDED, "address_added"},
		{EVENT_ADDRESS_REMOVED, "address_removed"}, {EVENT_ADDRESS_SHARED, "address_shared"},
		{EVENT_ADDRESS_LEFT, "address_left"}, {EVENT_ADDRESS_MAIN, "address_main"},
		{EVENT_PERSON_DELETED, "person_deleted"}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(kind, str_of(words[i].kind)))
			return words[i].word;
	return NULL;
}
