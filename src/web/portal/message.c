/* One message: who wrote it to whom, its text, its files, and for its owner what became of it. */
#include "web/portal/page.h"

#include "flow/reply.h"
#include "web/portal/access_code.h"
#include "web/portal/command.h"
#include "web/portal/content.h"
#include "web/portal/people.h"
#include "web/portal/rights.h"
#include "web/portal/rows.h"
#include "web/portal/states.h"

#define ROWS_BESIDE 24
#define CONVERSATION_ROWS 12 /* then fewer stand beside: together they weigh what a page may */

static struct str path_of(const struct request *request, const struct open_message *message)
{
	return arena_printf(request->arena, "/message/%s", id_text(message->summary.copy.id).s);
}

static void set_people(const struct request *request, json_t *view, const struct open_message *message)
{
	const struct visit *visit = visit_of(request);
	struct str path = path_of(request, message);

	page_set_person(visit, view_add_object(view, "from"), message->summary.from);
	if (message->sender.address.len)
		page_set_person(visit, view_add_object(view, "sender"), message->sender);
	people_set_line(request, view, "to", message->to, message->to_count, path);
	people_set_line(request, view, "cc", message->cc, message->cc_count, path);
}

/* Offered where the verb would do it: the notification went out or failed, and the message can be read. */
static bool may_notify(
	const struct visit *visit, const struct open_message *message, const struct open_recipient *recipient)
{
	bool has_ended = message->summary.recalled_at ||
			 (message->summary.expires_at && message->summary.expires_at <= visit->format.now);

	return !has_ended && !recipient->read.at && !recipient->denied_at && !recipient->recalled_at &&
	       recipient->delivery.kind == DELIVERY_NOTIFICATION &&
	       recipient->delivery.state != DELIVERY_WAITING;
}

/* What came of asking for it. */
static void set_notified(const struct request *request, json_t *view)
{
	static const char *const words[] = {"sent", "often", "waits"};
	struct str word = request_query(request, "notified");

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(word, str_of(words[i])))
			view_set_flag(view_add_object(view, "notified"), words[i], true);
}

/* What may be done about one of them. */
static void set_verbs(const struct request *request, json_t *item, const struct open_message *message,
	const struct open_recipient *recipient)
{
	const struct visit *visit = visit_of(request);

	view_set_flag(item, "can_notify", may_notify(visit, message, recipient));
	view_set_flag(item, "can_correct", command_is_open(request, message));
	view_set(item, "in_url", percent_encode(request->arena, recipient->person.address));
}

static void set_recipients(const struct request *request, json_t *view, const struct open_message *message)
{
	const struct visit *visit = visit_of(request);

	if (!message->summary.copy.is_owner || !message->recipient_count)
		return;
	json_t *recipients = view_add_object(view, "recipients");
	json_t *list = view_add_list(recipients, "list");
	struct people_page page = people_page_of(request, "people", message->recipient_count);
	people_page_set(request, recipients, &page, path_of(request, message));
	for (size_t i = page.from; i < page.to; i++) {
		json_t *item = view_append(list);
		page_set_person(visit, item, message->recipients[i].person);
		states_of_recipient(visit, item, message, &message->recipients[i]);
		set_verbs(request, item, message, &message->recipients[i]);
	}
}

/* What of an own message is kept up to date on the page. */
static const char *own_page(const struct request *request, const struct open_message *message)
{
	struct people_page page = people_page_of(request, "people", message->recipient_count);

	return arena_printf(request->arena, "&own=%zu", page.number).ptr;
}

/* Reply all is offered when it reaches more people than Reply. */
static enum result may_reply_all(struct request *request, const struct open_message *message, bool *ret)
{
	struct open_person *people;
	size_t count = 0;

	enum result result = reply_recipients(
		flow_of(request), message, true, request->arena, &people, &count, &request->err);
	*ret = count > 1;
	return result == RESULT_DENIED ? RESULT_OK : result;
}

static enum result set_rights(struct request *request, json_t *view, const struct open_message *message)
{
	bool is_owner = message->summary.copy.is_owner;
	bool reply_all;

	TRY(may_reply_all(request, message, &reply_all));

	view_set_flag(view, "is_owner", is_owner);
	view_set_flag(view, "can_again", is_owner && page_may_compose(visit_of(request)));
	view_set_flag(view, "can_reply", !is_owner && message->rights.reply);
	view_set_flag(view, "can_reply_all", reply_all);
	view_set_flag(view, "can_print", is_owner || message->rights.print);
	view_set_flag(view, "can_save", is_owner || message->rights.save);
	if (!is_owner && !message->rights.print)
		view_set_flag(json_object_get(view, "states"), "no_print", true);
	return RESULT_OK;
}

