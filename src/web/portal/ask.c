/* Requests: somebody of the account asks an address outside for a message or files. Who was asked answers in
 * asked.c. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "flow/compose.h"
#include "flow/inquiry.h"

#include <string.h>

#define NUMBER_BYTES 10
#define DAYS_AT_FIRST 14
#define MB_AT_FIRST 25

static enum result check_may_ask(struct request *request)
{
	if (page_may_ask(visit_of(request)))
		return RESULT_OK;
	return err_set(&request->err, RESULT_DENIED, "only people of the account ask, where it allows that");
}

static void set_date(const struct request *request, json_t *states, const char *name, int64_t when)
{
	view_set(view_add_object(states, name), "date", format_date(&visit_of(request)->format, when));
}

static void set_time(const struct request *request, json_t *states, const char *name, int64_t when)
{
	if (when)
		view_set(view_add_object(states, name), "time",
			format_time_short(&visit_of(request)->format, when));
}

static void set_states(struct request *request, json_t *row, const struct inquiry_facts *facts)
{
	const struct inquiry *inquiry = &facts->inquiry;
	json_t *states = view_add_object(row, "states");
	const struct language *language = visit_of(request)->language;

	if (inquiry->closed_at)
		set_date(request, states, "closed", inquiry->closed_at);
	else
		set_date(request, states, inquiry_has_ended(inquiry, request->now) ? "expired" : "open",
			inquiry->expires_at);
	view_set_flag(states, "waiting", inquiry->delivery_state == DELIVERY_WAITING);
	view_set_flag(states, "not_delivered",
		inquiry->delivery_state == DELIVERY_FAILED || inquiry->delivery_state == DELIVERY_DROPPED);
	view_set_flag(states, "sent", inquiry->delivery_state == DELIVERY_SENT);
	set_time(request, states, "denied", inquiry->denied_at);
	set_time(request, states, "link_opened", inquiry->link_opened_at);
	set_time(request, states, "signed_in", facts->signed_in_at);
	if (inquiry->answers)
		view_set_number(view_add_object(states, "answers"), "count", inquiry->answers);
	json_t *used = view_add_object(states, "used");
	view_set(used, "got", format_size(request->arena, language, (uint64_t)inquiry->bytes_got));
	view_set(used, "most", format_size(request->arena, language, (uint64_t)inquiry->bytes_max));
}

static void add_row(struct request *request, json_t *rows, const struct inquiry_facts *facts)
{
	json_t *row = view_append(rows), *list = view_add_list(row, "answers_list");

	view_set(row, "id", str_of(id_text(facts->inquiry.id).s));
	view_set(row, "address", facts->inquiry.asked_address);
	view_set(row, "purpose", facts->purpose);
	set_states(request, row, facts);
	view_set_flag(row, "can_close", !inquiry_has_ended(&facts->inquiry, request->now));
	for (size_t i = 0; i < facts->copy_count; i++) {
		json_t *answer = view_append(list);
		view_set(answer, "url",
			arena_printf(request->arena, "/message/%s", id_text(facts->copies[i]).s));
		view_set_number(answer, "number", (int64_t)i + 1);
	}
}

static enum result get_requests(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct inquiry_facts *inquiries;
	size_t count;

	TRY(check_may_ask(request));
	TRY(inquiry_list(flow_of(request), &visit_of(request)->actor, request->arena, &inquiries, &count,
		&request->err));
	json_t *rows = view_add_list(view, "rows");
	for (size_t i = 0; i < count; i++)
		add_row(request, rows, &inquiries[i]);
	view_set_flag(view, "has_rows", count > 0);
	view_set_flag(view, "was_made", request_query(request, "made").len > 0);
	return page_portal(request, response, "requests", "requests", view);
}

static void set_definitions(
	struct request *request, json_t *view, const struct definition *definitions, size_t count)
{
	struct str chosen = request->method == METHOD_POST ? request_field(request, "definition") : STR_NONE;
	json_t *list = view_add_list(view, "definitions");

	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		struct str id = arena_printf(request->arena, "%s", id_text(definitions[i].id).s);
		view_set(item, "id", id);
		view_set(item, "name", definitions[i].name);
		view_set_flag(item, "is_current", str_equal(id, chosen));
	}
	view_set_flag(view, "has_choice", count > 1);
}

static enum result show_new(struct request *request, struct response *response, json_t *view)
{
	bool is_post = request->method == METHOD_POST;
	struct definition *definitions;
	size_t count;

	TRY(compose_choices(flow_of(request), &visit_of(request)->actor, request->arena, &definitions, &count,
		&request->err));
	set_definitions(request, view, definitions, count);
	view_set(view, "to_text", is_post ? request_field(request, "to") : STR_NONE);
	view_set(view, "purpose", is_post ? request_field(request, "purpose") : STR_NONE);
	view_set(view, "days",
		is_post ? request_field(request, "days") : arena_printf(request->arena, "%d", DAYS_AT_FIRST));
	view_set(view, "mb",
		is_post ? request_field(request, "mb") : arena_printf(request->arena, "%d", MB_AT_FIRST));
	view_set_number(view, "days_most", LIMIT_INQUIRY_DAYS);
	view_set_number(view, "mb_most", LIMIT_INQUIRY_MB);
	return page_portal(request, response, "request_new", "requests", view);
}

static enum result get_new(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(check_may_ask(request));
	return show_new(request, response, view);
}

/* What is wrong, in the field's words; false when the result is another kind of failure. */
static bool set_wrong(struct request *request, struct response *response, json_t *view, enum result result)
{
	static const struct {
		const char *code, *field, *what;
		int64_t most;
	} all[] = {
		{"inquiry-to", "to", "address_shape", 0},
		{"inquiry-internal", "to", "to_internal", 0},
		{"inquiry-purpose", "purpose", "purpose_missing", 0},
		{"inquiry-days", "days", "number_between", LIMIT_INQUIRY_DAYS},
		{"inquiry-mb", "mb", "number_between", LIMIT_INQUIRY_MB},
		{"inquiry-definition", "definition", "definition_gone", 0},
	};

	if (result == RESULT_BUSY) {
		page_problem_too_often(request, response, view, "to");
		return true;
	}
	for (size_t i = 0; result == RESULT_INVALID && request->err.code && i < COUNT_OF(all); i++)
		if (strcmp(request->err.code, all[i].code) == 0) {
			json_t *values = page_problem(view, response, all[i].field, all[i].what);
			view_set_number(values, "least", 1);
			view_set_number(values, "most", all[i].most);
			return true;
		}
	return false;
}

