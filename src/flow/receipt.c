#include "flow/receipt.h"

#include "base/mem.h"
#include "flow/letter.h"
#include "flow/mail_out.h"
#include "flow/notice.h"
#include "store/copy.h"
#include "store/event_write.h"
#include "store/telling_write.h"
#include "store/wrap.h"

#define AT_ONCE 200

struct receipts {
	struct flow *flow;
	int64_t now;
	size_t sent;
};

void receipt_describe(struct tx *tx, const struct flow_account *account, const struct message *message,
	struct id owner_copy_id, struct arena *arena, struct notice *notice)
{
	struct message_key key;
	struct letter letter = {0};
	struct bytes wrap;

	notice->sent_at = message->sent_at;
	if (wrap_find(tx, owner_copy_id, message->id, arena, &wrap, NULL) != RESULT_OK ||
		message_key_unwrap(account->key, message->id, owner_copy_id, wrap, &key, NULL) != RESULT_OK)
		return;
	if (letter_list_open(message->list_box, &key, message->id, arena, &letter, NULL) == RESULT_OK &&
		letter_head_open(message->head_box, &key, message->id, arena, &letter, NULL) == RESULT_OK) {
		notice->message_id = letter.message_id;
		if (account->settings.notification_subject)
			notice->subject = letter.subject;
	}
	key_wipe(&key);
}

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
	struct notice notice = {.people = &reader.address, .count = 1, .at = read->read_at};
	receipt_describe(tx, &account, &message, owners.id, &arena, &notice);
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
