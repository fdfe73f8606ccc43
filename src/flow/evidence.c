#include "flow/evidence.h"

#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/copy_write.h"
#include "store/event_write.h"
#include "store/inquiry_write.h"

#include <string.h>

#define SAME_AGAIN_MS MS_MINUTE

struct note {
	const struct actor *actor;
	enum evidence evidence;
	struct id copy_id;
	struct str detail;
	int64_t now;
};

static const char *const kinds[] = {
	[EVIDENCE_LINK_OPENED] = EVENT_LINK_OPENED,
	[EVIDENCE_BODY_SHOWN] = EVENT_BODY_SHOWN,
	[EVIDENCE_FILE_DOWNLOADED] = EVENT_FILE_DOWNLOADED,
	[EVIDENCE_FILE_SHOWN] = EVENT_FILE_SHOWN,
	[EVIDENCE_MESSAGE_SAVED] = EVENT_MESSAGE_SAVED,
};

/* Whether the same evidence was noted within the last minute. */
static enum result is_again(struct tx *tx, const struct note *note, bool *ret, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct hash hash;
	int64_t number;

	hash_init(&hash);
	hash_add(&hash, str_of(kinds[note->evidence]));
	hash_add(&hash, (struct str){(const char *)note->copy_id.b, ID_BYTES});
	hash_add(&hash, note->detail);
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, note->now, SAME_AGAIN_MS, &number, err));
	*ret = number > 1;
	return RESULT_OK;
}

/* A page or file that was opened just before a recall, or before it was deleted for good, is not shown after
 * it. */
static enum result check_is_there(struct tx *tx, struct id copy_id, struct err *err)
{
	struct copy held;

	TRY(copy_hold(tx, copy_id, &held, err));
	if (held.destroyed_at)
		return err_code(err, RESULT_GONE, "deleted", "this message was deleted for good");
	if (!id_is_none(held.recall_id))
		return err_code(err, RESULT_GONE, "recalled", "the sender recalled this message");
	return RESULT_OK;
}

/* Once for each copy, and where several people use its address, for each of them. */
static enum result is_read_again(
	struct tx *tx, const struct note *note, const struct copy *copy, bool *ret, struct err *err)
{
	bool is_first;

	TRY(copy_mark_read(tx, copy->id, note->now, &is_first, err));
	*ret = !is_first || copy->is_owner;
	if (is_first || copy->is_owner || id_is_none(note->actor->self_id))
		return RESULT_OK;
	return event_is_noted(
		tx, copy->message_id, copy->person_id, note->actor->self_id, STR(EVENT_BODY_SHOWN), ret, err);
}

/* Of an owner's two both are held, in the order of their identifiers, before anything of them changes. */
static enum result hold_both(struct tx *tx, const struct copy *copy, const struct copy *twin, struct err *err)
{
	bool is_first = memcmp(&copy->id, &twin->id, sizeof(copy->id)) < 0;
	struct copy held;

	TRY(copy_hold(tx, is_first ? copy->id : twin->id, &held, err));
	return copy_hold(tx, is_first ? twin->id : copy->id, &held, err);
}

/* What is read is read in Sent and Inbox (R10). */
static enum result read_owners(
	struct tx *tx, const struct note *note, const struct copy *copy, struct err *err)
{
	struct copy twin;

	enum result found = copy_find_twin(tx, copy, &twin, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(hold_both(tx, copy, &twin, err));
	return copy_mark_read(tx, twin.id, note->now, NULL, err);
}

static enum result add_note(struct tx *tx, void *context, struct err *err)
{
	const struct note *note = context;
	struct copy copy;
	bool again = false;

	enum result found = copy_find_any(tx, note->copy_id, &copy, err);
	/* The link of a request. */
	if (found == RESULT_NOT_FOUND && note->evidence == EVIDENCE_LINK_OPENED)
		return inquiry_mark_opened(tx, note->copy_id, note->now, err);
	TRY(found);
	if (note->evidence == EVIDENCE_BODY_SHOWN && copy.is_owner &&
		id_equal(copy.mailbox_id, note->actor->person_id))
		TRY(read_owners(tx, note, &copy, err));
	if (note->evidence != EVIDENCE_LINK_OPENED)
		TRY(check_is_there(tx, note->copy_id, err));
	if (note->evidence == EVIDENCE_BODY_SHOWN) {
		if (!id_equal(copy.mailbox_id, note->actor->person_id))
			return err_set(err, RESULT_NOT_FOUND, "there is no such message");
		TRY(is_read_again(tx, note, &copy, &again, err));
	} else {
		TRY(is_again(tx, note, &again, err));
	}
	if (again)
		return RESULT_OK;
	struct event event = {.account_id = copy.account_id,
		.at = note->now,
		.kind = str_of(kinds[note->evidence]),
		.actor_id = actor_self(note->actor),
		.message_id = copy.message_id,
		.person_id = copy.person_id,
		.origin = note->actor->origin,
		.detail = note->detail};
	if (note->evidence == EVIDENCE_BODY_SHOWN && !id_is_none(note->actor->self_id))
		event.detail = STR(EVIDENCE_SHARED);
	return event_record(tx, &event, err);
}

enum result evidence_note(struct flow *flow, const struct actor *actor, enum evidence evidence,
	struct id copy_id, struct str detail, int64_t now, struct err *err)
{
	struct note note = {actor, evidence, copy_id, detail, now};

	return db_write(flow_db(flow), add_note, &note, err);
}
