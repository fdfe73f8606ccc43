/* What was asked for is sent. */
#include "flow/inquiry.h"

#include "flow/people.h"
#include "flow/writing_private.h"

/* To the asker alone, and as the definition says: with the mail server's copy, or in the portal only. */
static enum result load(struct tx *tx, void *context, struct err *err)
{
	struct writing *w = context;
	struct id id = w->inquiry.id;
	bool is_own;

	TRY(inquiry_find(tx, id, &w->arena, &w->inquiry, err));
	TRY(people_is_own(tx, w->actor, w->inquiry.asked_id, &is_own, err));
	if (!is_own)
		return err_set(err, RESULT_NOT_FOUND, "there is no such request");
	w->written_by = w->inquiry.asked_id;
	w->to = arena_array(&w->arena, struct mime_address, 1);
	w->to[0] = (struct mime_address){.address = w->inquiry.asker_address};
	w->to_count = 1;
	TRY(inquiry_definition(tx, &w->inquiry, &w->arena, &w->definition, err));
	TRY(writing_load(tx, w, err));
	w->subject = inquiry_purpose(&w->account, &w->inquiry, &w->arena);
	return RESULT_OK;
}

static enum result answer(struct writing *w, struct id form_id, const struct written *written,
	struct id *ret_copy_id, struct err *err)
{
	TRY(db_read(flow_db(w->flow), load, w, err));
	TRY(writing_take_text(w, written, err));
	if (str_trim(w->text).len == 0 && written->file_count == 0)
		return err_code(err, RESULT_INVALID, "text-missing", "there is nothing to send");
	return writing_send(w, written, form_id, ret_copy_id, err);
}

enum result inquiry_answer(struct flow *flow, const struct actor *actor, struct id id, struct id form_id,
	const struct written *written, int64_t now, struct id *ret_copy_id, struct err *err)
{
	struct writing w = {.flow = flow, .actor = actor, .now = now, .inquiry.id = id};
	enum result result = answer(&w, form_id, written, ret_copy_id, err);

	arena_done(&w.arena);
	return result;
}