/* 0 for what is no number, which the verb refuses. */
static int64_t number_of(const struct request *request, const char *field)
{
	uint64_t number;

	return str_to_uint(str_trim(request_field(request, field)), INT32_MAX, &number) ? (int64_t)number : 0;
}

static enum result post_new(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct inquiry_form form = {.to = str_trim(request_field(request, "to")),
		.purpose = request_field(request, "purpose"),
		.days = number_of(request, "days"),
		.mb = number_of(request, "mb")};
	struct id id;

	TRY(check_may_ask(request));
	(void)id_parse(request_field(request, "definition"), &form.definition_id);
	enum result result = inquiry_make(
		flow_of(request), &visit_of(request)->actor, &form, request->now, &id, &request->err);
	if (result != RESULT_OK && set_wrong(request, response, view, result))
		return show_new(request, response, view);
	TRY(result);
	visit_accepted(request);
	response_redirect(response, STR("/requests?made=1"));
	return RESULT_OK;
}

static enum result post_close(struct request *request, struct response *response)
{
	struct id id;

	TRY(page_id(request, &id));
	enum result result =
		inquiry_close(flow_of(request), &visit_of(request)->actor, id, request->now, &request->err);
	/* It ended meanwhile, which is what was wanted. */
	if (result != RESULT_CONFLICT)
		TRY(result);
	response_redirect(response, STR("/requests"));
	return RESULT_OK;
}

static const struct route_parameter list_parameters[] = {
	{PARAMETER_QUERY, "made", 1, 0, "a request was just sent"},
	{0},
};

static const struct route_parameter new_parameters[] = {
	{PARAMETER_FIELD, "to", LIMIT_ADDRESS_BYTES, 0, "who is asked"},
	{PARAMETER_FIELD, "purpose", 4 * LIMIT_INQUIRY_PURPOSE_BYTES, 0, "what for"},
	{PARAMETER_FIELD, "days", NUMBER_BYTES, 0, "how long it can be answered"},
	{PARAMETER_FIELD, "mb", NUMBER_BYTES, 0, "how much may be sent in all"},
	{PARAMETER_FIELD, "definition", ID_TEXT_LEN, 0, "what answers are sent with"},
	{0},
};

static const struct route_parameter id_only[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the request"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/requests", RIGHTS_SIGNED_IN, list_parameters, get_requests, NULL,
		"What the person asked of others, with what came"},
	{METHOD_GET, "/requests/new", RIGHTS_SIGNED_IN, NULL, get_new, NULL, "The form for a new request"},
	{METHOD_POST, "/requests/new", RIGHTS_SIGNED_IN, new_parameters, post_new, NULL,
		"Asks somebody outside for a message or files"},
	{METHOD_POST, "/requests/{id}/close", RIGHTS_SIGNED_IN, id_only, post_close, NULL,
		"Ends a request before its time"},
};

const struct route_table portal_routes_ask = {rows, COUNT_OF(rows)};
