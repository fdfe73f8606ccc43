#include "flow/receipt.h"

#include "base/mem.h"
#include "flow/describe.h"
#include "flow/mail_out.h"
#include "flow/notice.h"
#include "store/copy.h"
#include "store/event_write.h"
#include "store/telling_write.h"

#define AT_ONCE 200

struct receipts {
	struct flow *flow;
	int64_t now;
	size_t sent;
};

static enum result note(
	struct tx *tx, const struct receipts *r, const struct telling_read *read, struct err *err)
{
	struct event event = {.account_id = read->account_id,
		.at = r->now,
		.kind = STR(EVENT_RECEIPT_SENT),
		.message_id = read->message_id,
		.person_id = read->person_id};

	return event_record(tx, &event, err);
}

static enum result tell_owner(
	struct tx *tx, struct receipts *r, const struct telling_read *read, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person owner, reader;
	struct message message;
	struct copy owners;

	TRY(message_find(tx, read->account_id, read->message_id, &arena, &message, err));
	if (id_is_none(message.owner_id) || id_equal(message.owner_id, read->person_id))
		return RESULT_OK;
	enum result found = copy_by_message(tx, message.owner_id, message.id, true, &owners, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(flow_account_load(r->flow, tx, read->account_id, &arena, &account, err));
	TRY(person_find(tx, read->account_id, message.owner_id, &arena, &owner, err));
	TRY(person_find(tx, read->account_id, read->person_id, &arena, &reader, err));
	struct description of = describe_message(tx, &account, &message, owners.id, false, &arena);
	struct notice notice = {.people = &reader.address,
		.count = 1,
		.at = read->read_at,
		.sent_at = message.sent_at,
		.subject = of.subject,
		.message_id = of.message_id};
	TRY(note(tx, r, read, err));
	r->sent++;
	return mail_out_notice(r->flow, tx, &account, DELIVERY_RECEIPT, owner.address, owners.id,
		notice_write(&notice, &arena), r->now, err);
}

static enum result send_in_tx(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct receipts *r = context;
	struct telling_read *reads;
	size_t count;
	bool mine;

	r->sent = 0; /* a transaction may run again */
	TRY(telling_skip_read(tx, r->now, AT_ONCE, err));
	TRY(telling_list_read(tx, AT_ONCE, &arena, &reads, &count, err));
	for (size_t i = 0; i < count; i++) {
		TRY(telling_claim_read(tx, reads[i].copy_id, r->now, &mine, err));
		if (mine)
			TRY(tell_owner(tx, r, &reads[i], err));
	}
	return RESULT_OK;
}

enum result receipt_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err)
{
	struct receipts receipts = {.flow = flow, .now = now};

	TRY(db_write(flow_db(flow), send_in_tx, &receipts, err));
	*ret_count = receipts.sent;
	return RESULT_OK;
}
