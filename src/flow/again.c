#include "flow/again.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/list.h"
#include "flow/draft_private.h"
#include "flow/recall_private.h"
#include "flow/rich.h"
#include "mime/decode.h"
#include "mime/flowed.h"

/* What the form takes of a text. */
#define AGAIN_TEXT_BYTES ((size_t)500 * 1024)
#define ADDRESSES_BYTES ((size_t)64 * 1024)

struct making {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct arena arena;
	struct open_message *message;
	struct list files; /* of struct upload * */
	struct draft_text text;
};

static enum result upload_piece(void *context, const void *data, size_t size, struct err *err)
{
	return upload_write(context, (struct str){data, size}, err);
}

static enum result add_file(struct making *m, const struct mime_part *part, struct err *err)
{
	struct upload *upload;

	TRY(upload_begin(
		m->flow, part->name_count ? part->names[0] : STR("file"), part->type, m->now, &upload, err));
	*(struct upload **)list_add(&m->files) = upload;
	struct writer writer = {upload_piece, upload};
	TRY(mime_part_decode(&m->message->content, part, &writer, err));
	return upload_end(upload, err);
}

/* Pictures of the text, too: the draft has its words only, and would lose them. */
static bool is_picture(const struct mime_part *part)
{
	return part->content_id.len && str_starts(part->type, STR("image/"));
}

static enum result add_files(struct making *m, struct err *err)
{
	const struct mime_index *index = m->message->index;
	const struct mime_part **parts;
	size_t count = mime_index_files(index, &m->arena, &parts), next = 0;

	for (size_t i = 0; i < index->count; i++) {
		bool is_file = next < count && parts[next] == &index->parts[i];
		next += is_file;
		if (is_file || (is_picture(&index->parts[i]) && !mime_index_is_inside_message(index, i)))
			TRY(add_file(m, &index->parts[i], err));
	}
	return RESULT_OK;
}

static enum result set_text(struct making *m, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(AGAIN_TEXT_BYTES);
	bool cut;

	TRY(open_text(m->message, &m->arena, &text, &cut, err));
	struct str whole = buf_str(&text);
	/* Not in the middle of a character. */
	for (int i = 0; i < 3 && whole.len && !str_is_utf8(whole); i++)
		whole.len--;
	m->text.text = arena_printf(&m->arena, "%.*s%s", STR_ARG(str_trim(whole)), cut ? "\n[\u2026]" : "");
	return RESULT_OK;
}

static enum result add_html(
	struct making *m, const struct mime_part *part, struct buf *html, bool *ret_cut, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(AGAIN_TEXT_BYTES);

	if (str_equal(part->type, STR("text/html")))
		return mime_part_text(&m->message->content, part, html, ret_cut, err);
	TRY(mime_part_plain_text(&m->message->content, part, &text, ret_cut, err));
	buf_add(html, rich_of_plain(buf_str(&text), &m->arena));
	return RESULT_OK;
}

/* What is too long for that, or cannot be made harmless, is given as its words alone. */
static enum result set_html(struct making *m, struct err *err)
{
	cleanup(buf_done) struct buf html = buf_new(RICH_BYTES_MAX);
	const struct mime_part **parts;
	size_t count = mime_index_body(m->message->index, true, &m->arena, &parts);
	struct err why = {0};
	struct rich rich;
	bool cut = false;

	for (size_t i = 0; i < count && !cut; i++)
		TRY(add_html(m, parts[i], &html, &cut, err));
	if (!cut && !html.overflow && rich_read(buf_str(&html), &m->arena, &rich, &why) == RESULT_OK)
		m->text.html = rich.html;
	return RESULT_OK;
}

static struct str people_of(struct making *m, enum recipient_role role)
{
	cleanup(buf_done) struct buf people = buf_new(ADDRESSES_BYTES);

	for (size_t i = 0; i < m->message->recipient_count; i++) {
		const struct open_recipient *recipient = &m->message->recipients[i];
		if (recipient->role == role)
			buf_printf(&people, "%s%.*s", people.len ? ", " : "",
				STR_ARG(recipient->person.address));
	}
	return arena_str(&m->arena, buf_str(&people));
}

