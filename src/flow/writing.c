/* From what was written to the message that is kept. */
#include "flow/writing_private.h"

#include "flow/mail_out.h"
#include "flow/outsider.h"
#include "flow/people.h"
#include "flow/upload_private.h"
#include "mime/build.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/draft_write.h"
#include "store/message_write.h"

#define BOUNDARY_BYTES 15

/* A new message of one of the account's people goes as mail that came by SMTP does: a definition for all
 * keeps it in the portal (keep.c). What answers, or comes from outside, is in their Inbox as well. */
static enum keep_way way_inside(const struct writing *w)
{
	if (!id_is_none(w->inquiry.id) && w->definition.all_recipients)
		return KEEP_IN_PORTAL;
	return w->writer.is_internal && id_is_none(w->answered.id) ? KEEP_BY_SERVER : KEEP_REPLY;
}

static enum result add_recipient(
	struct tx *tx, struct writing *w, struct mime_address who, enum recipient_role role, struct err *err)
{
	bool internal;

	TRY(people_is_internal(tx, w->actor->account_id, who.address, &internal, err));
	*(struct keep_recipient *)list_add(&w->recipients) = (struct keep_recipient){.address = who.address,
		.name = who.name,
		.role = role,
		.way = internal ? way_inside(w) : KEEP_IN_PORTAL,
		.is_internal = internal};
	return RESULT_OK;
}

/* Whoever writes from a shared address is named: it alone would not say who. */
static enum result name_self(struct tx *tx, struct writing *w, struct err *err)
{
	struct person self;

	if (id_is_none(w->actor->self_id))
		return RESULT_OK;
	TRY(person_find(tx, w->actor->account_id, w->actor->self_id, &w->arena, &self, err));
	w->writer_name = people_name(&w->account, self.id, self.name_box, &w->arena);
	if (!w->writer_name.len)
		w->writer_name = self.address;
	return RESULT_OK;
}

/* An answer comes from the address that was written to; the name is the person's. */
static enum result load_writer(struct tx *tx, struct writing *w, struct err *err)
{
	struct id account_id = w->actor->account_id, own_id = w->actor->person_id;
	struct person person;

	TRY(person_find(tx, account_id, own_id, &w->arena, &person, err));
	w->writer = person;
	w->writer_name = people_name(&w->account, person.id, person.name_box, &w->arena);
	TRY(name_self(tx, w, err));
	if (!id_is_none(w->written_by))
		TRY(person_find(tx, account_id, w->written_by, &w->arena, &w->writer, err));
	/* Whose domain was removed counts as external. */
	return w->writer.is_internal
		       ? people_is_internal(tx, account_id, w->writer.address, &w->writer.is_internal, err)
		       : RESULT_OK;
}

enum result writing_load(struct tx *tx, struct writing *w, struct err *err)
{
	TRY(flow_account_load(w->flow, tx, w->actor->account_id, &w->arena, &w->account, err));
	TRY(load_writer(tx, w, err));
	w->recipients = list_new(&w->arena, sizeof(struct keep_recipient));
	for (size_t i = 0; i < w->to_count; i++)
		TRY(add_recipient(tx, w, w->to[i], ROLE_TO, err));
	for (size_t i = 0; i < w->cc_count; i++)
		TRY(add_recipient(tx, w, w->cc[i], ROLE_CC, err));
	for (size_t i = 0; i < w->bcc_count; i++)
		TRY(add_recipient(tx, w, w->bcc[i], ROLE_BCC, err));
	return RESULT_OK;
}

enum result writing_take_text(struct writing *w, const struct written *written, struct err *err)
{
	struct rich rich;

	w->text = written->text;
	if (written->html.len == 0)
		return RESULT_OK;
	TRY(rich_read(written->html, &w->arena, &rich, err));
	w->text = rich.text;
	w->html = rich.html;
	return RESULT_OK;
}

/* The whole document, as mail has it. */
static struct str document(struct writing *w)
{
	if (w->html.len == 0)
		return STR_NONE;
	return arena_printf(&w->arena,
		"<!doctype html>\n<html><head><meta charset=\"utf-8\"></head>\n<body>%.*s</body></html>\n",
		STR_ARG(w->html));
}

static struct str new_boundary(struct arena *arena)
{
	uint8_t random[BOUNDARY_BYTES];
	char *text = arena_alloc(arena, base32_len(sizeof(random)) + 1);

