#include "flow/describe.h"

#include "flow/letter.h"
#include "store/wrap.h"

struct description describe_message(struct tx *tx, const struct flow_account *account,
	const struct message *message, struct id holder, bool is_ordinary, struct arena *arena)
{
	struct description description = {.message_id = STR_NONE};
	struct letter letter = {0};
	struct message_key key;
	struct bytes wrap;

	if (wrap_find(tx, holder, message->id, arena, &wrap, NULL) != RESULT_OK ||
		message_key_unwrap(account->key, message->id, holder, wrap, &key, NULL) != RESULT_OK)
		return description;
	if (letter_list_open(message->list_box, &key, message->id, arena, &letter, NULL) == RESULT_OK &&
		letter_head_open(message->head_box, &key, message->id, arena, &letter, NULL) == RESULT_OK) {
		description.message_id = letter.message_id;
		if (is_ordinary || account->settings.notification_subject)
			description.subject = letter.subject;
	}
	key_wipe(&key);
	return description;
}
