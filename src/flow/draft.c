#include "flow/draft_private.h"

#include "flow/inquiry.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/upload_private.h"
#include "seal/box.h"
#include "store/draft_write.h"
#include "store/person_write.h"
#include "store/wrap_write.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#define BOX_FIELD "draft"
#define SNIPPET_BYTES 160
#define MAILS_IN_DRAFTS 2

static const char *const names[] = {"to", "cc", "bcc", "subject", "text", "html", "origin", "self"};

static struct str *field_of(struct draft_text *text, size_t i)
{
	struct str *fields[] = {&text->to, &text->cc, &text->bcc, &text->subject, &text->text, &text->html,
		&text->origin, &text->self};

	static_assert(COUNT_OF(fields) == COUNT_OF(names), "each has a name");
	return fields[i];
}

static struct bytes text_seal(
	const struct draft_text *given, const struct message_key *key, struct arena *arena)
{
	struct draft_text text = *given;
	json_t *object = json_object();

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct str field = *field_of(&text, i);
		json_t *value = json_stringn(field.ptr ? field.ptr : "", field.len);
		(void)json_object_set_new(object, names[i], value ? value : json_string(""));
	}
	(void)json_object_set_new(object, "definition", json_string(id_text(text.definition_id).s));
	char *plain = json_dumps(object, JSON_COMPACT);
	assert(plain);
	struct bytes box =
		box_seal(key, (struct box_context){BOX_FIELD, text.id}, str_bytes(str_of(plain)), arena);
	seal_wipe(plain, strlen(plain));
	free(plain);
	json_decref(object);
	return box;
}

static enum result text_unseal(const struct draft *draft, const struct message_key *key, struct arena *arena,
	struct draft_text *ret, struct err *err)
{
	struct draft_text text = {.id = draft->id,
		.answers_id = draft->answers_id,
		.answers_all = draft->answers_all,
		.inquiry_id = draft->inquiry_id,
		.version = draft->version,
		.saved_at = draft->saved_at,
		.leaves_at = draft->leaves_at,
		.refused_at = draft->refused_at,
		.refused_code = draft->refused_code};
	struct bytes plain;

	TRY(box_open(key, (struct box_context){BOX_FIELD, draft->id}, draft->box, arena, &plain, err));
	json_t *object = json_loadb((const char *)plain.ptr, plain.len, 0, NULL);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const json_t *value = json_object_get(object, names[i]);
		if (json_is_string(value))
			*field_of(&text, i) = arena_str(
				arena, (struct str){json_string_value(value), json_string_length(value)});
	}
	const json_t *definition = json_object_get(object, "definition");
	if (json_is_string(definition))
		(void)id_parse(str_of(json_string_value(definition)), &text.definition_id);
	json_decref(object);
	*ret = text;
	return RESULT_OK;
}

enum result draft_key(struct tx *tx, const struct flow_account *account, struct id id,
	struct message_key *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct bytes wrap;

	TRY(wrap_find(tx, id, id, &arena, &wrap, err));
	return message_key_unwrap(account->key, id, id, wrap, ret, err);
}

static enum result new_key(struct tx *tx, const struct flow_account *account, struct id id,
	struct message_key *ret, struct err *err)
{
	uint8_t wrap[SEAL_WRAP_BYTES];

	message_key_new(ret);
	message_key_wrap(account->key, id, id, ret, wrap);
	return wrap_add(tx, id, id, (struct bytes){wrap, sizeof(wrap)}, err);
}

enum result draft_text_open(struct tx *tx, const struct flow_account *account, const struct draft *draft,
	struct arena *arena, struct draft_text *ret, struct err *err)
{
	struct message_key key;

	TRY(draft_key(tx, account, draft->id, &key, err));
	enum result result = text_unseal(draft, &key, arena, ret, err);
	key_wipe(&key);
	return result;
}

struct saving {
	struct flow *flow;
	const struct actor *actor;
	const struct draft_saving *saving;
	bool for_leaving;
	int64_t now;
	struct arena *arena;
	db_work also;
	void *also_context;
};

static enum result add_file(struct tx *tx, const struct saving *s, const struct upload *upload,
	const struct message_key *key, struct err *err)
{
	struct draft_file file = {.id = upload->id,
		.draft_id = s->saving->text.id,
		.size = (int64_t)upload->size,
		.place = sealed_body_place(upload->body),
		.sealed_size = (int64_t)seal_writer_sealed_size(upload->sealer),
		.box = draft_file_seal(upload, key, s->arena)};

	return draft_file_add(tx, &file, sealed_body_bytes(upload->body), err);
}

static enum result check_room(struct tx *tx, const struct saving *s, bool is_new, struct err *err)
{
	int64_t count, bytes;

	TRY(draft_count(tx, s->actor->person_id, &count, &bytes, err));
	if (is_new && count > DRAFTS_MAX)
		return err_code(err, RESULT_CONFLICT, "too-many-drafts", "%d drafts at most", DRAFTS_MAX);
	if (s->saving->file_count && bytes > MAILS_IN_DRAFTS * flow_names(s->flow)->mail_bytes_max)
		return err_code(
			err, RESULT_TOO_LARGE, "drafts-full", "the files of all drafts are too large");
	return RESULT_OK;
}

