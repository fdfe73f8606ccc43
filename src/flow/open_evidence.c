/* What its owner is shown of each recipient of a message: the grades of evidence, with time and origin. */
#include "base/list.h"
#include "flow/evidence.h"
#include "flow/open_private.h"
#include "flow/people.h"
#include "store/event.h"
#include "store/recall.h"

/* What is known of one recipient: the deliveries and events of the message are given once for all. */
struct traces {
	struct delivery *deliveries;
	size_t delivery_count;
	struct event *events;
	size_t event_count;
};

static bool concerns(const struct delivery *delivery, const struct recipient *recipient, struct id copy_id)
{
	switch (delivery->kind) {
	case DELIVERY_NOTIFICATION:
		return !id_is_none(copy_id) && id_equal(delivery->copy_id, copy_id);
	case DELIVERY_INTERNAL_COPY:
	case DELIVERY_REPLY:
		return str_equal_nocase(delivery->recipient, recipient->address);
	default:
		return false;
	}
}

static bool is_of_file(const struct event *event)
{
	return str_equal(event->kind, STR(EVENT_FILE_DOWNLOADED)) ||
	       str_equal(event->kind, STR(EVENT_FILE_SHOWN));
}

static void add_download(struct open_recipient *recipient, const struct event *event)
{
	bool was_shown = str_equal(event->kind, STR(EVENT_FILE_SHOWN));

	for (size_t i = 0; i < recipient->download_count; i++)
		if (str_equal(recipient->downloads[i].path, event->detail) &&
			recipient->downloads[i].was_shown == was_shown)
			return;
	recipient->downloads[recipient->download_count++] = (struct open_download){.path = event->detail,
		.at = event->at,
		.origin = event->origin,
		.was_shown = was_shown,
		.reader_id = event->actor_id};
}

static void set_sign(struct open_sign *sign, const struct event *event)
{
	if (!sign->at)
		*sign = (struct open_sign){event->at, event->origin};
}

/* What the events of the message say of this person. */
static void read_events(const struct traces *traces, struct id person_id, struct arena *arena,
	struct open_recipient *recipient)
{
	size_t downloads = 0;

	for (size_t i = 0; i < traces->event_count; i++)
		downloads +=
			id_equal(traces->events[i].person_id, person_id) && is_of_file(&traces->events[i]);
	recipient->downloads = arena_array(arena, struct open_download, downloads);
	for (size_t i = 0; i < traces->event_count; i++) {
		const struct event *event = &traces->events[i];
		if (!id_equal(event->person_id, person_id))
			continue;
		if (str_equal(event->kind, STR(EVENT_ACCESS_CODE_ENTERED)))
			set_sign(&recipient->code_entered, event);
		else if (str_equal(event->kind, STR(EVENT_LINK_OPENED)))
			set_sign(&recipient->link_opened, event);
		else if (str_equal(event->kind, STR(EVENT_MESSAGE_SAVED)))
			set_sign(&recipient->saved, event);
		else if (str_equal(event->kind, STR(EVENT_BODY_SHOWN)))
			set_sign(&recipient->read, event);
		else if (is_of_file(event))
			add_download(recipient, event);
	}
}

/* Who read it for an address that several people use. Of a further address of one person nothing is told:
 * that it is one is nobody's business (R15). */
static enum result set_readers(struct tx *tx, struct message_query *q, const struct traces *traces,
	struct id person_id, struct open_recipient *recipient, struct err *err)
{
	struct arena *arena = &q->opened->arena;
	struct list readers = list_new(arena, sizeof(struct open_reader));
	struct person person;

	for (size_t i = 0; i < traces->event_count; i++) {
		const struct event *event = &traces->events[i];
		if (!id_equal(event->person_id, person_id) ||
			!str_equal(event->kind, STR(EVENT_BODY_SHOWN)) ||
			!str_equal(event->detail, STR(EVIDENCE_SHARED)))
			continue;
		TRY(person_find(tx, q->message.account_id, event->actor_id, arena, &person, err));
		*(struct open_reader *)list_add(&readers) = (struct open_reader){person.id,
			{people_name(&q->account, person.id, person.name_box, arena), person.address},
			event->at, event->origin};
	}
	recipient->readers = readers.items;
	recipient->reader_count = readers.count;
	return RESULT_OK;
}

