/* Choosing a password: offered, never forced. */
#include "web/portal/page.h"

#include "base/limits.h"

#include <string.h>

static enum result show(struct request *request, struct response *response, json_t *view, struct str next)
{
	view_set(view, "next_url", request_local_path(next, STR("/settings")));
	view_set_flag(view, "was_offered", str_starts(next, STR("/message/")));
	view_set_flag(view, "has_password", visit_of(request)->session.person.password_hash.len > 0);
	view_set_number(view, "least", LIMIT_PASSWORD_CHARACTERS_MIN);
	return page_door(request, response, "set_password", view);
}

static enum result get_password(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	return show(request, response, view, request_query(request, "next"));
}

static enum result refuse(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const char *code = request->err.code ? request->err.code : "";

	if (strcmp(code, "password-short") == 0)
		view_set_number(page_problem(view, response, "password", "password_short"), "least",
			LIMIT_PASSWORD_CHARACTERS_MIN);
	else if (strcmp(code, "password-long") == 0)
		view_set_number(page_problem(view, response, "password", "password_long"), "most",
			LIMIT_PASSWORD_BYTES_MAX);
	else if (strcmp(code, "password-personal") == 0)
		(void)page_problem(view, response, "password", "password_address");
	else
		(void)page_problem(view, response, "password", "password_common");
	return show(request, response, view, request_field(request, "next"));
}

static enum result post_password(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct str next = request_local_path(request_field(request, "next"), STR("/settings"));

	enum result result =
		password_set(flow_of(request), &visit->actor, visit->token, visit->session.person.address,
			request_field(request, "password"), request->now, &request->err);
	if (result == RESULT_INVALID)
		return refuse(request, response);
	TRY(result);
	response_redirect(response, str_equal(next, STR("/settings")) ? STR("/settings?saved=1") : next);
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_FIELD, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	/* Longer ones get a page that says so. */
	{PARAMETER_FIELD, "password", 4 * LIMIT_PASSWORD_BYTES_MAX, 0, "the new password"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings/password", RIGHTS_PROVED, get_parameters, get_password, NULL,
		"Offers to choose a password"},
	{METHOD_POST, "/settings/password", RIGHTS_PROVED, post_parameters, post_password, NULL,
		"Keeps the password and ends the person's other sessions"},
};

const struct route_table portal_routes_password = {rows, COUNT_OF(rows)};
