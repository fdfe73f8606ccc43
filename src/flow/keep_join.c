/* The rest of a mail's recipients, or the same mail again: what becomes of the message that came first. */
#include "flow/keep_private.h"
#include "flow/strictest.h"
#include "store/copy_write.h"
#include "store/message_write.h"
#include "store/wrap_write.h"

static bool has_ended(const struct message *message, int64_t now)
{
	return message->kind == MESSAGE_SECURED &&
	       (message->recalled_at || (message->expires_at && now >= message->expires_at));
}

enum result keep_join(struct tx *tx, struct keeping *k, struct err *err)
{
	struct message_state state;
	struct bytes wrap;
	struct id holder;

	enum result held = message_hold(tx, k->message_id, &state, err);
	if (held == RESULT_NOT_FOUND)
		return err_set(err, RESULT_GONE, "the message that this mail became was removed");
	TRY(held);
	TRY(message_find(tx, k->account.account.id, k->message_id, k->arena, &k->message, err));
	if (has_ended(&k->message, k->request->now))
		return err_set(err, RESULT_GONE, "the message that this mail became was recalled or expired");
	/* Its content was sealed under its own key; who joins gets a wrap of that. */
	TRY(wrap_find_any(tx, k->message_id, k->arena, &holder, &wrap, err));
	return message_key_unwrap(k->account.key, k->message_id, holder, wrap, &k->key, err);
}

/* What the sender or an administrator moved stays where it is. */
static int64_t sooner_end(const struct message *message, int64_t other)
{
	bool stays = message->extended_at || message->expires_at <= other;

	return stays ? message->expires_at : other;
}

/* Makes a secured message as strict as this part of its recipients calls for; whether that changes it. */
static bool tighten(struct keeping *k)
{
	struct message *m = &k->message, asked = {.id = m->id, .sent_at = m->sent_at}, before = *m;

	keep_terms(k, m->owner_id, &asked);
	m->definition_name = strictest_names(m->definition_name, asked.definition_name, k->arena);
	m->rights = strictest_rights(m->rights, asked.rights);
	m->read_receipt = m->read_receipt || asked.read_receipt;
	m->all_recipients = m->all_recipients || asked.all_recipients;
	if (!m->code_set_at) {
		m->code_box = asked.code_box;
		m->code_set_at = asked.code_set_at;
	}
	m->expires_at = sooner_end(m, asked.expires_at);
	return !str_equal(m->definition_name, before.definition_name) ||
	       m->rights.print != before.rights.print || m->rights.reply != before.rights.reply ||
	       m->rights.reply_all != before.rights.reply_all || m->rights.save != before.rights.save ||
	       m->rights.extend != before.rights.extend ||
	       m->rights.second_factor != before.rights.second_factor ||
	       m->code_set_at != before.code_set_at || m->read_receipt != before.read_receipt ||
	       m->all_recipients != before.all_recipients || m->expires_at != before.expires_at;
}

enum result keep_join_terms(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	if (!keep_is_secured(k->request))
		return RESULT_OK;
	if (k->message.kind == MESSAGE_SECURED) {
		if (!tighten(k))
			return RESULT_OK;
		TRY(copy_set_end(tx, k->message_id, k->message.expires_at, err));
		return message_set_terms(tx, &k->message, err);
	}
	k->becomes_secured = true;
	keep_terms(k, owner_id, &k->message);
	return message_set_terms(tx, &k->message, err);
}

enum result keep_join_release(struct tx *tx, struct keeping *k, struct err *err)
{
	int64_t waiting;

	TRY(delivery_count_waiting(tx, k->message_id, &waiting, err));
	return waiting ? RESULT_OK : wrap_destroy(tx, k->message_id, k->message_id, err);
}
