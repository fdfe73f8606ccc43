/* Signing in by a code that was mailed: to the address of a link, or to one typed in. */
#include "web/portal/page.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"

#define CODE_FIELD_BYTES 40

/* Fields of the page where the code is entered; `address` counts without a link. */
static enum result set_code(struct request *request, json_t *view, struct str link, struct str address)
{
	struct link_facts *facts = arena_alloc(request->arena, sizeof(*facts));
	struct id id;

	visit_of(request)->return_path = arena_printf(request->arena, "/sign-in/code%s%.*s",
		link.len ? "?link=" : "", STR_ARG(percent_encode(request->arena, link)));
	view_set(view, "link_id", link);
	view_set(view, "address", address);
	view_set(view, "masked", address);
	view_set_number(view, "minutes", LIMIT_CODE_MS / MS_MINUTE);
	if (!link.len)
		return RESULT_OK;
	if (!id_parse(link, &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such link");
	TRY(sign_in_link(flow_of(request), id, request->now, request->arena, facts, &request->err));
	visit_set_account(request, &facts->settings);
	view_set(view, "masked", format_masked_address(request->arena, facts->address));
	return RESULT_OK;
}

static enum result get_code(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str link = request_query(request, "link"),
		   address = link.len ? STR_NONE : page_address(request);

	if (!link.len && !address.len) {
		response_redirect(response, STR("/sign-in"));
		return RESULT_OK;
	}
	TRY(set_code(request, view, link, address));
	view_set_flag(view, "was_sent_again", request_query(request, "again").len > 0);
	return page_door(request, response, "code", view);
}

/* For an address typed in. */
static enum result post_send(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address = str_trim(request_field(request, "address"));
	int64_t begin = clock_monotonic();

	enum result result = sign_in_send_code_to(
		flow_of(request), address, &visit_of(request)->visitor, request->now, &request->err);
	if (result == RESULT_INVALID || result == RESULT_BUSY) {
		visit_of(request)->return_path = STR("/sign-in");
		view_set(view, "address", address);
		if (result == RESULT_BUSY)
			page_problem_too_often(request, response, view, "address");
		else
			(void)page_problem(view, response, "address", "address_shape");
		return page_door(request, response, "sign_in", view);
	}
	TRY(result);
	page_answer_evenly(response, begin);
	visit_accepted(request);
	page_keep_address(request, response, address);
	response_redirect(response,
		request_field(request, "again").len ? STR("/sign-in/code?again=1") : STR("/sign-in/code"));
	return RESULT_OK;
}

static bool has_code_shape(struct str code)
{
	size_t digits = 0;

	for (size_t i = 0; i < code.len; i++)
		digits += code.ptr[i] >= '0' && code.ptr[i] <= '9';
	return digits == LIMIT_CODE_DIGITS;
}

static void set_problem(struct request *request, struct response *response, json_t *view, enum result result)
{
	uint64_t tries = 0;

	switch (result) {
	case RESULT_INVALID:
		(void)page_problem(view, response, "code", "code_shape");
		break;
	case RESULT_DENIED:
		(void)str_to_uint(str_of(request->err.text), LIMIT_CODE_TRIES, &tries);
		view_set_number(page_problem(view, response, "code", "code_wrong"), "tries", (int64_t)tries);
		break;
	case RESULT_BUSY:
		page_problem_too_often(request, response, view, "code");
		break;
	default:
		(void)page_problem(view, response, "code", "code_used_up");
	}
}

static enum result refuse_code(struct request *request, struct response *response, enum result result)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str link = request_field(request, "link");

	TRY(set_code(request, view, link, request_field(request, "address")));
	if (result == RESULT_NOT_FOUND) {
		response->status = 422;
		return page_door(request, response, "code_other_browser", view);
	}
	set_problem(request, response, view, result);
	return page_door(request, response, "code", view);
}

static enum result post_code(struct request *request, struct response *response)
{
	struct str code = request_field(request, "code");
	struct sign_in sign_in;
	int64_t begin = clock_monotonic();

	if (!has_code_shape(code))
		return refuse_code(request, response, RESULT_INVALID);
	enum result result = sign_in_by_code(
		flow_of(request), &visit_of(request)->visitor, code, request->now, &sign_in, &request->err);
	switch (result) {
	case RESULT_OK:
		return page_signed_in(request, response, &sign_in);
	case RESULT_DENIED:
	case RESULT_GONE:
	case RESULT_NOT_FOUND:
	case RESULT_BUSY:
		page_answer_evenly(response, begin);
		return refuse_code(request, response, result);
	default:
		return result;
	}
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "link", ID_TEXT_LEN, 0, "the notification's link that began it"},
	{PARAMETER_QUERY, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route_parameter send_parameters[] = {
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the address to send a code to"},
	{PARAMETER_FIELD, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route_parameter code_parameters[] = {
	{PARAMETER_FIELD, "code", CODE_FIELD_BYTES, 0,
		"the code, with blanks and hyphens as people type them"},
	{PARAMETER_FIELD, "link", ID_TEXT_LEN, 0, "the notification's link that began it"},
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the address typed in, to show it again"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/sign-in/code", RIGHTS_ANYONE, get_parameters, get_code, NULL,
		"Asks for the code that was sent"},
	{METHOD_POST, "/sign-in/send-code", RIGHTS_ANYONE, send_parameters, post_send, NULL,
		"Sends a code to the address typed in, if it is known"},
	{METHOD_POST, "/sign-in/code", RIGHTS_ANYONE, code_parameters, post_code, NULL,
		"Signs in by the code, in the browser that asked for it"},
};

const struct route_table portal_routes_code = {rows, COUNT_OF(rows)};
