/* Recall and extension: the sender is asked once, on a page of its own that names what will happen. */
#include "web/portal/command.h"

#include "base/limits.h"
#include "flow/compose.h"
#include "flow/extend.h"
#include "flow/recall.h"
#include "web/portal/content.h"
#include "web/portal/people.h"
#include "web/portal/states.h"

#include <string.h>

#define TIME_BYTES 30
#define REASON_FIELD_BYTES (4 * LIMIT_RECALL_REASON_BYTES) /* longer ones are told so by their own page */
#define CHOSEN_MAX 1000
/* Of an address that is ticked on another page, instead of the address: the page stays small. */
#define MARK_LEN 12
#define MARKS_BYTES (CHOSEN_MAX * (MARK_LEN + 1))

bool command_is_recallable(const struct open_recipient *recipient)
{
	return recipient->has_copy && !recipient->recalled_at;
}

bool command_is_open(const struct request *request, const struct open_message *message)
{
	const struct open_summary *summary = &message->summary;

	return summary->copy.is_owner && visit_of(request)->session.person.is_internal &&
	       !summary->recalled_at && request->now < summary->expires_at;
}

/* Who has it in the portal, or (stays) in their own mail system. */
static bool is_listed(const struct open_recipient *recipient, bool stays)
{
	return stays ? recipient->in_mail_system : command_is_recallable(recipient);
}

static size_t count_listed(const struct open_message *message, bool stays)
{
	size_t count = 0;

	for (size_t i = 0; i < message->recipient_count; i++)
		count += is_listed(&message->recipients[i], stays);
	return count;
}

static bool may_extend(const struct open_message *message)
{
	return message->rights.extend && !message->summary.extended_at &&
	       message->summary.expires_at < message->latest_expiry;
}

void command_set(const struct request *request, json_t *view, const struct open_message *message)
{
	static const char *const all[] = {"recalled", "recalled_quotes", "extended", "recalled_before",
		"extended_before", "expired_before", "withheld", "code_set", "code_shape", "drafts_full"};
	struct str told = request_query(request, "told");

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (message->summary.copy.is_owner && str_equal(told, str_of(all[i])))
			view_set_flag(view_add_object(view, "told"), all[i], true);
	if (!command_is_open(request, message))
		return;
	size_t count = count_listed(message, false);
	if (count)
		view_set_number(view_add_object(view, "recall"), "count", (int64_t)count);
	view_set_flag(view, "can_extend", may_extend(message));
}

enum result command_open_own(struct request *request, struct open_message **ret)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;

	TRY(content_open_message(request, OPEN_READ, &message));
	if (!message->summary.copy.is_owner || !visit_of(request)->session.person.is_internal)
		return err_set(&request->err, RESULT_DENIED, "only who sent it may do this");
	*ret = TAKE(message);
	return RESULT_OK;
}

void command_set_head(const struct request *request, json_t *view, const struct open_message *message)
{
	view_set(view, "id", str_of(id_text(message->summary.copy.id).s));
	view_set(view, "subject", message->summary.subject);
	page_set_date(visit_of(request), view, message->summary.sent_at);
}

enum result command_back(
	struct request *request, struct response *response, struct id copy_id, const char *told)
{
	response_redirect(
		response, arena_printf(request->arena, "/message/%s?told=%s", id_text(copy_id).s, told));
	return RESULT_OK;
}

/* What cannot be done any more is told on the message's page; NULL: another failure. */
static const char *told_of(enum result result, const struct err *err)
{
	if (!err->code || (result != RESULT_GONE && result != RESULT_CONFLICT))
		return NULL;
	return strcmp(err->code, "recalled") == 0   ? "recalled_before"
	       : strcmp(err->code, "expired") == 0  ? "expired_before"
	       : strcmp(err->code, "extended") == 0 ? "extended_before"
	       : strcmp(err->code, "withheld") == 0 ? "withheld"
						    : NULL;
}

static struct str mark_of(const struct request *request, struct str address)
{
	struct str lower = arena_lower(request->arena, address);

	return str_sub(compose_mark(&lower, 1, request->arena), 0, MARK_LEN);
}

static bool is_marked(struct str mark, struct str marks)
{
	while (marks.len)
		if (str_equal(str_cut(&marks, ' '), mark))
			return true;
	return false;
}

/* Which recipients are ticked: on the page that was sent, or by their marks on others. */
static size_t read_ticked(const struct request *request, const struct open_message *message, struct str **ret)
{
	struct str *ticked = arena_array(request->arena, struct str, CHOSEN_MAX);
	struct str address, marks = request_field(request, "elsewhere");
	size_t index = 0, count = 0;

	while (count < CHOSEN_MAX && (address = request_field_next(request, "from", &index)).ptr)
		ticked[count++] = address;
	for (size_t i = 0; marks.len && i < message->recipient_count && count < CHOSEN_MAX; i++) {
		struct str one = message->recipients[i].person.address;
		if (is_listed(&message->recipients[i], false) && is_marked(mark_of(request, one), marks))
			ticked[count++] = one;
	}
	*ret = ticked;
	return count;
}

