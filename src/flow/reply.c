#include "flow/reply.h"

#include "flow/writing_private.h"
#include "mime/header.h"

#define QUOTE_BYTES_MAX ((size_t)64 * 1024)

/* The definition of what is answered, as it was sent, with a clock of its own. */
static struct definition definition_of(const struct message *message)
{
	int64_t lasts = message->expires_at - message->sent_at;

	return (struct definition){.id = message->definition_id,
		.name = message->definition_name,
		.rights = message->rights,
		.expire_days = message->expires_at ? (lasts + MS_DAY - 1) / MS_DAY : 0,
		.access_code = message->code_set_at > 0,
		.all_recipients = message->all_recipients};
}

static enum result load_reply(struct tx *tx, void *context, struct err *err)
{
	struct writing *w = context;
	struct id id = w->answered.id;

	TRY(message_find(tx, w->actor->account_id, id, &w->arena, &w->answered, err));
	w->definition = definition_of(&w->answered);
	return writing_load(tx, w, err);
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
	cleanup(buf_done) struct buf whole = buf_new(3 * WRITING_TEXT_BYTES_MAX);
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
	w->access_code = message->access_code;
	w->answers_all = all;
	TRY(quote(w, message, written->text, err));
	TRY(thread(w, message, err));
	TRY(db_read(flow_db(w->flow), load_reply, w, err));
	return writing_send(w, written, form_id, ret_copy_id, err);
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