static enum result read_sent(struct making *m, struct id copy_id, struct err *err)
{
	TRY(open_message(m->flow, m->actor, copy_id, OPEN_READ, m->now, &m->message, err));
	if (!m->message->summary.copy.is_owner)
		return err_set(err, RESULT_DENIED, "only who sent it may do this");
	m->text.id = id_new(m->now);
	m->text.subject = arena_str(&m->arena, str_sub(m->message->summary.subject, 0, LIMIT_SUBJECT_BYTES));
	m->text.definition_id = m->message->definition_id;
	TRY(set_text(m, err));
	TRY(set_html(m, err));
	return add_files(m, err);
}

static enum result save(struct making *m, db_work also, void *context, struct err *err)
{
	struct draft_saving saving = {.text = m->text, .files = m->files.items, .file_count = m->files.count};

	return draft_save_also(m->flow, m->actor, &saving, also, context, m->now, err);
}

static void making_done(struct making *m)
{
	struct upload **files = m->files.items;

	for (size_t i = 0; i < m->files.count; i++)
		upload_free(files[i]);
	open_message_free(m->message);
	arena_done(&m->arena);
}

static enum result as_new(struct making *m, struct id copy_id, bool to_same, struct err *err)
{
	TRY(read_sent(m, copy_id, err));
	if (to_same) {
		m->text.to = people_of(m, ROLE_TO);
		m->text.cc = people_of(m, ROLE_CC);
		m->text.bcc = people_of(m, ROLE_BCC);
	}
	return save(m, NULL, NULL, err);
}

enum result again_as_new(struct flow *flow, const struct actor *actor, struct id copy_id, bool to_same,
	int64_t now, struct id *ret_draft_id, struct err *err)
{
	struct making m = {.flow = flow, .actor = actor, .now = now};

	m.files = list_new(&m.arena, sizeof(struct upload *));
	enum result result = as_new(&m, copy_id, to_same, err);
	*ret_draft_id = m.text.id;
	making_done(&m);
	return result;
}

struct correcting {
	struct making m;
	const struct correction *correction;
	bool recalls;
};

static const struct open_recipient *find_recipient(const struct open_message *message, struct str address)
{
	for (size_t i = 0; i < message->recipient_count; i++)
		if (str_equal_nocase(message->recipients[i].person.address, address))
			return &message->recipients[i];
	return NULL;
}

static enum result recall_from_wrong(struct tx *tx, void *context, struct err *err)
{
	const struct correcting *c = context;
	struct recall_request request = {
		.copy_id = c->correction->copy_id, .from = &c->correction->wrong, .from_count = 1};
	struct recall_done done;

	return c->recalls ? recall_in(tx, c->m.flow, c->m.actor, &request, c->m.now, &done, err) : RESULT_OK;
}

static enum result to_right(struct correcting *c, struct err *err)
{
	const struct correction *correction = c->correction;
	struct making *m = &c->m;

	if (!is_address(correction->right) || str_equal_nocase(correction->right, correction->wrong))
		return err_code(err, RESULT_INVALID, "recipient-invalid", "this is no other mail address");
	TRY(read_sent(m, correction->copy_id, err));
	const struct open_summary *summary = &m->message->summary;
	const struct open_recipient *wrong = find_recipient(m->message, correction->wrong);
	if (!wrong)
		return err_set(err, RESULT_NOT_FOUND, "it did not go to this address");
	bool has_ended = summary->recalled_at || (summary->expires_at && summary->expires_at <= m->now);
	c->recalls = wrong->has_copy && !wrong->recalled_at && !has_ended;
	m->text.to = correction->right;
	return save(m, recall_from_wrong, c, err);
}

enum result again_to_right(struct flow *flow, const struct actor *actor, const struct correction *correction,
	int64_t now, struct id *ret_draft_id, bool *ret_recalled, struct err *err)
{
	struct correcting c = {.m = {.flow = flow, .actor = actor, .now = now}, .correction = correction};

	c.m.files = list_new(&c.m.arena, sizeof(struct upload *));
	enum result result = to_right(&c, err);
	*ret_draft_id = c.m.text.id;
	*ret_recalled = c.recalls;
	making_done(&c.m);
	return result;
}