/* What it was sent with, which others only see the effects of: the name is for people inside. */
static void set_definition(const struct request *request, json_t *view, const struct open_message *message)
{
	struct definition same = {.rights = message->rights,
		.access_code = message->code_set_at > 0,
		.read_receipt = message->read_receipt,
		.all_recipients = message->all_recipients};

	if (!message->summary.copy.is_owner || !visit_of(request)->session.person.is_internal)
		return;
	json_t *definition = view_add_object(view, "definition");
	view_set(definition, "name", message->definition_name);
	rights_set(definition, &same);
}

/* The others of its conversation that the person has. */
static enum result set_conversation(struct request *request, json_t *view, const struct copy *copy)
{
	const struct filters all = {.folder = "inbox", .sort = ""};
	struct open_folder page;

	TRY(open_conversation(flow_of(request), &visit_of(request)->actor, copy, CONVERSATION_ROWS,
		request->now, request->arena, &page, &request->err));
	if (page.count)
		rows_set(request, view_add_object(view, "conversation"), &page, &all, NULL);
	return RESULT_OK;
}

/* The folder beside the message, and the page of it that "back" leads to. */
static enum result set_folder(struct request *request, json_t *view, const struct open_message *message)
{
	const struct copy *copy = &message->summary.copy;
	struct filters filters = filters_read(request, rows_folder_name(copy->folder));
	bool by_conversation = visit_of(request)->session.person.views.conversations;
	struct open_folder page;

	if (by_conversation)
		TRY(set_conversation(request, view, copy));
	TRY(open_beside(flow_of(request), &visit_of(request)->actor, copy, &filters.choice,
		by_conversation ? ROWS_BESIDE - CONVERSATION_ROWS : ROWS_BESIDE, request->now, request->arena,
		&page, &request->err));
	rows_set(request, view_add_object(view, "list"), &page, &filters, copy);
	struct str url = rows_url(request, &filters, &page.from);
	view_set(view, "back_url", url.len ? url : filters_url(request, filters.folder, &filters));
	view_set_flag(view, "can_mark", !copy->is_owner || message->summary.in_own_mailbox);
	view_set(view, "live",
		arena_printf(request->arena, "message=%s%s", id_text(copy->id).s,
			copy->is_owner ? own_page(request, message) : ""));
	view_set_flag(view, "is_sent", copy->folder == FOLDER_SENT);
	view_set_flag(view, "is_deleted", copy->folder == FOLDER_DELETED);
	return RESULT_OK;
}

static enum result get_message(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();
	bool is_shown;

	enum result result = content_open_message(request, OPEN_READ, &message);
	if (access_code_is_asked(request, result))
		return access_code_ask(request, response);
	TRY(result);
	const struct copy *copy = &message->summary.copy;
	struct id_text id = id_text(copy->id);
	view_set(view, "id", str_of(id.s));
	view_set(view, "subject", message->summary.subject);
	struct str sent = request_query(request, "sent");
	view_set_flag(view, "was_late", str_equal(sent, STR("late")));
	view_set_flag(view, "was_sent", sent.len > 0 && !str_equal(sent, STR("late")));
	view_set_flag(view, "offers_password",
		request_query(request, "offer").len > 0 && !visit->session.person.password_hash.len);
	if (copy->is_owner)
		view_set(view, "access_code", message->access_code);
	view_set_flag(view, "can_set_code", copy->is_owner && visit->session.person.is_internal);
	set_people(request, view, message);
	page_set_date(visit, view, message->summary.sent_at);
	states_of_opened(visit, view, message);
	set_definition(request, view, message);
	set_recipients(request, view, message);
	set_notified(request, view);
	content_set_files(request, view, message, true);
	TRY(set_rights(request, view, message));
	command_set(request, view, message);
	TRY(content_set_body(
		request, view, message, arena_printf(request->arena, "/message/%s", id.s), &is_shown));
	content_set_quotes(view, message);
	if (is_shown && !request->is_head)
		TRY(content_note(request, EVIDENCE_BODY_SHOWN, copy->id, STR_NONE));
	TRY(set_folder(request, view, message));
	/* The frame makes it read a moment later. */
	view_set_flag(view, "shows_unread", !is_shown && copy->unread && copy->folder == FOLDER_INBOX);
	return page_portal(request, response, "message", rows_folder_name(copy->folder), view);
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_QUERY, "sent", 4, 0,
		"it was just sent, or \"late\": had left before it was to be taken back"},
	{PARAMETER_QUERY, "told", 20, 0, "what became of a recall or an extension"},
	{PARAMETER_QUERY, "notified", 5, 0, "what came of asking for a notification again"},
	{PARAMETER_QUERY, "offer", 8, 0, "offer to choose a password"},
	PEOPLE_QUERY,
	PEOPLE_LINE_QUERY,
	FILTERS_QUERY,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}", RIGHTS_SIGNED_IN, parameters, get_message, NULL,
		"One message; its text being shown is what counts as read"},
};

const struct route_table portal_routes_message = {rows, COUNT_OF(rows)};
