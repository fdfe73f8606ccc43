/* Whom an answer goes to. */
#include "flow/reply.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/list.h"
#include "flow/open_private.h"
#include "mime/address.h"
#include "store/delivery.h"
#include "store/person.h"

struct people_query {
	struct arena *arena;
	struct id account_id, person_id, message_id;
	struct str writer;
	struct list
		holders; /* of struct str: the addresses that have the message and may be known to have it */
};

/* Bcc stays unknown to others (R15). Who got it unsecured, by a policy of the recipient's own, has it too. */
static enum result find_holders(struct tx *tx, struct people_query *q, struct err *err)
{
	struct recipient *recipients;
	struct delivery *deliveries;
	size_t recipient_count, delivery_count;

	TRY(recipient_list(tx, q->message_id, q->arena, &recipients, &recipient_count, err));
	TRY(delivery_list_by_message(tx, q->message_id, q->arena, &deliveries, &delivery_count, err));
	q->holders = list_new(q->arena, sizeof(struct str));
	for (size_t i = 0; i < recipient_count; i++)
		if (recipients[i].role == ROLE_TO || recipients[i].role == ROLE_CC)
			*(struct str *)list_add(&q->holders) = recipients[i].address;
	for (size_t i = 0; i < delivery_count; i++)
		if (deliveries[i].kind == DELIVERY_RELAY)
			*(struct str *)list_add(&q->holders) = deliveries[i].recipient;
	return RESULT_OK;
}

static enum result find_people(struct tx *tx, void *context, struct err *err)
{
	struct people_query *q = context;
	struct person person;

	TRY(person_find(tx, q->account_id, q->person_id, q->arena, &person, err));
	q->writer = person.address;
	return find_holders(tx, q, err);
}

static bool holds(const struct people_query *q, struct str address)
{
	const struct str *holders = q->holders.items;

	for (size_t i = 0; i < q->holders.count; i++)
		if (str_equal_nocase(holders[i], address))
			return true;
	return false;
}

static bool is_listed(const struct list *people, struct str address)
{
	const struct open_person *known = people->items;

	for (size_t i = 0; i < people->count; i++)
		if (str_equal_nocase(known[i].address, address))
			return true;
	return false;
}

static void add_person(struct list *list, struct open_person person, struct str but)
{
	if (is_address(person.address) && !str_equal_nocase(person.address, but) &&
		!is_listed(list, person.address))
		*(struct open_person *)list_add(list) = person;
}

/* The header names whom the sender pleased; only who got the message may get its quote. */
static void add_holders(
	struct list *list, const struct people_query *q, const struct open_person *people, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (holds(q, people[i].address))
			add_person(list, people[i], q->writer);
}

/* Of a long field the message has the begin only, to be shown; an answer reaches those behind it, too. */
static enum result add_field(struct list *list, const struct people_query *q,
	const struct open_message *message, const char *field, struct err *err)
{
	bool is_to = str_equal(str_of(field), STR("To"));
	const struct open_person *people = is_to ? message->to : message->cc;
	size_t count = is_to ? message->to_count : message->cc_count;
	const struct mime_part *top = &message->index->parts[0];
	cleanup(buf_done) struct buf header = buf_new(2 * LIMIT_MIME_HEADER_BYTES);
	struct mime_address *whole;

	if (count >= LIMIT_ADDRESSES_SHOWN) {
		TRY(reader_to_buf(&message->content, top->header_offset, top->header_len, &header, err));
		count = mime_addresses_of(
			buf_str(&header), str_of(field), LIMIT_ADDRESSES_READ, q->arena, &whole);
		people = open_people_of(whole, count, q->arena);
	}
	add_holders(list, q, people, count);
	return RESULT_OK;
}

enum result reply_recipients(struct flow *flow, const struct open_message *message, bool all,
	struct arena *arena, struct open_person **ret, size_t *ret_count, struct err *err)
{
	const struct copy *copy = &message->summary.copy;
	struct people_query query = {.arena = arena,
		.account_id = copy->account_id,
		.person_id = copy->person_id,
		.message_id = copy->message_id};
	struct list list = list_new(arena, sizeof(struct open_person));

	if (copy->is_owner || !message->rights.reply || (all && !message->rights.reply_all))
		return err_code(
			err, RESULT_DENIED, "reply-not-allowed", "the sender does not allow this answer");
	TRY(db_read(flow_db(flow), find_people, &query, err));
	const struct open_person *author =
		message->owner.address.len ? &message->owner : &message->summary.from;
	add_person(&list, *author, query.writer);
	if (all) {
		TRY(add_field(&list, &query, message, "To", err));
		TRY(add_field(&list, &query, message, "Cc", err));
	}
	/* Somebody answers a message to himself. */
	if (list.count == 0)
		add_person(&list, *author, STR_NONE);
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}