static enum result save_with_key(struct tx *tx, struct saving *s, const struct flow_account *account,
	bool is_new, struct message_key *key, struct err *err)
{
	const struct draft_saving *saving = s->saving;
	struct draft_text text = saving->text;
	struct id id = text.id;

	text.origin = s->for_leaving ? s->actor->origin : STR_NONE;
	struct id_text self = id_text(s->actor->self_id);
	text.self = s->for_leaving && !id_is_none(s->actor->self_id) ? str_of(self.s) : STR_NONE;
	TRY(is_new ? new_key(tx, account, id, key, err) : draft_key(tx, account, id, key, err));
	TRY(draft_set_box(tx, id, text_seal(&text, key, s->arena), err));
	for (size_t i = 0; i < saving->drop_count; i++)
		TRY(draft_file_remove(tx, id, saving->drop_files[i], err));
	for (size_t i = 0; i < saving->file_count; i++)
		TRY(add_file(tx, s, saving->files[i], key, err));
	return s->for_leaving ? RESULT_OK : check_room(tx, s, is_new, err);
}

/* A new one is nothing that whoever moves or ends the person's drafts can wait for. */
static enum result hold_writer(struct tx *tx, const struct actor *actor, struct err *err)
{
	struct id main_id;

	TRY(person_hold_main(tx, actor->person_id, &main_id, err));
	return proof_is_signed_in(tx, actor, err);
}

enum result draft_save_in_tx(struct tx *tx, struct flow *flow, const struct actor *actor,
	const struct draft_saving *saving, bool for_leaving, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct saving s = {.flow = flow,
		.actor = actor,
		.saving = saving,
		.for_leaving = for_leaving,
		.now = now,
		.arena = &arena};
	struct flow_account account;
	struct message_key key = {0};
	struct draft draft = {.id = s.saving->text.id,
		.account_id = s.actor->account_id,
		.person_id = s.actor->person_id,
		.answers_id = s.saving->text.answers_id,
		.answers_all = s.saving->text.answers_all,
		.inquiry_id = s.saving->text.inquiry_id,
		.saved_at = s.now,
		.version = s.saving->text.version,
		.page_id = s.saving->text.page_id};
	bool is_new;

	TRY(flow_account_load(s.flow, tx, s.actor->account_id, &arena, &account, err));
	TRY(draft_hold(tx, &draft, &is_new, err));
	if (is_new)
		TRY(hold_writer(tx, actor, err));
	enum result result = save_with_key(tx, &s, &account, is_new, &key, err);
	key_wipe(&key);
	return result;
}

static enum result save(struct tx *tx, void *context, struct err *err)
{
	const struct saving *s = context;

	if (s->also)
		TRY(s->also(tx, s->also_context, err));
	return draft_save_in_tx(tx, s->flow, s->actor, s->saving, false, s->now, err);
}

enum result draft_save_also(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	db_work also, void *also_context, int64_t now, struct err *err)
{
	struct saving s = {.flow = flow,
		.actor = actor,
		.saving = saving,
		.now = now,
		.also = also,
		.also_context = also_context};

	for (size_t i = 0; i < saving->file_count; i++)
		TRY(upload_keep(saving->files[i], now, err));
	TRY(db_write(flow_db(flow), save, &s, err));
	for (size_t i = 0; i < saving->file_count; i++)
		sealed_body_adopt(saving->files[i]->body);
	return RESULT_OK;
}

enum result draft_save(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(draft_files_free) struct draft_files taken = {0};
	struct draft_saving all = *saving;

	if (id_is_none(saving->files_of))
		return draft_save_also(flow, actor, saving, NULL, NULL, now, err);
	TRY(draft_files_take(flow, actor, saving, now, &arena, &taken, err));
	struct upload **files = arena_array(&arena, struct upload *, taken.count + saving->file_count);
	for (size_t i = 0; i < taken.count; i++)
		files[i] = taken.files[i];
	for (size_t i = 0; i < saving->file_count; i++)
		files[taken.count + i] = saving->files[i];
	all.files = files;
	all.file_count += taken.count;
	all.drop_count = 0;
	return draft_save_also(flow, actor, &all, NULL, NULL, now, err);
}

struct checking {
	const struct actor *actor;
	const struct draft_text *text;
	bool is_newer;
};

static enum result check(struct tx *tx, void *context, struct err *err)
{
	struct checking *c = context;
	struct draft draft = {.id = c->text->id,
		.person_id = c->actor->person_id,
		.version = c->text->version,
		.page_id = c->text->page_id};

	return draft_is_newer(tx, &draft, &c->is_newer, err);
}

enum result draft_check(
	struct flow *flow, const struct actor *actor, const struct draft_text *text, struct err *err)
{
	struct checking checking = {.actor = actor, .text = text};

	TRY(db_read(flow_db(flow), check, &checking, err));
	if (!checking.is_newer)
		return RESULT_OK;
	return err_code(err, RESULT_CONFLICT, "draft-newer", "the draft was saved elsewhere meanwhile");
}

