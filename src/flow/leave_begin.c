/* From what was written to what waits to leave. */
#include "flow/leave.h"

#include "flow/draft_private.h"
#include "flow/upload_private.h"
#include "store/copy.h"
#include "store/draft_write.h"

#include <string.h>

struct beginning {
	struct flow *flow;
	const struct actor *actor;
	const struct draft_saving *saving;
	int64_t now;
	bool waits_already;
};

static bool is_same_text(const struct draft_text *a, const struct draft_text *b)
{
	return str_equal(a->to, b->to) && str_equal(a->cc, b->cc) && str_equal(a->bcc, b->bcc) &&
	       str_equal(a->subject, b->subject) && str_equal(a->text, b->text) &&
	       str_equal(a->html, b->html) && id_equal(a->definition_id, b->definition_id) &&
	       id_equal(a->answers_id, b->answers_id) && a->answers_all == b->answers_all &&
	       id_equal(a->inquiry_id, b->inquiry_id);
}

static bool is_among(const struct upload *file, const struct upload *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(kept[i].name, file->name) &&
			memcmp(kept[i].digest, file->digest, HASH_BYTES) == 0)
			return true;
	return false;
}

/* What comes again brought its new files with it before. */
static enum result has_files(struct tx *tx, const struct beginning *b, const struct flow_account *account,
	struct arena *arena, bool *ret, struct err *err)
{
	struct draft_file *files;
	struct message_key key;
	size_t count;

	TRY(draft_file_list(tx, b->saving->text.id, arena, &files, &count, err));
	struct upload *kept = arena_array(arena, struct upload, count);
	TRY(draft_key(tx, account, b->saving->text.id, &key, err));
	enum result result = RESULT_OK;
	for (size_t i = 0; i < count && result == RESULT_OK; i++) {
		result = draft_file_unseal(&files[i], &key, arena, &kept[i], err);
		key_wipe(&kept[i].key);
	}
	key_wipe(&key);
	*ret = true;
	for (size_t i = 0; i < b->saving->file_count && *ret && result == RESULT_OK; i++)
		*ret = is_among(b->saving->files[i], kept, count);
	return result;
}

/* Whether the form waits with the same already. */
static enum result look_again(struct tx *tx, struct beginning *b, const struct flow_account *account,
	struct arena *arena, struct err *err)
{
	struct draft draft;
	struct draft_text text;

	b->waits_already = false;
	enum result found = draft_find(tx, b->actor->person_id, b->saving->text.id, true, arena, &draft, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(draft_text_open(tx, account, &draft, arena, &text, err));
	if (is_same_text(&text, &b->saving->text))
		return has_files(tx, b, account, arena, &b->waits_already, err);
	return RESULT_OK;
}

static enum result begin(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct beginning *b = context;
	struct flow_account account;

	TRY(flow_account_load(b->flow, tx, b->actor->account_id, &arena, &account, err));
	TRY(look_again(tx, b, &account, &arena, err));
	if (b->waits_already)
		return RESULT_OK;
	TRY(draft_save_in_tx(tx, b->flow, b->actor, b->saving, true, b->now, err));
	return draft_set_leaving(
		tx, b->saving->text.id, b->now + account.settings.undo_seconds * MS_SECOND, err);
}

enum result leave_begin(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct err *err)
{
	struct beginning beginning = {flow, actor, saving, now, false};

	for (size_t i = 0; i < saving->file_count; i++)
		TRY(upload_keep(saving->files[i], now, err));
	TRY(db_write(flow_db(flow), begin, &beginning, err));
	for (size_t i = 0; i < saving->file_count && !beginning.waits_already; i++)
		sealed_body_adopt(saving->files[i]->body);
	return RESULT_OK;
}

struct finding {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	struct arena *arena;
	struct leave_state state;
};

static enum result find_sent(struct tx *tx, struct finding *f, struct id message_id, struct err *err)
{
	struct copy copy = {0};

	f->state = (struct leave_state){.stage = LEAVE_SENT};
	enum result found = copy_by_message(tx, f->actor->person_id, message_id, true, &copy, err);
	if (found == RESULT_OK)
		f->state.copy_id = copy.id;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result find(struct tx *tx, void *context, struct err *err)
{
	struct finding *f = context;
	struct flow_account account;
	struct draft draft;

	TRY(draft_find_any(tx, f->actor->person_id, f->id, f->arena, &draft, err));
	if (draft.state != DRAFT_OPEN && id_is_none(draft.message_id))
		return err_set(err, RESULT_NOT_FOUND, "it was thrown away");
	if (draft.state != DRAFT_OPEN)
		return find_sent(tx, f, draft.message_id, err);
	TRY(flow_account_load(f->flow, tx, draft.account_id, f->arena, &account, err));
	f->state = (struct leave_state){.stage = draft.leaves_at ? LEAVE_WAITING : LEAVE_OPEN};
	return draft_text_open(tx, &account, &draft, f->arena, &f->state.text, err);
}

enum result leave_find(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct leave_state *ret, struct err *err)
{
	struct finding finding = {.flow = flow, .actor = actor, .id = id, .arena = arena};

	TRY(db_read(flow_db(flow), find, &finding, err));
	*ret = finding.state;
	return RESULT_OK;
}
