/* Answering a message. The recipients are fixed: nobody new gets what the sender meant for these. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "web/portal/content.h"
#include "web/portal/people.h"
#include "web/portal/write.h"

static bool is_all(const struct request *request)
{
	return str_ends_nocase(request->path, STR("/reply-all"));
}

/* What is answered, as the page shows it. */
static enum result set_answered(struct request *request, json_t *view, const struct open_message *message)
{
	const struct visit *visit = visit_of(request);
	const struct open_summary *summary = &message->summary;
	struct open_person *to;
	struct str quoted;
	size_t to_count;

	TRY(reply_recipients(
		flow_of(request), message, is_all(request), request->arena, &to, &to_count, &request->err));
	people_set_folded(visit, view, "to", to, to_count);
	view_set(view, "id", str_of(id_text(summary->copy.id).s));
	view_set_flag(view, "is_all", is_all(request));
	view_set(view, "subject", summary->subject);
	struct definition same = {.rights = message->rights, .access_code = message->code_set_at > 0};
	write_set_protection(
		request, view, &same, summary->expires_at ? summary->expires_at - summary->sent_at : 0);
	TRY(reply_quote(message, request->arena, &quoted, &request->err));
	if (!quoted.len)
		return RESULT_OK;
	struct str from = summary->from.name.len ? summary->from.name : summary->from.address;
	json_t *quote = view_add_object(view, "quote");
	view_set(quote, "words",
		language_format(request->arena, visit->language, "reply.quote_words",
			{"date", .text = format_time_full(&visit->format, summary->sent_at)},
			{"name", .text = from}));
	view_set(quote, "text", quoted);
	return RESULT_OK;
}

static enum result show(
	struct request *request, struct response *response, json_t *view, const struct write_target *target)
{
	TRY(set_answered(request, view, target->context));
	write_set_fields(request, view);
	TRY(write_set_begin(request, view, true));
	return page_portal(request, response, "reply", NULL, view);
}

static enum result send(struct request *request, const struct write_target *target,
	const struct written *written, struct id form_id, struct id *ret_copy_id)
{
	return reply_send(flow_of(request), &visit_of(request)->actor, target->about.answers_id,
		target->about.answers_all, form_id, written, request->now, ret_copy_id, &request->err);
}

static enum result get_reply(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	/* First: when the message is gone its page shows what was written. */
	TRY(write_load_draft(request));
	TRY(content_open_message(request, OPEN_READ, &message));
	struct write_target target = {.context = message};
	return show(request, response, view, &target);
}

static enum result post_reply(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;

	TRY(content_open_message(request, OPEN_READ, &message));
	struct write_target target = {.path = request->path,
		.about = {.answers_id = message->summary.copy.id, .answers_all = is_all(request)},
		.context = message,
		.send = send,
		.show = show};
	return write_post(request, response, &target);
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	WRITE_GET_PARAMETERS,
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	WRITE_PARAMETERS,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/reply", RIGHTS_SIGNED_IN, get_parameters, get_reply, NULL,
		"The form to answer the sender"},
	{METHOD_POST, "/message/{id}/reply", RIGHTS_SIGNED_IN, post_parameters, post_reply, write_open_sink,
		"Answers the sender"},
	{METHOD_GET, "/message/{id}/reply-all", RIGHTS_SIGNED_IN, get_parameters, get_reply, NULL,
		"The form to answer the sender and the other recipients"},
	{METHOD_POST, "/message/{id}/reply-all", RIGHTS_SIGNED_IN, post_parameters, post_reply,
		write_open_sink, "Answers the sender and the other recipients"},
};

const struct route_table portal_routes_reply = {rows, COUNT_OF(rows)};
