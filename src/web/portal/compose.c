/* A new message to people of the account, from one of them or, where it allows that, from outside. */
#include "web/portal/page.h"

#include "base/address.h"
#include "base/limits.h"
#include "mime/address.h"
#include "web/portal/write.h"

#include <string.h>

#define TO_BYTES 10000
#define SUBJECT_BYTES LIMIT_SUBJECT_BYTES

static enum result check_may_compose(struct request *request)
{
	if (page_may_compose(visit_of(request)))
		return RESULT_OK;
	return err_set(&request->err, RESULT_DENIED, "the account takes no new messages from outside");
}

static bool is_for_all(const struct request *request)
{
	return visit_of(request)->session.settings.outsiders_may_write == OUTSIDERS_WRITE_TO_ALL;
}

static enum result show(struct request *request, struct response *response, json_t *view)
{
	bool is_post = request->method == METHOD_POST;
	struct str domains = STR_NONE;
	struct definition definition;
	struct open_self self;

	TRY(open_self(flow_of(request), &visit_of(request)->actor, request->arena, &self, &request->err));
	TRY(compose_definition(
		flow_of(request), &visit_of(request)->actor, request->arena, &definition, &request->err));
	for (size_t i = 0; i < self.domain_count; i++)
		domains = arena_printf(request->arena, "%.*s%s%.*s", STR_ARG(domains), i ? ", " : "",
			STR_ARG(self.domains[i]));
	view_set(view, "domains", domains);
	if (!visit_of(request)->session.person.is_internal)
		view_set_flag(view, is_for_all(request) ? "to_all" : "to_writers", true);
	view_set(view, "to_text", is_post ? request_field(request, "to") : STR_NONE);
	view_set(view, "subject", is_post ? request_field(request, "subject") : STR_NONE);
	write_set_protection(request, view, definition.rights, definition.expire_days * MS_DAY);
	write_set_fields(request, view);
	return page_portal(request, response, "compose", "compose", view);
}

/* The first recipient that is no internal address, so that the page can name it; none when all are. */
static enum result find_wrong(struct request *request, struct str to, struct str *ret)
{
	struct mime_address *addresses;
	size_t count = mime_addresses(to, request->arena, &addresses);
	struct open_self self;

	TRY(open_self(flow_of(request), &visit_of(request)->actor, request->arena, &self, &request->err));
	*ret = count ? STR_NONE : to;
	for (size_t i = 0; i < count && !ret->len; i++) {
		struct str domain = address_domain(addresses[i].address);
		bool known = false;
		for (size_t d = 0; d < self.domain_count; d++)
			known = known || str_equal_nocase(domain, self.domains[d]);
		if (!known || !is_address(addresses[i].address))
			*ret = addresses[i].address;
	}
	return RESULT_OK;
}

static enum result get_compose(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(check_may_compose(request));
	return show(request, response, view);
}

static enum result post_compose(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str to = str_trim(request_field(request, "to"));
	struct written written;
	struct id form_id, sent_id;

	TRY(check_may_compose(request));
	if (!to.len)
		(void)page_problem(view, response, "to", "to_missing");
	enum result result = write_read(request, response, view, &written, &form_id);
	if (result == RESULT_CONFLICT || (result == RESULT_OK && !to.len))
		return show(request, response, view);
	TRY(result);
	result = compose_send(flow_of(request), &visit_of(request)->actor, to,
		request_field(request, "subject"), form_id, &written, request->now, &sent_id, &request->err);
	if (result == RESULT_INVALID && request->err.code &&
		strcmp(request->err.code, "too-many-recipients") == 0) {
		view_set_number(
			page_problem(view, response, "to", "to_many"), "most", COMPOSE_RECIPIENTS_MAX);
		return show(request, response, view);
	}
	if (result == RESULT_INVALID) {
		struct str wrong = str_of(request->err.text);
		if (!request->err.code || strcmp(request->err.code, "recipient-not-allowed") != 0)
			TRY(find_wrong(request, to, &wrong));
		view_set(page_problem(view, response, "to", "to_unknown"), "address", wrong.len ? wrong : to);
		return show(request, response, view);
	}
	if (result != RESULT_OK && write_set_problem(request, response, view, result))
		return show(request, response, view);
	TRY(result);
	visit_accepted(request);
	response_redirect(response, arena_printf(request->arena, "/message/%s?sent=1", id_text(sent_id).s));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_FIELD, "to", TO_BYTES, 0, "addresses, separated by commas"},
	{PARAMETER_FIELD, "subject", SUBJECT_BYTES, 0, "the subject, may be empty"},
	WRITE_PARAMETERS,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/compose", RIGHTS_SIGNED_IN, NULL, get_compose, NULL, "The form for a new message"},
	{METHOD_POST, "/compose", RIGHTS_SIGNED_IN, parameters, post_compose, write_open_sink,
		"Sends a new message"},
};

const struct route_table portal_routes_compose = {rows, COUNT_OF(rows)};
