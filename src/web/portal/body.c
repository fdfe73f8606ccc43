/* The text of a message alone in its document: in the frame of the message's page, and for printing. It is
 * sent with the policy for messages, so nothing in it runs whatever the cleaning missed. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "flow/evidence.h"
#include "web/portal/content.h"

static enum result set_content(
	struct request *request, json_t *view, const struct open_message *message, bool *ret_cut)
{
	cleanup(buf_done) struct buf text = buf_new(LIMIT_TEXT_SHOWN_BYTES);
	cleanup(buf_done) struct buf html = buf_new(CONTENT_HTML_BYTES);

	view_set(view, "html", STR_NONE);
	if (content_has_html(message, request->arena)) {
		bool has_remote;
		enum result result = content_html(message, request->arena, &html, &has_remote, &request->err);
		if (result == RESULT_OK && str_trim(buf_str(&html)).len) {
			view_set(view, "html", buf_str(&html));
			view_set_flag(view, "has_remote", has_remote);
			return RESULT_OK;
		}
		if (result != RESULT_OK && result != RESULT_TOO_LARGE)
			return result;
	}
	TRY(open_text(message, request->arena, &text, ret_cut, &request->err));
	view_set(view, "text", content_without_empty_lines(buf_str(&text)));
	return RESULT_OK;
}

/* path: of a mail that is attached; empty: the message itself. */
static enum result note_shown(struct request *request, const struct open_message *message, struct str path)
{
	if (request->is_head)
		return RESULT_OK;
	if (path.len)
		return content_note_shown(request, message, path);
	return content_note(request, EVIDENCE_BODY_SHOWN, message->summary.copy.id, STR_NONE);
}

static enum result open_mail(struct request *request, enum open_use use, struct str path,
	struct open_message **ret, struct open_message *ret_mail)
{
	TRY(content_open_message(request, use, ret));
	if (path.len)
		return open_attached(*ret, path, request->arena, ret_mail, &request->err);
	*ret_mail = **ret;
	return RESULT_OK;
}

static enum result show_body(struct request *request, struct response *response, struct str path)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();
	struct open_message mail;
	bool cut;

	TRY(open_mail(request, OPEN_READ, path, &message, &mail));
	TRY(set_content(request, view, &mail, &cut));
	TRY(note_shown(request, message, path));
	response->policy = POLICY_MESSAGE;
	return page_door(request, response, "message_body", view);
}

static struct str person_words(const struct request *request, struct open_person person)
{
	return person.name.len ? arena_printf(request->arena, "%.*s <%.*s>", STR_ARG(person.name),
					 STR_ARG(person.address))
			       : person.address;
}

static struct str people_words(const struct request *request, const struct open_person *people, size_t count)
{
	cleanup(buf_done) struct buf words = buf_new(LIMIT_TEXT_SHOWN_BYTES);

	for (size_t i = 0; i < count; i++) {
		buf_add(&words, i ? STR(", ") : STR(""));
		buf_add(&words, person_words(request, people[i]));
	}
	return arena_str(request->arena, buf_str(&words));
}

static void set_print_head(struct request *request, json_t *view, const struct open_message *message)
{
	const struct visit *visit = visit_of(request);
	json_t *print = view_add_object(view, "print");
	struct content_file *files;
	size_t count = content_files(message, request->arena, &files);
	struct str subject = message->summary.subject;

	view_set(print, "subject",
		subject.len ? subject : language_text(visit->language, "message.no_subject"));
	view_set(print, "from", person_words(request, message->summary.from));
	view_set(print, "to", people_words(request, message->to, message->to_count));
	view_set(print, "cc", people_words(request, message->cc, message->cc_count));
	view_set(print, "date", format_time_full(&visit->format, message->summary.sent_at));
	view_set(print, "note", format_expiry(&visit->format, message->summary.expires_at));
	json_t *list = view_add_list(print, "files");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "name", files[i].name);
		view_set(item, "size",
			format_size(request->arena, visit->language, files[i].part->decoded_size));
	}
}

static enum result show_print(struct request *request, struct response *response, struct str path)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();
	struct open_message mail;
	bool cut;

	TRY(open_mail(request, OPEN_PRINT, path, &message, &mail));
	set_print_head(request, view, &mail);
	TRY(set_content(request, view, &mail, &cut));
	if (path.len == 0)
		content_set_quotes(view, message);
	TRY(note_shown(request, message, path));
	response->policy = POLICY_MESSAGE;
	return page_door(request, response, "message_body", view);
}

static enum result get_body(struct request *request, struct response *response)
{
	return show_body(request, response, STR_NONE);
}

static enum result get_mail_body(struct request *request, struct response *response)
{
	return show_body(request, response, request_parameter(request, "path"));
}

static enum result get_print(struct request *request, struct response *response)
{
	return show_print(request, response, STR_NONE);
}

static enum result get_mail_print(struct request *request, struct response *response)
{
	return show_print(request, response, request_parameter(request, "path"));
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{0},
};

static const struct route_parameter mail_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", CONTENT_PATH_BYTES, 0, "path of the part that is a mail"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/body", RIGHTS_SIGNED_IN, parameters, get_body, NULL,
		"The text of the message, for the frame on its page"},
	{METHOD_GET, "/message/{id}/print", RIGHTS_SIGNED_IN, parameters, get_print, NULL,
		"The message for printing"},
	{METHOD_GET, "/message/{id}/mail/{path}/body", RIGHTS_SIGNED_IN, mail_parameters, get_mail_body, NULL,
		"The text of a mail that is attached, for the frame on its page"},
	{METHOD_GET, "/message/{id}/mail/{path}/print", RIGHTS_SIGNED_IN, mail_parameters, get_mail_print,
		NULL, "A mail that is attached, for printing"},
};

const struct route_table portal_routes_body = {rows, COUNT_OF(rows)};
