/* Addresses that several people use: sharing one and leaving it in the settings, and saying who it is after a
 * code proved one. */
#include "flow/shared.h"
#include "web/portal/addresses.h"
#include "web/portal/page.h"

#include "base/clock.h"
#include "base/limits.h"

#include <string.h>

static enum result ids_of(struct request *request, struct id *ret_address, struct id *ret_person)
{
	if (!id_parse(request_field(request, "id"), ret_address) ||
		(ret_person && !id_parse(request_field(request, "person"), ret_person)))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such address");
	return RESULT_OK;
}

static enum result post_share(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct sign_in sign_in;
	struct id address_id;
	bool ends;

	TRY(ids_of(request, &address_id, NULL));
	enum result result = shared_begin(flow_of(request), &visit->actor, &visit->visitor, address_id,
		request->now, &sign_in, &ends, &request->err);
	if (result == RESULT_CONFLICT || result == RESULT_DENIED)
		return addresses_refuse(request, response, result);
	TRY(result);
	visit_accepted(request);
	if (ends) {
		visit_begin_session(request, response, &sign_in);
		response_redirect(response, STR("/sign-in/self"));
		return RESULT_OK;
	}
	response_redirect(response, STR("/settings/addresses?told=shared"));
	return RESULT_OK;
}

static enum result post_leave(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct id address_id, person_id;

	TRY(ids_of(request, &address_id, &person_id));
	TRY(shared_leave(
		flow_of(request), &visit->actor, address_id, person_id, request->now, &request->err));
	visit_accepted(request);
	/* Whoever left it in its own mailbox is signed out by that. */
	response_redirect(response, STR("/settings/addresses?told=left"));
	return RESULT_OK;
}

static enum result show_self(struct request *request, struct response *response, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct shared_due *due = arena_alloc(request->arena, sizeof(*due));

	enum result result = shared_due(
		flow_of(request), &visit->visitor, request->now, request->arena, due, &request->err);
	if (result == RESULT_DENIED) {
		response_redirect(response, visit->is_signed_in ? STR("/inbox") : STR("/sign-in?ended=1"));
		return RESULT_OK;
	}
	TRY(result);
	visit_of(request)->return_path = STR("/sign-in/self");
	visit_set_account(request, &due->settings);
	view_set(view, "shared_address", due->address);
	view_set_flag(view, "is_nobodys", due->is_nobodys);
	return page_door(request, response, "shared_self", view);
}

static enum result get_self(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	view_set(view, "address", STR_NONE);
	return show_self(request, response, view);
}

static const char *self_problem(const struct request *request)
{
	const char *code = request->err.code ? request->err.code : "";

	return strcmp(code, "address-same") == 0       ? "address_same"
	       : strcmp(code, "address-internal") == 0 ? "address_internal"
						       : "address_shape";
}

static enum result post_self(struct request *request, struct response *response)
{
	struct str address = str_trim(request_field(request, "address"));
	int64_t begin = clock_monotonic();

	enum result result = shared_name_self(
		flow_of(request), &visit_of(request)->visitor, address, request->now, &request->err);
	bool has_ended = result == RESULT_DENIED && request->err.code &&
			 strcmp(request->err.code, "session-ended") == 0;
	if (has_ended) {
		response_redirect(response, STR("/sign-in?ended=1"));
		return RESULT_OK;
	}
	if (result == RESULT_OK) {
		page_answer_evenly(response, begin);
		visit_accepted(request);
		page_keep_address(request, response, address);
		response_redirect(response, STR("/sign-in/code"));
		return RESULT_OK;
	}
	if (result != RESULT_INVALID && result != RESULT_CONFLICT && result != RESULT_DENIED &&
		result != RESULT_BUSY)
		return result;
	cleanup(json_decrefp) json_t *view = json_object();
	view_set(view, "address", address);
	if (result == RESULT_BUSY)
		page_problem_too_often(request, response, view, "address");
	else
		(void)page_problem(view, response, "address", self_problem(request));
	return show_self(request, response, view);
}

static enum result post_alone(struct request *request, struct response *response)
{
	enum result result =
		shared_undo(flow_of(request), &visit_of(request)->visitor, request->now, &request->err);

	if (result == RESULT_CONFLICT || result == RESULT_DENIED) {
		response_redirect(response, STR("/sign-in/self"));
		return RESULT_OK;
	}
	TRY(result);
	response_cookie_remove(response, COOKIE_SESSION);
	response_redirect(response, STR("/sign-in"));
	return RESULT_OK;
}

static const struct route_parameter share_parameters[] = {
	{PARAMETER_FIELD, "id", ID_TEXT_LEN, 0, "the address"},
	{0},
};

static const struct route_parameter leave_parameters[] = {
	{PARAMETER_FIELD, "id", ID_TEXT_LEN, 0, "the address"},
	{PARAMETER_FIELD, "person", ID_TEXT_LEN, 0, "who uses it no more"},
	{0},
};

static const struct route_parameter self_parameters[] = {
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the own address"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/settings/addresses/share", RIGHTS_PROVED, share_parameters, post_share, NULL,
		"Several people use an address of the person from now on"},
	{METHOD_POST, "/settings/addresses/leave", RIGHTS_PROVED, leave_parameters, post_leave, NULL,
		"Somebody uses a shared address no more"},
	{METHOD_GET, "/sign-in/self", RIGHTS_ANYONE, NULL, get_self, NULL,
		"Asks who it is that proved a shared address"},
	{METHOD_POST, "/sign-in/self", RIGHTS_ANYONE, self_parameters, post_self, NULL,
		"Sends a code to the own address of who proved a shared one"},
	{METHOD_POST, "/sign-in/self/alone", RIGHTS_ANYONE, NULL, post_alone, NULL,
		"The address is one person's after all, while nobody said who they are"},
};

const struct route_table portal_routes_shared = {rows, COUNT_OF(rows)};
