/* Settings: somebody from outside deletes the own account. */
#include "flow/self_delete.h"

#include "web/portal/page.h"

static enum result show(struct request *request, struct response *response, json_t *view)
{
	view_set_flag(view, "is_internal", visit_of(request)->session.person.is_internal);
	return page_portal(request, response, "self_delete", "settings", view);
}

static enum result get_delete(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	return show(request, response, view);
}

static enum result post_delete(struct request *request, struct response *response)
{
	if (!request_field(request, "sure").len) {
		cleanup(json_decrefp) json_t *view = json_object();
		(void)page_problem(view, response, "sure", "sure_missing");
		return show(request, response, view);
	}
	TRY(self_delete(flow_of(request), &visit_of(request)->actor, request->now, &request->err));
	visit_accepted(request);
	response_cookie_remove(response, COOKIE_SESSION);
	response_cookie_remove(response, COOKIE_DEVICE);
	if (request_cookie(request, COOKIE_SEARCH).len)
		response_cookie_remove(response, COOKIE_SEARCH);
	response_redirect(response, STR("/sign-in?deleted=1"));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_FIELD, "sure", 1, 0, "the person knows what it means"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings/delete", RIGHTS_SIGNED_IN, NULL, get_delete, NULL,
		"Says what deleting the own account means"},
	{METHOD_POST, "/settings/delete", RIGHTS_PROVED, parameters, post_delete, NULL,
		"Deletes it and ends all sessions"},
};

const struct route_table portal_routes_self_delete = {rows, COUNT_OF(rows)};
