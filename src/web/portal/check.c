/* Whether a notification is genuine, for anybody who has one: neither whom it is for nor what it is about is
 * told. */
#include "web/portal/page.h"

#include "base/clock.h"
#include "flow/genuine.h"

#define CODE_BYTES 40

static enum result get_check(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	view_set(view, "code", STR_NONE);
	return page_door(request, response, "genuine", view);
}

static enum result post_check(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str code = str_trim(request_field(request, "code"));
	int64_t begin = clock_monotonic();
	struct genuine genuine;

	enum result result = genuine_check(flow_of(request), code, request->client, request->now,
		request->arena, &genuine, &request->err);
	view_set(view, "code", code);
	if (result == RESULT_INVALID) {
		(void)page_problem(view, response, "code", "check_shape");
	} else if (result == RESULT_BUSY) {
		page_problem_too_often(request, response, view, "code");
	} else if (result == RESULT_NOT_FOUND) {
		page_answer_evenly(response, begin);
		view_set_flag(view, "is_unknown", true);
	} else {
		TRY(result);
		page_answer_evenly(response, begin);
		json_t *found = view_add_object(view, "genuine");
		view_set(found, "name", genuine.account_name);
		page_set_date(visit_of(request), found, genuine.made_at);
	}
	return page_door(request, response, "genuine", view);
}

static const struct route_parameter parameters[] = {
	{PARAMETER_FIELD, "code", CODE_BYTES, 0,
		"of a notification, with blanks and hyphens as people type them"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/check", RIGHTS_ANYONE, NULL, get_check, NULL, "Asks for the code of a notification"},
	{METHOD_POST, "/check", RIGHTS_ANYONE, parameters, post_check, NULL,
		"Tells whether a notification with this code was sent, by which organisation, and when"},
};

const struct route_table portal_routes_check = {rows, COUNT_OF(rows)};