static bool is_ticked(struct str address, const struct str *ticked, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(address, ticked[i]))
			return true;
	return false;
}

/* Those ticked on other pages stay so, and it is said how many they are. */
static void keep_ticked(const struct request *request, json_t *people, const struct str *kept, size_t count)
{
	cleanup(buf_done) struct buf marks = buf_new(MARKS_BYTES);

	if (count == 0)
		return;
	json_t *elsewhere = view_add_object(people, "elsewhere");
	view_set_number(elsewhere, "count", (int64_t)count);
	for (size_t i = 0; i < count; i++)
		buf_printf(&marks, "%s%.*s", i ? " " : "", STR_ARG(mark_of(request, kept[i])));
	view_set(elsewhere, "marks", buf_str(&marks));
}

static void add_people(const struct request *request, json_t *view, const struct open_message *message,
	const char *name, bool stays)
{
	const struct visit *visit = visit_of(request);
	struct str *ticked = NULL, *kept = arena_array(request->arena, struct str, message->recipient_count);
	size_t ticked_count = 0, kept_count = 0;
	struct people_page page = people_page_of(request, "people", count_listed(message, stays));
	size_t at = 0;

	if (page.count == 0)
		return;
	if (!stays && request->method == METHOD_POST)
		ticked_count = read_ticked(request, message, &ticked);
	json_t *people = view_add_object(view, name);
	json_t *list = view_add_list(people, "list");
	people_page_set(request, people, &page,
		arena_printf(request->arena, "/message/%s/recall", id_text(message->summary.copy.id).s));
	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct open_recipient *recipient = &message->recipients[i];
		if (!is_listed(recipient, stays))
			continue;
		bool is_shown = at >= page.from && at < page.to;
		bool is_kept = is_ticked(recipient->person.address, ticked, ticked_count);
		at++;
		if (!is_shown && is_kept)
			kept[kept_count++] = recipient->person.address;
		if (!is_shown)
			continue;
		json_t *item = view_append(list);
		view_set_flag(item, "is_ticked", is_kept);
		page_set_person(visit, item, recipient->person);
		states_of_recipient(visit, item, message, recipient);
	}
	keep_ticked(request, people, kept, kept_count);
}

static enum result show_recall(
	struct request *request, struct response *response, const struct open_message *message, json_t *view)
{
	size_t count = count_listed(message, false);

	command_set_head(request, view, message);
	add_people(request, view, message, "people", false);
	add_people(request, view, message, "stays", true);
	view_set_number(view_add_object(view, "recall"), "count", (int64_t)count);
	view_set_flag(view, "own_copy_stays",
		message->own_copy.state == DELIVERY_SENT || !id_is_none(message->own_copy.holder_id));
	view_set_flag(view, "has_choice", count > 1);
	view_set_flag(view, "offers_quotes", visit_of(request)->session.settings.recall_thread);
	if (request->method == METHOD_POST) {
		view_set_flag(view, "with_quotes", request_field(request, "quotes").len > 0);
		view_set(view, "reason", request_field(request, "reason"));
	}
	view_set_number(view, "reason_most", LIMIT_RECALL_REASON_BYTES);
	return page_portal(request, response, "recall", "sent", view);
}

static enum result get_recall(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(command_open_own(request, &message));
	if (!command_is_open(request, message) || count_listed(message, false) == 0)
		return command_back(request, response, message->summary.copy.id,
			message->summary.recalled_at || request->now < message->summary.expires_at
				? "recalled_before"
				: "expired_before");
	/* Also with what was ticked and written, for another page of recipients. */
	return show_recall(request, response, message, view);
}

static enum result show_recall_again(
	struct request *request, struct response *response, const char *field, const char *what)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(command_open_own(request, &message));
	json_t *values = page_problem(view, response, field, what);
	view_set_number(values, "most", LIMIT_RECALL_REASON_BYTES);
	return show_recall(request, response, message, view);
}

static enum result post_recall(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	const struct visit *visit = visit_of(request);
	struct str *chosen = NULL;
	struct recall_done done;
	size_t count = 0;
	struct id id;

	if (request_field(request, "turn").len)
		return get_recall(request, response);
	TRY(page_id(request, &id));
	if (request_field(request, "elsewhere").len)
		TRY(command_open_own(request, &message));
	if (!request_field(request, "whole").len)
		count = read_ticked(request, message, &chosen);
	if (count && request_field(request, "quotes").len)
		return show_recall_again(request, response, "from", "quotes_of_all");
	if (count == 0 && request_field(request, "whole").len == 0)
		return show_recall_again(request, response, "from", "nobody_chosen");
	struct recall_request recall = {.copy_id = id,
		.from = chosen,
		.from_count = count,
		.with_quotes = request_field(request, "quotes").len > 0,
		.reason = request_field(request, "reason")};
	enum result result =
		recall_message(flow_of(request), &visit->actor, &recall, request->now, &done, &request->err);
	const char *told = told_of(result, &request->err);
	if (told)
		return command_back(request, response, id, told);
	if (result == RESULT_INVALID)
		return show_recall_again(request, response, "reason", "reason_long");
	TRY(result);
	/* What the queue still holds of it is not sent. */
	visit_accepted(request);
	return command_back(request, response, id, recall.with_quotes ? "recalled_quotes" : "recalled");
}

