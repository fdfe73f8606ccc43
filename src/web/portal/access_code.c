/* The access code of a message: recipients enter it, its sender sees it and may set another. */
#include "web/portal/access_code.h"

#include "base/limits.h"
#include "flow/access_code.h"

#include <string.h>

/* As typed, with blanks and hyphens. */
#define FIELD_BYTES 200

bool access_code_is_asked(const struct request *request, enum result result)
{
	return result == RESULT_DENIED && request->err.code && strcmp(request->err.code, "access-code") == 0;
}

/* Whom to ask for it. */
static enum result set_page(struct request *request, json_t *view, struct id id)
{
	struct visit *visit = visit_of(request);
	struct open_ended facts;

	TRY(open_ended(flow_of(request), &visit->actor, id, request->arena, &facts, &request->err));
	visit->return_path = arena_printf(request->arena, "/message/%s", id_text(id).s);
	view_set(view, "id", str_of(id_text(id).s));
	page_set_person(visit, view_add_object(view, "owner"), facts.owner);
	return RESULT_OK;
}

enum result access_code_ask(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct id id;

	TRY(page_id(request, &id));
	TRY(set_page(request, view, id));
	return page_portal(request, response, "access_code", "inbox", view);
}

static enum result refuse(
	struct request *request, struct response *response, struct id id, enum result result)
{
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(set_page(request, view, id));
	if (result == RESULT_BUSY)
		page_problem_wait(request, response, view, "code", LIMIT_ACCESS_CODE_WINDOW_MS);
	else
		(void)page_problem(view, response, "code", "access_code_wrong");
	return page_portal(request, response, "access_code", "inbox", view);
}

static enum result post_code(struct request *request, struct response *response)
{
	struct id id;

	TRY(page_id(request, &id));
	enum result result = access_code_enter(flow_of(request), &visit_of(request)->actor, id,
		request_field(request, "code"), request->now, &request->err);
	if (result == RESULT_DENIED || result == RESULT_BUSY)
		return refuse(request, response, id, result);
	TRY(result);
	response_redirect(response, arena_printf(request->arena, "/message/%s", id_text(id).s));
	return RESULT_OK;
}

/* What becomes of it is told on the message's page. */
static enum result post_change(struct request *request, struct response *response)
{
	const char *told = "code_set";
	struct str code;
	struct id id;

	TRY(page_id(request, &id));
	enum result result =
		access_code_change(flow_of(request), &visit_of(request)->actor, id, (struct id){{0}},
			request_field(request, "code"), request->now, request->arena, &code, &request->err);
	if (result == RESULT_INVALID)
		told = "code_shape";
	else
		TRY(result);
	response_redirect(response, arena_printf(request->arena, "/message/%s?told=%s", id_text(id).s, told));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_FIELD, "code", FIELD_BYTES, 0, "the code as typed; to set one, empty for a new one"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/message/{id}/access-code", RIGHTS_SIGNED_IN, parameters, post_code, NULL,
		"Opens a message for this session by the code its sender told"},
	{METHOD_POST, "/message/{id}/new-access-code", RIGHTS_SIGNED_IN, parameters, post_change, NULL,
		"Sets another access code, by its sender"},
};

const struct route_table portal_routes_access_code = {rows, COUNT_OF(rows)};
