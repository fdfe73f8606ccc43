#include "flow/reply.h"

#include "base/limits.h"
#include "base/list.h"
#include "flow/keep.h"
#include "flow/mail_out.h"
#include "flow/outsider.h"
#include "flow/people.h"
#include "flow/published.h"
#include "flow/upload_private.h"
#include "mime/build.h"
#include "mime/header.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/person.h"

#define QUOTE_BYTES_MAX ((size_t)64 * 1024)
#define MESSAGE_BYTES_MAX ((size_t)4 << 20)
#define BOUNDARY_BYTES 15

/* A message in the writing, from the portal's forms to keep_mail. */
struct writing {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct arena arena;
	/* Read from the database: */
	struct flow_account account;
	struct person writer;
	struct str writer_name;
	struct definition definition;
	struct message answered; /* id none: a new message */
	bool answers_all;
	struct list recipients; /* of struct keep_recipient */
	/* What the mail says: */
	struct str subject;
	struct str text;
	struct mime_address *to, *cc;
	size_t to_count, cc_count;
	struct str in_reply_to;
	struct str references[LETTER_REFERENCES_MAX];
	size_t reference_count;
};

/* The way to each: internal people get it from their mail server and find it in the portal too. */
static enum result add_recipient(
	struct tx *tx, struct writing *w, struct mime_address who, enum recipient_role role, struct err *err)
{
	bool internal;

	TRY(people_is_internal(tx, w->actor->account_id, who.address, &internal, err));
	*(struct keep_recipient *)list_add(&w->recipients) = (struct keep_recipient){.address = who.address,
		.name = who.name,
		.role = role,
		.way = internal ? KEEP_REPLY : KEEP_IN_PORTAL,
		.is_internal = internal};
	return RESULT_OK;
}

static enum result load_people(struct tx *tx, struct writing *w, struct err *err)
{
	TRY(flow_account_load(w->flow, tx, w->actor->account_id, &w->arena, &w->account, err));
	TRY(person_find(tx, w->actor->account_id, w->actor->person_id, &w->arena, &w->writer, err));
	w->writer_name = people_name(&w->account, w->writer.id, w->writer.name_box, &w->arena);
	w->recipients = list_new(&w->arena, sizeof(struct keep_recipient));
	for (size_t i = 0; i < w->to_count; i++)
		TRY(add_recipient(tx, w, w->to[i], ROLE_TO, err));
	for (size_t i = 0; i < w->cc_count; i++)
		TRY(add_recipient(tx, w, w->cc[i], ROLE_CC, err));
	return RESULT_OK;
}

/* The definition of what is answered, as it was sent, with a clock of its own. */
static struct definition definition_of(const struct message *message)
{
	int64_t lasts = message->expires_at - message->sent_at;

	return (struct definition){.id = message->definition_id,
		.name = message->definition_name,
		.rights = message->rights,
		.expire_days = message->expires_at ? (lasts + MS_DAY - 1) / MS_DAY : 0,
		.all_recipients = message->all_recipients};
}

static enum result load_reply(struct tx *tx, void *context, struct err *err)
{
	struct writing *w = context;
	struct id id = w->answered.id;

	TRY(message_find(tx, w->actor->account_id, id, &w->arena, &w->answered, err));
	w->definition = definition_of(&w->answered);
	return load_people(tx, w, err);
}

/* The first of the writer's list. */
static enum result first_definition(struct tx *tx, const struct person *writer, struct arena *arena,
	struct definition *ret, struct err *err)
{
	struct definition *definitions;
	size_t count;

	TRY(published_to(tx, writer->account_id, writer->address, arena, &definitions, &count, err));
	*ret = definitions[0];
	return RESULT_OK;
}

static enum result check_internal(const struct writing *w, struct err *err)
{
	const struct keep_recipient *recipients = w->recipients.items;

	for (size_t i = 0; i < w->recipients.count; i++)
		if (!recipients[i].is_internal)
			return err_code(err, RESULT_INVALID, "recipient-not-allowed", "%.*s",
				STR_ARG(recipients[i].address));
	return RESULT_OK;
}

static enum result load_compose(struct tx *tx, void *context, struct err *err)
{
	struct writing *w = context;

	TRY(load_people(tx, w, err));
	TRY(w->writer.is_internal ? check_internal(w, err)
				  : outsider_check(tx, &w->account, &w->writer, w->recipients.items,
					    w->recipients.count, err));
	return first_definition(tx, &w->writer, &w->arena, &w->definition, err);
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
	hash_field(&hash, w->answers_all ? STR("all") : STR("one"));
	for (size_t i = 0; i < w->to_count && !is_reply; i++)
		hash_field(&hash, w->to[i].address);
	hash_field(&hash, w->subject);
	hash_field(&hash, written->text);
	for (size_t i = 0; i < written->file_count; i++) {
		const struct upload *file = written->files[i];
		hash_field(&hash, file->name);
		hash_field(&hash, file->type);
		hash_field(&hash, (struct str){(const char *)file->digest, HASH_BYTES});
	}
	hash_final(&hash, digest);
	account_mac(w->account.key, "written", (struct bytes){digest, sizeof(digest)}, ret);
}

