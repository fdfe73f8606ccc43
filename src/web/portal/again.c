/* What a person sent, once more: as a new message, or to the right address instead of a mistyped one. */
#include "web/portal/command.h"

#include "base/limits.h"
#include "flow/again.h"
#include "web/portal/content.h"
#include "web/portal/states.h"

#include <string.h>

static enum result lead_to_draft(
	struct request *request, struct response *response, struct id draft_id, const char *told)
{
	response_redirect(response,
		arena_printf(request->arena, "/compose?draft=%s&told=%s", id_text(draft_id).s, told));
	return RESULT_OK;
}

static bool is_full(const struct request *request)
{
	const char *code = request->err.code ? request->err.code : "";

	return strcmp(code, "too-many-drafts") == 0 || strcmp(code, "drafts-full") == 0;
}

static enum result post_again(struct request *request, struct response *response)
{
	struct id id, draft_id;

	TRY(page_id(request, &id));
	enum result result = again_as_new(flow_of(request), &visit_of(request)->actor, id,
		request_field(request, "same").len > 0, request->now, &draft_id, &request->err);
	if (result != RESULT_OK && is_full(request))
		return command_back(request, response, id, "drafts_full");
	TRY(result);
	return lead_to_draft(request, response, draft_id, "again");
}

static const struct open_recipient *find_recipient(const struct open_message *message, struct str address)
{
	for (size_t i = 0; i < message->recipient_count; i++)
		if (str_equal_nocase(message->recipients[i].person.address, address))
			return &message->recipients[i];
	return NULL;
}

static enum result show_correct(
	struct request *request, struct response *response, struct str wrong, json_t *view)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;

	TRY(command_open_own(request, &message));
	const struct open_recipient *recipient = find_recipient(message, wrong);
	if (!recipient)
		return err_set(&request->err, RESULT_NOT_FOUND, "it did not go to this address");
	command_set_head(request, view, message);
	json_t *person = view_add_object(view, "wrong");
	page_set_person(visit_of(request), person, recipient->person);
	states_of_recipient(visit_of(request), person, message, recipient);
	view_set_flag(view, "recalls", command_is_open(request, message) && command_is_recallable(recipient));
	view_set_flag(view, "stays", recipient->in_mail_system);
	if (request->method == METHOD_POST)
		view_set(view, "right", request_field(request, "right"));
	return page_portal(request, response, "correct", "sent", view);
}

static enum result get_correct(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	return show_correct(request, response, request_query(request, "address"), view);
}

static enum result post_correct(struct request *request, struct response *response)
{
	struct correction correction = {
		.wrong = request_field(request, "wrong"), .right = str_trim(request_field(request, "right"))};
	cleanup(json_decrefp) json_t *view = json_object();
	struct id draft_id;
	bool recalled;

	TRY(page_id(request, &correction.copy_id));
	enum result result = again_to_right(flow_of(request), &visit_of(request)->actor, &correction,
		request->now, &draft_id, &recalled, &request->err);
	if (result == RESULT_INVALID) {
		(void)page_problem(view, response, "right", "address_other");
		return show_correct(request, response, correction.wrong, view);
	}
	if (result != RESULT_OK && is_full(request))
		return command_back(request, response, correction.copy_id, "drafts_full");
	TRY(result);
	if (recalled)
		visit_accepted(request); /* what the queue still holds of it is not sent */
	return lead_to_draft(request, response, draft_id, recalled ? "corrected" : "again");
}

static const struct route_parameter again_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	{PARAMETER_FIELD, "same", 1, 0, "to the same people"},
	{0},
};

static const struct route_parameter get_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	{PARAMETER_QUERY, "address", LIMIT_ADDRESS_BYTES, 0, "the recipient that is wrong"},
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the sender's own copy"},
	{PARAMETER_FIELD, "wrong", LIMIT_ADDRESS_BYTES, 0, "the recipient that is wrong"},
	{PARAMETER_FIELD, "right", LIMIT_ADDRESS_BYTES, 0, "whom it was meant for"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/message/{id}/again", RIGHTS_SIGNED_IN, again_parameters, post_again, NULL,
		"Makes a draft of a message that was sent"},
	{METHOD_GET, "/message/{id}/correct", RIGHTS_SIGNED_IN, get_parameters, get_correct, NULL,
		"Asks for the right address of a recipient"},
	{METHOD_POST, "/message/{id}/correct", RIGHTS_SIGNED_IN, post_parameters, post_correct, NULL,
		"Recalls the message from a wrong address and makes a draft to the right one"},
};

const struct route_table portal_routes_again = {rows, COUNT_OF(rows)};
