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

/* The text alone, without what it quotes by reference. */
static enum result read_text(
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

enum result reply_quote(
	const struct open_message *message, struct arena *arena, struct str *ret, struct err *err)
{
	TRY(read_text(message, arena, ret, err));
	for (size_t i = 0; i < message->quote_count; i++)
		if (message->quotes[i].text.len)
			*ret = arena_printf(arena, "%.*s%s%.*s", STR_ARG(*ret), ret->len ? "\n\n" : "",
				STR_ARG(message->quotes[i].text));
	return RESULT_OK;
}

/* "> " before each line. */
static void add_lines(struct buf *whole, struct str text)
{
	while (text.len) {
		struct str line = str_cut(&text, '\n');
		if (str_ends_nocase(line, STR("\r")))
			line.len--;
		buf_printf(whole, "> %.*s\n", STR_ARG(line));
	}
}

/* Who wrote what is answered ("Alice <alice@…>:") and its text; both empty when it has none. */
struct answered {
	struct str who, text;
};

static enum result read_answered(
	struct writing *w, const struct open_message *message, struct answered *ret, struct err *err)
{
	const struct open_person *from = &message->summary.from;

	*ret = (struct answered){0};
	TRY(read_text(message, &w->arena, &ret->text, err));
	if (ret->text.len)
		ret->who = from->name.len ? arena_printf(&w->arena, "%.*s <%.*s>:", STR_ARG(from->name),
						    STR_ARG(from->address))
					  : arena_printf(&w->arena, "%.*s:", STR_ARG(from->address));
	return RESULT_OK;
}

static struct str as_text(struct writing *w, const struct answered *answered)
{
	cleanup(buf_done) struct buf whole = buf_new(3 * WRITING_TEXT_BYTES_MAX);

	if (answered->text.len == 0)
		return STR_NONE;
	buf_printf(&whole, "%.*s\n", STR_ARG(answered->who));
	add_lines(&whole, answered->text);
	return arena_str(&w->arena, buf_str(&whole));
}

/* Below what was written, when that is formatted. */
static struct str below_html(struct writing *w, const struct answered *answered)
{
	if (w->html.len == 0 || answered->text.len == 0)
		return w->html;
	struct str who = rich_of_plain(answered->who, &w->arena);
	struct str text = rich_of_plain(answered->text, &w->arena);
	return arena_printf(&w->arena, "%.*s<br>\n<p>%.*s</p>\n<blockquote>%.*s</blockquote>",
		STR_ARG(w->html), STR_ARG(who), STR_ARG(text));
}

static void add_quote(struct writing *w, struct id quoted_id, struct str text, size_t *used)
{
	if (!text.len || w->quotes.count == QUOTES_MAX || *used + text.len > 2 * QUOTES_BYTES)
		return;
	*used += text.len;
	*(struct quote_text *)list_add(&w->quotes) = (struct quote_text){quoted_id, text};
}

/* What is answered stands in the text, or beside it as a reference where the account wants that; what it
 * quotes as a reference itself stays one. */
static enum result quote(struct writing *w, const struct open_message *message, struct err *err)
{
	struct answered answered;
	size_t used = 0;

	TRY(read_answered(w, message, &answered, err));
	struct str quoted = as_text(w, &answered);
	w->quotes = list_new(&w->arena, sizeof(struct quote_text));
	if (w->account.settings.recall_thread) {
		add_quote(w, w->answered.id, quoted, &used);
	} else {
		w->html = below_html(w, &answered);
		w->text = arena_printf(
			&w->arena, "%.*s%s%.*s", STR_ARG(w->text), quoted.len ? "\n\n" : "", STR_ARG(quoted));
	}
	for (size_t i = 0; i < message->quote_count; i++) {
		cleanup(buf_done) struct buf deeper = buf_new(3 * QUOTES_BYTES);
		add_lines(&deeper, message->quotes[i].text);
		add_quote(w, message->quotes[i].quoted_id, arena_str(&w->arena, buf_str(&deeper)), &used);
	}
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
	w->written_by = message->summary.copy.person_id;
	w->access_code = message->access_code;
	w->answers_all = all;
	TRY(thread(w, message, err));
	TRY(db_read(flow_db(w->flow), load_reply, w, err));
	TRY(writing_take_text(w, written, err));
	TRY(quote(w, message, err));
	return writing_send(w, written, form_id, ret_copy_id, err);
}

enum result reply_send(struct flow *flow, const struct actor *actor, struct id copy_id, bool all,
	struct id form_id, const struct written *written, int64_t now, struct id *ret_copy_id,
	struct err *err)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	struct writing w = {.flow = flow, .actor = actor, .now = now};

	TRY(open_message(
		flow, actor, copy_id, written->leaves_at ? OPEN_LEAVE : OPEN_READ, now, &message, err));
	enum result result = reply(&w, message, all, form_id, written, ret_copy_id, err);
	arena_done(&w.arena);
	return result;
}