	random_fill(random, sizeof(random));
	base32_encode(random, sizeof(random), text);
	return str_of(text);
}

static bool is_from_portal(const struct writing *w)
{
	return w->account.settings.reply_from == REPLY_FROM_PORTAL && !w->writer.is_internal;
}

/* The author of the mail: the writer's own address, since the account's mail server trusts this gateway, or
 * the portal's when the account wants that for people from outside. */
static struct mime_address author_of(struct writing *w)
{
	return is_from_portal(w)
		       ? (struct mime_address){w->writer_name.len ? w->writer_name : w->writer.address,
				 notification_address(w->flow, &w->account, &w->arena)}
		       : (struct mime_address){w->writer_name, w->writer.address};
}

static enum result build(
	struct writing *w, const struct written *written, struct content *content, struct err *err)
{
	struct mime_file *files = arena_array(&w->arena, struct mime_file, written->file_count);
	struct writer out = content_writer(content);

	for (size_t i = 0; i < written->file_count; i++)
		files[i] = (struct mime_file){written->files[i]->name, written->files[i]->type,
			seal_reader_plain(written->files[i]->opened)};
	struct mime_draft draft = {.from = author_of(w),
		.to = w->to,
		.cc = w->cc,
		.to_count = w->to_count,
		.cc_count = w->cc_count,
		.subject = w->subject,
		.message_id = arena_printf(&w->arena, "%s@%.*s", id_text(content_message_id(content)).s,
			STR_ARG(flow_names(w->flow)->return_domain)),
		.in_reply_to = w->in_reply_to,
		.references = w->references,
		.reference_count = w->reference_count,
		.date = w->now,
		.text = w->text,
		.html = document(w),
		.files = files,
		.file_count = written->file_count,
		.boundary = new_boundary(&w->arena)};
	/* So that an answer by mail finds its way, too. */
	if (is_from_portal(w))
		draft.reply_to = (struct mime_address){w->writer_name, w->writer.address};
	TRY(mime_build(&draft, &out, err));
	return content_end(content, err);
}

struct copy_query {
	struct id person_id, message_id;
	struct copy copy;
};

static enum result find_sent(struct tx *tx, void *context, struct err *err)
{
	struct copy_query *q = context;

	return copy_by_message(tx, q->person_id, q->message_id, true, &q->copy, err);
}

static void hash_field(struct hash *hash, struct str field)
{
	uint64_t len = field.len;

	hash_add(hash, (struct str){(const char *)&len, sizeof(len)});
	hash_add(hash, field);
}

static void hash_addresses(struct hash *hash, const struct mime_address *addresses, size_t count)
{
	hash_field(hash, (struct str){(const char *)&count, sizeof(count)});
	for (size_t i = 0; i < count; i++)
		hash_field(hash, addresses[i].address);
}

/* Everything the form said. The recipients of a reply are said by what is answered: parts of that mail which
 * come between two clicks change nothing. */
static void hash_written(struct writing *w, const struct written *written, struct id form_id,
	uint8_t ret[static SEAL_MAC_BYTES])
{
	bool is_reply = !id_is_none(w->answered.id);
	uint8_t digest[HASH_BYTES];
	struct hash hash;

	hash_init(&hash);
	hash_field(&hash, (struct str){(const char *)form_id.b, ID_BYTES});
	hash_field(&hash, (struct str){(const char *)w->actor->person_id.b, ID_BYTES});
	hash_field(&hash, (struct str){(const char *)w->answered.id.b, ID_BYTES});
	hash_field(&hash, (struct str){(const char *)w->inquiry.id.b, ID_BYTES});
	hash_field(&hash, w->answers_all ? STR("all") : STR("one"));
	if (!is_reply) {
		hash_addresses(&hash, w->to, w->to_count);
		hash_addresses(&hash, w->cc, w->cc_count);
		hash_addresses(&hash, w->bcc, w->bcc_count);
		hash_field(&hash, (struct str){(const char *)w->definition.id.b, ID_BYTES});
	}
	hash_field(&hash, w->subject);
	hash_field(&hash, written->text);
	hash_field(&hash, written->html);
	for (size_t i = 0; i < written->file_count; i++) {
		const struct upload *file = written->files[i];
		hash_field(&hash, file->name);
		hash_field(&hash, file->type);
		hash_field(&hash, (struct str){(const char *)file->digest, HASH_BYTES});
	}
	hash_final(&hash, digest);
	account_mac(w->account.key, "written", (struct bytes){digest, sizeof(digest)}, ret);
}