struct reading {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	struct arena *arena;
	struct flow_account account;
	struct draft_text *texts;
	struct draft_file_summary *files;
	size_t count, file_count;
};

static enum result read_files(
	struct tx *tx, struct reading *r, const struct message_key *key, struct err *err)
{
	struct draft_file *files;

	TRY(draft_file_list(tx, r->id, r->arena, &files, &r->file_count, err));
	r->files = arena_array(r->arena, struct draft_file_summary, r->file_count);
	for (size_t i = 0; i < r->file_count; i++) {
		struct upload upload = {0};
		TRY(draft_file_unseal(&files[i], key, r->arena, &upload, err));
		key_wipe(&upload.key);
		r->files[i] = (struct draft_file_summary){files[i].id, upload.name, (uint64_t)files[i].size};
	}
	return RESULT_OK;
}

static enum result read_draft(struct tx *tx, void *context, struct err *err)
{
	struct reading *r = context;
	struct draft draft;
	struct message_key key;

	TRY(draft_find(tx, r->actor->person_id, r->id, false, r->arena, &draft, err));
	TRY(flow_account_load(r->flow, tx, draft.account_id, r->arena, &r->account, err));
	TRY(draft_key(tx, &r->account, r->id, &key, err));
	enum result result = text_unseal(&draft, &key, r->arena, r->texts, err);
	if (result == RESULT_OK)
		result = read_files(tx, r, &key, err);
	key_wipe(&key);
	return result;
}

enum result draft_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct draft_text *ret, struct draft_file_summary **ret_files, size_t *ret_file_count,
	struct err *err)
{
	struct reading reading = {.flow = flow, .actor = actor, .id = id, .arena = arena, .texts = ret};

	TRY(db_read(flow_db(flow), read_draft, &reading, err));
	*ret_files = reading.files;
	*ret_file_count = reading.file_count;
	return RESULT_OK;
}

/* One that cannot be opened is shown without its text rather than hiding the others. */
static enum result read_row(
	struct tx *tx, struct reading *r, const struct draft *draft, struct draft_text *ret, struct err *err)
{
	struct message_key key = {0};

	enum result result = draft_key(tx, &r->account, draft->id, &key, err);
	if (result == RESULT_OK)
		result = text_unseal(draft, &key, r->arena, ret, err);
	key_wipe(&key);
	if (result == RESULT_GONE || result == RESULT_INTERNAL)
		*ret = (struct draft_text){.id = draft->id,
			.answers_id = draft->answers_id,
			.answers_all = draft->answers_all,
			.inquiry_id = draft->inquiry_id,
			.saved_at = draft->saved_at,
			.leaves_at = draft->leaves_at,
			.refused_at = draft->refused_at,
			.refused_code = draft->refused_code};
	else
		TRY(result);
	ret->text = str_sub(ret->text, 0, SNIPPET_BYTES);
	while (ret->text.len && !str_is_utf8(ret->text))
		ret->text.len--;
	return RESULT_OK;
}

/* Whose request it is not does not learn what it asks for (R15), whatever a draft of theirs says. */
static enum result read_about(
	struct tx *tx, const struct reading *r, struct draft_text *draft, struct err *err)
{
	struct inquiry inquiry;
	bool is_own;

	if (id_is_none(draft->inquiry_id))
		return RESULT_OK;
	enum result found = inquiry_find(tx, draft->inquiry_id, r->arena, &inquiry, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(people_is_own(tx, r->actor, inquiry.asked_id, &is_own, err));
	if (is_own)
		draft->about = inquiry_purpose(&r->account, &inquiry, r->arena);
	return RESULT_OK;
}

static enum result read_folder(struct tx *tx, void *context, struct err *err)
{
	struct reading *r = context;
	struct draft *drafts;

	TRY(flow_account_load(r->flow, tx, r->actor->account_id, r->arena, &r->account, err));
	TRY(draft_list(tx, r->actor->person_id, DRAFTS_MAX, r->arena, &drafts, &r->count, err));
	r->texts = arena_array(r->arena, struct draft_text, r->count);
	for (size_t i = 0; i < r->count; i++) {
		TRY(read_row(tx, r, &drafts[i], &r->texts[i], err));
		TRY(read_about(tx, r, &r->texts[i], err));
	}
	return RESULT_OK;
}

enum result draft_folder(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct draft_text **ret, size_t *ret_count, struct err *err)
{
	struct reading reading = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_folder, &reading, err));
	*ret = reading.texts;
	*ret_count = reading.count;
	return RESULT_OK;
}

struct discarding {
	const struct actor *actor;
	struct id id;
	int64_t now;
};

static enum result discard(struct tx *tx, void *context, struct err *err)
{
	const struct discarding *d = context;
	cleanup(arena_done) struct arena arena = {0};
	struct draft draft;

	enum result found = draft_find(tx, d->actor->person_id, d->id, false, &arena, &draft, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	draft.saved_at = d->now;
	TRY(draft_close(tx, &draft, err));
	return wrap_destroy(tx, d->id, d->id, err);
}

enum result draft_discard(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct discarding discarding = {actor, id, now};

	return db_write(flow_db(flow), discard, &discarding, err);
}
