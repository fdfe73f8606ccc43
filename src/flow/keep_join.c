/* The rest of a mail's recipients, or the same mail again: what becomes of the message that came first. */
#include "flow/keep_private.h"

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

enum result keep_join_terms(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	if (!keep_is_secured(k->request) || k->message.kind == MESSAGE_SECURED)
		return RESULT_OK;
	k->becomes_secured = true;
	keep_terms(k, owner_id, &k->message);
	return message_set_terms(tx, &k->message, err);
}

enum result keep_join_release(struct tx *tx, struct keeping *k, struct err *err)
{
	int64_t waiting;

	TRY(delivery_count_waiting(tx, k->message_id, &waiting, err));
	return waiting ? RESULT_OK : wrap_destroy(tx, k->message_id, err);
}