static int64_t bytes_of(const struct written *written)
{
	uint64_t bytes = written->text.len + written->html.len;

	for (size_t i = 0; i < written->file_count; i++)
		bytes += written->files[i]->size;
	return (int64_t)bytes;
}

struct ending {
	const struct writing *w;
	const struct content *content;
	struct draft draft;
};

/* A form that was sent before is not kept again, nor are its quotes. */
static enum result add_quotes(struct tx *tx, const struct ending *e, struct err *err)
{
	struct id id = content_message_id(e->content);
	struct message_state state;

	if (e->w->quotes.count == 0)
		return RESULT_OK;
	enum result found = message_hold(tx, id, &state, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	return quotes_add(tx, &e->w->account, id, content_key(e->content), e->w->quotes.items,
		e->w->quotes.count, e->w->now, err);
}

/* What was sent is no draft any more, from the same moment on. */
static enum result end_writing(struct tx *tx, void *context, struct err *err)
{
	struct ending *e = context;

	TRY(add_quotes(tx, e, err));
	/* Of what waited, unless its writer took it back. */
	return e->draft.leaves_at ? draft_left(tx, &e->draft, err) : draft_close(tx, &e->draft, err);
}

static enum result keep(struct writing *w, const struct written *written, struct id form_id,
	struct content *content, struct id *ret_copy_id, struct err *err)
{
	uint8_t fingerprint[SEAL_MAC_BYTES], said[SEAL_MAC_BYTES], form[2 * ID_BYTES];
	struct keep_result kept;
	struct ending ending = {w, content,
		{.id = form_id,
			.account_id = w->actor->account_id,
			.person_id = w->actor->person_id,
			.saved_at = w->now,
			.leaves_at = written->leaves_at,
			.message_id = content_message_id(content)}};

	for (size_t i = 0; i < ID_BYTES; i++) {
		form[i] = form_id.b[i];
		form[ID_BYTES + i] = w->actor->person_id.b[i];
	}
	account_mac(w->account.key, "form", (struct bytes){form, sizeof(form)}, fingerprint);
	hash_written(w, written, form_id, said);
	struct keep_request request = {.flow = w->flow,
		.content = content,
		.account = &w->account,
		.actor = *w->actor,
		.sender = w->writer.address,
		.owner = w->writer.address,
		.owner_name = w->writer_name,
		.owner_is_internal = w->writer.is_internal,
		.definition = w->definition,
		.access_code = w->access_code,
		.answers_id = w->answered.id,
		.inquiry_id = w->inquiry.id,
		.inquiry_bytes = bytes_of(written),
		.own_copy = w->writer.is_internal && w->account.settings.send_bcc_to_mail_server,
		.recipients = w->recipients.items,
		.recipient_count = w->recipients.count,
		.fingerprint = {fingerprint, sizeof(fingerprint)},
		.written = {said, sizeof(said)},
		.only_tries = written->may_wait && w->account.settings.undo_seconds > 0,
		.also = end_writing,
		.also_context = &ending,
		.now = w->now};
	TRY(keep_mail(&request, &kept, err));
	*ret_copy_id = (struct id){0};
	if (id_is_none(kept.message_id))
		return RESULT_OK;
	struct copy_query query = {.person_id = w->writer.id, .message_id = kept.message_id};
	TRY(db_read(flow_db(w->flow), find_sent, &query, err));
	*ret_copy_id = query.copy.id;
	return RESULT_OK;
}

enum result writing_send(struct writing *w, const struct written *written, struct id form_id,
	struct id *ret_copy_id, struct err *err)
{
	bool begins = id_is_none(w->answered.id) && id_is_none(w->inquiry.id);
	int64_t limit = begins && !w->writer.is_internal ? outsider_bytes_max(w->flow, &w->account.settings)
							 : flow_names(w->flow)->mail_bytes_max;
	cleanup(content_free_at) struct content *content =
		content_new(flow_blobs(w->flow), w->account.key, limit, w->now);

	if (written->text.len > WRITING_TEXT_BYTES_MAX || !str_is_utf8(written->text))
		return err_code(err, RESULT_TOO_LARGE, "text-too-long", "the text is too long");
	TRY(build(w, written, content, err));
	return keep(w, written, form_id, content, ret_copy_id, err);
}