/* The mail itself was handed over, or is being. */
static bool is_in_mail_system(const struct delivery *delivery)
{
	return (delivery->kind == DELIVERY_INTERNAL_COPY || delivery->kind == DELIVERY_REPLY) &&
	       (delivery->state == DELIVERY_SENT || !id_is_none(delivery->holder_id));
}

static enum result set_recalled(struct tx *tx, const struct copy *copy, struct arena *arena,
	struct open_recipient *ret, struct err *err)
{
	struct recall recall;

	if (id_is_none(copy->recall_id))
		return RESULT_OK;
	TRY(recall_find(tx, copy->recall_id, arena, &recall, err));
	ret->recalled_at = recall.at;
	return RESULT_OK;
}

/* What people do with a copy of their own is not told, but that nobody is there any more is. */
static enum result set_deleted(
	struct tx *tx, const struct copy *copy, struct open_recipient *ret, struct err *err)
{
	bool with_all = false;

	if (copy->destroyed_at)
		TRY(event_is_noted_at(
			tx, copy->person_id, STR(EVENT_PERSON_DELETED), copy->destroyed_at, &with_all, err));
	ret->deleted_at = with_all ? copy->destroyed_at : 0;
	return RESULT_OK;
}

static enum result trace_recipient(struct tx *tx, struct message_query *q, const struct traces *traces,
	const struct recipient *recipient, struct open_recipient *ret, struct err *err)
{
	struct copy copy = {0};

	*ret = (struct open_recipient){
		.person = {people_recipient_name(&q->key, recipient, &q->opened->arena), recipient->address},
		.role = recipient->role,
		.route = recipient->route};
	enum result found = copy_by_message(tx, recipient->person_id, q->message.id, false, &copy, err);
	if (found != RESULT_NOT_FOUND)
		TRY(found);
	ret->has_copy = found == RESULT_OK;
	TRY(set_recalled(tx, &copy, &q->opened->arena, ret, err));
	TRY(set_deleted(tx, &copy, ret, err));
	ret->denied_at = copy.denied_at;
	for (size_t i = 0; i < traces->delivery_count; i++)
		if (concerns(&traces->deliveries[i], recipient, copy.id))
			ret->delivery = traces->deliveries[i];
	ret->in_mail_system = is_in_mail_system(&ret->delivery);
	read_events(traces, recipient->person_id, &q->opened->arena, ret);
	ret->read.at = copy.first_read_at; /* which does not end with the events */
	TRY(set_readers(tx, q, traces, recipient->person_id, ret, err));
	/* Who got the mail itself has nothing to sign in for. */
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	return event_first_sign_in(tx, recipient->person_id, q->message.sent_at, &q->opened->arena,
		&ret->signed_in.at, &ret->signed_in.origin, err);
}

enum result open_evidence(struct tx *tx, struct message_query *q, struct err *err)
{
	struct open_message *opened = q->opened;
	struct arena *arena = &opened->arena;
	struct recipient *recipients;
	struct traces traces;

	TRY(recipient_list(tx, q->message.id, arena, &recipients, &opened->recipient_count, err));
	TRY(delivery_list_by_message(
		tx, q->message.id, arena, &traces.deliveries, &traces.delivery_count, err));
	TRY(event_list_by_message(tx, q->message.id, arena, &traces.events, &traces.event_count, err));
	for (size_t i = 0; i < traces.delivery_count; i++)
		if (traces.deliveries[i].kind == DELIVERY_OWN_COPY)
			opened->own_copy = traces.deliveries[i];
	opened->summary.in_own_mailbox = !id_is_none(opened->own_copy.id);
	opened->recipients = arena_array(arena, struct open_recipient, opened->recipient_count);
	opened->summary.to = arena_array(arena, struct open_person, opened->recipient_count);
	opened->summary.to_count = opened->recipient_count;
	for (size_t i = 0; i < opened->recipient_count; i++) {
		TRY(trace_recipient(tx, q, &traces, &recipients[i], &opened->recipients[i], err));
		opened->summary.to[i] = opened->recipients[i].person;
	}
	return RESULT_OK;
}