static enum result keep(struct writing *w, const struct written *written, struct id form_id,
	struct content *content, struct id *ret_copy_id, struct err *err)
{
	uint8_t fingerprint[SEAL_MAC_BYTES], said[SEAL_MAC_BYTES], form[2 * ID_BYTES];
	struct keep_result kept;

	for (size_t i = 0; i < ID_BYTES; i++) {
		form[i] = form_id.b[i];
		form[ID_BYTES + i] = w->actor->person_id.b[i];
	}
	account_mac(w->account.key, "form", (struct bytes){form, sizeof(form)}, fingerprint);
	hash_written(w, written, form_id, said);
	struct keep_request request = {.flow = w->flow,
		.content = content,
		.actor = *w->actor,
		.sender = w->writer.address,
		.owner = w->writer.address,
		.owner_name = w->writer_name,
		.owner_is_internal = w->writer.is_internal,
		.definition = w->definition,
		.answers_id = w->answered.id,
		.recipients = w->recipients.items,
		.recipient_count = w->recipients.count,
		.fingerprint = {fingerprint, sizeof(fingerprint)},
		.written = {said, sizeof(said)},
		.now = w->now};
	TRY(keep_mail(&request, &kept, err));
	struct copy_query query = {.person_id = w->actor->person_id, .message_id = kept.message_id};
	TRY(db_read(flow_db(w->flow), find_sent, &query, err));
	*ret_copy_id = query.copy.id;
	return RESULT_OK;
}

static enum result send_written(struct writing *w, const struct written *written, struct id form_id,
	struct id *ret_copy_id, struct err *err)
{
	bool is_own = id_is_none(w->answered.id);
	int64_t limit = is_own && !w->writer.is_internal ? outsider_bytes_max(w->flow, &w->account.settings)
							 : flow_names(w->flow)->mail_bytes_max;
	cleanup(content_free_at) struct content *content = content_new(flow_blobs(w->flow), limit, w->now);

	if (written->text.len > MESSAGE_BYTES_MAX || !str_is_utf8(written->text))
		return err_code(err, RESULT_TOO_LARGE, "text-too-long", "the text is too long");
	TRY(build(w, written, content, err));
	return keep(w, written, form_id, content, ret_copy_id, err);
}

enum result reply_quote(
	const struct open_message *message, struct arena *arena, struct str *ret, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(QUOTE_BYTES_MAX);
	bool cut;

	TRY(open_text(message, arena, &text, &cut, err));
	struct str whole = buf_str(&text);
	/* Not in the middle of a character. */
	for (int i = 0; i < 3 && whole.len && !str_is_utf8(whole); i++)
		whole.len--;
	*ret = arena_printf(arena, "%.*s%s", STR_ARG(str_trim(whole)), cut ? "\n[\u2026]" : "");
	return RESULT_OK;
}

/* "> " before each line of the text that is answered. */
static enum result quote(
	struct writing *w, const struct open_message *message, struct str text, struct err *err)
{
	cleanup(buf_done) struct buf whole = buf_new(3 * MESSAGE_BYTES_MAX);
	const struct open_person *from = &message->summary.from;
	struct str rest;

	TRY(reply_quote(message, &w->arena, &rest, err));
	buf_add(&whole, text);
	if (rest.len)
		buf_printf(&whole, "\n\n%.*s%s<%.*s>:\n", STR_ARG(from->name), from->name.len ? " " : "",
			STR_ARG(from->address));
	while (rest.len) {
		struct str line = str_cut(&rest, '\n');
		if (str_ends_nocase(line, STR("\r")))
			line.len--;
		buf_printf(&whole, "> %.*s\n", STR_ARG(line));
	}
	w->text = arena_str(&w->arena, buf_str(&whole));
	return RESULT_OK;
}

/* The thread: what is answered, and what that referred to. */
static enum result thread(struct writing *w, const struct open_message *message, struct err *err)
{
	const struct mime_part *top = &message->index->parts[0];
	cleanup(buf_done) struct buf header = buf_new(2 * LIMIT_MIME_HEADER_BYTES);
	struct str id;

