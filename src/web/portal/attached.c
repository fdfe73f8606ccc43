/* A mail that is attached to a message, as a page of the portal: with the rights of its message, and seen as
 * one of its files. */
#include "web/portal/content.h"
#include "web/portal/page.h"
#include "web/portal/people.h"

static void set_people(const struct request *request, json_t *view, const struct open_message *mail)
{
	const struct visit *visit = visit_of(request);

	if (mail->summary.from.address.len || mail->summary.from.name.len)
		page_set_person(visit, view_add_object(view, "from"), mail->summary.from);
	if (mail->sender.address.len)
		page_set_person(visit, view_add_object(view, "sender"), mail->sender);
	people_set_line(request, view, "to", mail->to, mail->to_count, STR_NONE);
	people_set_line(request, view, "cc", mail->cc, mail->cc_count, STR_NONE);
	if (mail->summary.sent_at)
		page_set_date(visit, view_add_object(view, "sent"), mail->summary.sent_at);
}

static enum result get_mail(struct request *request, struct response *response)
{
	struct str path = request_parameter(request, "path");
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();
	struct open_message mail;
	bool is_shown;

	TRY(content_open_message(request, OPEN_READ, &message));
	TRY(open_attached(message, path, request->arena, &mail, &request->err));
	const struct copy *copy = &message->summary.copy;
	struct str url =
		arena_printf(request->arena, "/message/%s/mail/%.*s", id_text(copy->id).s, STR_ARG(path));
	view_set(view, "url", url);
	view_set(view, "subject", mail.summary.subject);
	view_set(view, "back_url",
		content_url_around(request, message, mime_index_by_path(message->index, path)));
	view_set_flag(view, "can_print", copy->is_owner || message->rights.print);
	set_people(request, view, &mail);
	content_set_files(request, view, &mail, false);
	TRY(content_set_body(request, view, &mail, url, &is_shown));
	TRY(content_note_shown(request, message, path));
	return page_portal(request, response, "attached_mail", NULL, view);
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", CONTENT_PATH_BYTES, 0, "path of the part that is the mail"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/mail/{path}", RIGHTS_SIGNED_IN, parameters, get_mail, NULL,
		"A mail that is attached to the message"},
};

const struct route_table portal_routes_attached = {rows, COUNT_OF(rows)};
