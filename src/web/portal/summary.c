/* The page that ends the daily mail about sent messages, from the mail itself: a mail program's one click
 * (RFC 8058) or a person's. */
#include "web/portal/page.h"

#include "flow/summary.h"

#define SUMMARY_TOKEN_BYTES 80

static enum result show(struct request *request, struct response *response, bool is_stopped)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct summary_reader *reader = arena_alloc(request->arena, sizeof(*reader));
	struct str token = request_parameter(request, "token");

	TRY(summary_look(flow_of(request), token, request->arena, reader, &request->err));
	visit_set_account(request, &reader->settings);
	visit_of(request)->return_path =
		arena_printf(request->arena, "/summary/%.*s", STR_ARG(percent_encode(request->arena, token)));
	view_set(view, "token", token);
	view_set(view, "masked", format_masked_address(request->arena, reader->address));
	view_set_flag(view, "is_stopped", is_stopped || !reader->wanted);
	return page_door(request, response, "summary", view);
}

static enum result get_summary(struct request *request, struct response *response)
{
	return show(request, response, false);
}

static enum result post_summary(struct request *request, struct response *response)
{
	TRY(summary_stop(flow_of(request), request_parameter(request, "token"), request->client, request->now,
		&request->err));
	return show(request, response, true);
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "token", SUMMARY_TOKEN_BYTES, 0, "of the mail"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/summary/{token}", RIGHTS_ANYONE, parameters, get_summary, NULL,
		"Asks whether the daily mail about sent messages shall end"},
	{METHOD_POST, "/summary/{token}", RIGHTS_OWN_COOKIES, parameters, post_summary, NULL, "Ends it"},
};

const struct route_table portal_routes_summary = {rows, COUNT_OF(rows)};