	TRY(reader_to_buf(&message->content, top->header_offset, top->header_len, &header, err));
	w->reference_count = mime_message_ids(mime_header_get(buf_str(&header), STR("References")),
		w->references, LETTER_REFERENCES_MAX - 1, &w->arena);
	if (mime_message_ids(mime_header_get(buf_str(&header), STR("Message-ID")), &id, 1, &w->arena)) {
		w->in_reply_to = id;
		w->references[w->reference_count++] = id;
	}
	struct str subject = message->summary.subject;
	bool again = str_starts_nocase(subject, STR("Re:"));
	w->subject =
		again ? arena_str(&w->arena, subject) : arena_printf(&w->arena, "Re: %.*s", STR_ARG(subject));
	return RESULT_OK;
}

static enum result reply(struct writing *w, const struct open_message *message, bool all, struct id form_id,
	const struct written *written, struct id *ret_copy_id, struct err *err)
{
	struct open_person *people;
	size_t count;

	TRY(reply_recipients(w->flow, message, all, &w->arena, &people, &count, err));
	if (count == 0)
		return err_code(err, RESULT_INVALID, "no-recipients", "nobody is left to answer");
	w->to = arena_array(&w->arena, struct mime_address, 1);
	w->to[0] = (struct mime_address){people[0].name, people[0].address};
	w->to_count = 1;
	w->cc = arena_array(&w->arena, struct mime_address, count);
	for (size_t i = 1; i < count; i++)
		w->cc[w->cc_count++] = (struct mime_address){people[i].name, people[i].address};
	w->answered.id = message->summary.copy.message_id;
	w->answers_all = all;
	TRY(quote(w, message, written->text, err));
	TRY(thread(w, message, err));
	TRY(db_read(flow_db(w->flow), load_reply, w, err));
	return send_written(w, written, form_id, ret_copy_id, err);
}

enum result reply_send(struct flow *flow, const struct actor *actor, struct id copy_id, bool all,
	struct id form_id, const struct written *written, int64_t now, struct id *ret_copy_id,
	struct err *err)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	struct writing w = {.flow = flow, .actor = actor, .now = now};

	TRY(open_message(flow, actor, copy_id, OPEN_READ, now, &message, err));
	enum result result = reply(&w, message, all, form_id, written, ret_copy_id, err);
	arena_done(&w.arena);
	return result;
}

/* Each address once, as it was first written. Returns how many are left. */
static size_t drop_repeated(struct mime_address *addresses, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool known = false;
		for (size_t k = 0; k < kept && !known; k++)
			known = str_equal_nocase(addresses[k].address, addresses[i].address);
		if (!known)
			addresses[kept++] = addresses[i];
	}
	return kept;
}

static enum result compose(struct writing *w, struct str to, struct str subject, struct id form_id,
	const struct written *written, struct id *ret_copy_id, struct err *err)
{
	w->to_count = mime_addresses(to, &w->arena, &w->to);
	if (w->to_count > COMPOSE_RECIPIENTS_MAX)
		return err_code(err, RESULT_INVALID, "too-many-recipients",
			"a message has at most %d recipients", COMPOSE_RECIPIENTS_MAX);
	w->to_count = drop_repeated(w->to, w->to_count);
	if (w->to_count == 0)
		return err_code(err, RESULT_INVALID, "no-recipients", "a message needs a recipient");
	for (size_t i = 0; i < w->to_count; i++)
		if (!is_address(w->to[i].address))
			return err_code(err, RESULT_INVALID, "recipient-invalid",
				"%.*s is not a mail address", STR_ARG(w->to[i].address));
	w->subject = mime_clean_text(subject, LIMIT_SUBJECT_BYTES, &w->arena);
	w->text = written->text;
	TRY(db_read(flow_db(w->flow), load_compose, w, err));
	return send_written(w, written, form_id, ret_copy_id, err);
}

enum result compose_send(struct flow *flow, const struct actor *actor, struct str to, struct str subject,
	struct id form_id, const struct written *written, int64_t now, struct id *ret_copy_id,
	struct err *err)
{
	struct writing w = {.flow = flow, .actor = actor, .now = now};
	enum result result = compose(&w, to, subject, form_id, written, ret_copy_id, err);

	arena_done(&w.arena);
	return result;
}

struct definition_query {
	const struct actor *actor;
	struct arena *arena;
	struct definition definition;
};

static enum result read_definition(struct tx *tx, void *context, struct err *err)
{
	struct definition_query *q = context;
	struct person writer;

	TRY(person_find(tx, q->actor->account_id, q->actor->person_id, q->arena, &writer, err));
	return first_definition(tx, &writer, q->arena, &q->definition, err);
}

enum result compose_definition(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct definition *ret, struct err *err)
{
	struct definition_query query = {.actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_definition, &query, err));
	*ret = query.definition;
	return RESULT_OK;
}