/* As the form's control takes and gives it. */
static struct str input_time(const struct request *request, int64_t when)
{
	struct wall_time wall = zone_wall_time(visit_of(request)->format.zone, when);

	return arena_printf(request->arena, "%04d-%02d-%02dT%02d:%02d", wall.year, wall.month, wall.day,
		wall.hour, wall.minute);
}

/* As long again as it was sent for, since it can be moved once only. */
static int64_t suggest_end(const struct open_message *message)
{
	const struct open_summary *summary = &message->summary;
	int64_t end = summary->expires_at + (summary->expires_at - summary->sent_at);

	return end < message->latest_expiry ? end : message->latest_expiry;
}

static enum result show_extend(struct request *request, struct response *response,
	const struct open_message *message, struct str until, json_t *view)
{
	const struct format *format = &visit_of(request)->format;

	command_set_head(request, view, message);
	view_set(view, "current", format_time_full(format, message->summary.expires_at));
	view_set(view, "latest", format_time_full(format, message->latest_expiry));
	/* The control knows minutes only: the first that is later. */
	view_set(view, "earliest_input", input_time(request, message->summary.expires_at + MS_MINUTE));
	view_set(view, "latest_input", input_time(request, message->latest_expiry));
	view_set_flag(view, "is_suggested", !until.len);
	view_set(view, "until", until.len ? until : input_time(request, suggest_end(message)));
	view_set(view, "zone", zone_name(format->zone));
	return page_portal(request, response, "extend", "sent", view);
}

static enum result get_extend(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(command_open_own(request, &message));
	if (!command_is_open(request, message) || !may_extend(message))
		return command_back(request, response, message->summary.copy.id,
			message->summary.recalled_at		      ? "recalled_before"
			: request->now >= message->summary.expires_at ? "expired_before"
			: !message->rights.extend		      ? "withheld"
								      : "extended_before");
	return show_extend(request, response, message, STR_NONE, view);
}

static enum result show_extend_again(struct request *request, struct response *response, const char *what)
{
	const struct format *format = &visit_of(request)->format;
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(command_open_own(request, &message));
	json_t *values = page_problem(view, response, "until", what);
	view_set(values, "latest", format_time_full(format, message->latest_expiry));
	view_set(values, "current", format_time_full(format, message->summary.expires_at));
	return show_extend(request, response, message, request_field(request, "until"), view);
}

static enum result post_extend(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct extend_request extend = {0};
	int64_t latest;

	TRY(page_id(request, &extend.copy_id));
	if (!zone_read_time(visit->format.zone, request_field(request, "until"), &extend.until))
		return show_extend_again(request, response, "until_shape");
	enum result result = extend_message(
		flow_of(request), &visit->actor, &extend, request->now, &latest, &request->err);
	const char *told = told_of(result, &request->err);
	if (told)
		return command_back(request, response, extend.copy_id, told);
	if (result == RESULT_INVALID)
		return show_extend_again(
			request, response, extend.until > latest ? "until_too_late" : "until_too_early");
	TRY(result);
	return command_back(request, response, extend.copy_id, "extended");
}

static const struct route_parameter id_only[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	{0},
};

static const struct route_parameter recall_page_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	PEOPLE_QUERY,
	{0},
};

static const struct route_parameter recall_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	PEOPLE_QUERY,
	{PARAMETER_FIELD, "turn", 1, 0, "nothing but another page of recipients"},
	{PARAMETER_FIELD, "whole", 1, 0, "from everybody"},
	{PARAMETER_FIELD, "from", LIMIT_ADDRESS_BYTES, CHOSEN_MAX,
		"a chosen recipient, may be there several times"},
	{PARAMETER_FIELD, "elsewhere", MARKS_BYTES, 0, "marks of those chosen on other pages of recipients"},
	{PARAMETER_FIELD, "quotes", 1, 0, "also blank what answers quote of it"},
	{PARAMETER_FIELD, "reason", REASON_FIELD_BYTES, 0, "why, for the recipients; may be empty"},
	{0},
};

static const struct route_parameter extend_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	{PARAMETER_FIELD, "until", TIME_BYTES, 0, "in the person's time zone, \"2026-11-30T14:02\""},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/recall", RIGHTS_SIGNED_IN, recall_page_parameters, get_recall, NULL,
		"Asks whether to recall the message, and from whom"},
	{METHOD_POST, "/message/{id}/recall", RIGHTS_SIGNED_IN, recall_parameters, post_recall, NULL,
		"Recalls the message from everybody or from those chosen, or shows others of them"},
	{METHOD_GET, "/message/{id}/extend", RIGHTS_SIGNED_IN, id_only, get_extend, NULL,
		"Asks until when the message is to be readable"},
	{METHOD_POST, "/message/{id}/extend", RIGHTS_SIGNED_IN, extend_parameters, post_extend, NULL,
		"Extends the message, once"},
};

const struct route_table portal_routes_command = {rows, COUNT_OF(rows)};
