#include "flow/owned.h"

#include "store/copy.h"
#include "store/person.h"

static enum result check_sender(struct tx *tx, const struct actor *actor, const struct copy *copy,
	struct arena *arena, struct err *err)
{
	struct person person;

	if (!copy->is_owner)
		return err_set(err, RESULT_DENIED, "only who sent it may do this");
	TRY(person_find(tx, actor->account_id, actor->person_id, arena, &person, err));
	if (!person.is_internal)
		return err_set(err, RESULT_DENIED, "only people of the account may do this");
	return RESULT_OK;
}

enum result owned_message(struct flow *flow, struct tx *tx, const struct actor *actor, struct id copy_id,
	struct id message_id, struct arena *arena, struct flow_account *ret_account, struct message *ret,
	struct err *err)
{
	struct id id = message_id;
	struct copy copy;

	if (!id_is_none(actor->person_id)) {
		TRY(copy_find(tx, actor->person_id, copy_id, &copy, err));
		TRY(check_sender(tx, actor, &copy, arena, err));
		id = copy.message_id;
	}
	TRY(flow_account_load(flow, tx, actor->account_id, arena, ret_account, err));
	return message_find(tx, actor->account_id, id, arena, ret, err);
}
