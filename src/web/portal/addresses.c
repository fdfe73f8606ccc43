/* Settings: the person's addresses, and adding one by a code that is mailed to it. */
#include "web/portal/addresses.h"

#include "flow/addresses.h"
#include "flow/shared.h"
#include "web/portal/page.h"

#include "base/clock.h"
#include "base/limits.h"

#include <string.h>

#define CODE_FIELD_BYTES 40

/* What a refusal is called on the page. */
static const char *problem_of(const struct request *request, const char *other)
{
	static const struct {
		const char *code, *problem;
	} names[] = {{"address-shape", "address_shape"}, {"address-own", "address_own"},
		{"address-internal", "address_internal"}, {"address-has-others", "address_has_others"},
		{"shared-full", "shared_full"}, {"address-protected", "address_protected"},
		{"address-entered", "address_entered"}, {"addresses-full", "addresses_full"},
		{"code-wrong", "code_wrong"}, {"code-used-up", "code_used_up"}};

	for (size_t i = 0; request->err.code && i < COUNT_OF(names); i++)
		if (strcmp(request->err.code, names[i].code) == 0)
			return names[i].problem;
	return other;
}

static bool is_refusal(enum result result)
{
	return result == RESULT_INVALID || result == RESULT_CONFLICT || result == RESULT_DENIED ||
	       result == RESULT_GONE || result == RESULT_BUSY;
}

static void set_problem(struct request *request, struct response *response, json_t *view, const char *field,
	enum result result)
{
	uint64_t tries = 0;

	if (result == RESULT_BUSY) {
		page_problem_too_often(request, response, view, field);
		return;
	}
	(void)str_to_uint(str_of(request->err.text), LIMIT_CODE_TRIES, &tries);
	json_t *values = page_problem(view, response, field, problem_of(request, "code_used_up"));
	view_set_number(values, "tries", (int64_t)tries);
	view_set_number(values, "most",
		request->err.code && strcmp(request->err.code, "shared-full") == 0 ? LIMIT_SHARED_MEMBERS
										   : LIMIT_ADDRESSES);
}

/* With the people who use them, too. */
static enum result add_shared(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct shared_address *shared;
	size_t count;

	TRY(shared_list(flow_of(request), &visit->actor, request->arena, &shared, &count, &request->err));
	json_t *list = view_add_list(view, "several");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		json_t *people = view_add_list(item, "people");
		view_set(item, "id", str_of(id_text(shared[i].id).s));
		view_set(item, "address", shared[i].address);
		view_set_flag(item, "is_open", id_equal(shared[i].id, visit->actor.person_id));
		for (size_t j = 0; j < shared[i].count; j++) {
			json_t *person = view_append(people);
			view_set(person, "person_id", str_of(id_text(shared[i].people[j].id).s));
			view_set(person, "called", shared[i].people[j].name);
			view_set(person, "own_address", shared[i].people[j].address);
			view_set_flag(person, "is_self", shared[i].people[j].is_self);
		}
	}
	return RESULT_OK;
}

static enum result show_list(struct request *request, struct response *response, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct address_facts *facts;
	size_t count;

	if (visit->session.person.is_internal)
		return err_set(&request->err, RESULT_NOT_FOUND, "their administrator keeps their addresses");
	TRY(addresses_list(flow_of(request), &visit->actor, request->arena, &facts, &count, &request->err));
	visit_of(request)->return_path = STR("/settings/addresses");
	json_t *list = view_add_list(view, "addresses");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(facts[i].id).s));
		view_set(item, "address", facts[i].address);
		view_set_flag(item, "is_main", facts[i].is_main);
		view_set_flag(item, "is_entered", facts[i].is_entered);
		view_set_flag(item, "may_share", !facts[i].is_main || count == 1);
	}
	TRY(add_shared(request, view));
	return page_portal(request, response, "addresses", "settings", view);
}

enum result addresses_refuse(struct request *request, struct response *response, enum result result)
{
	cleanup(json_decrefp) json_t *view = json_object();

	set_problem(request, response, view, "address", result);
	return show_list(request, response, view);
}

static enum result get_addresses(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str told = request_query(request, "told");

	if (str_equal(told, STR("added")) || str_equal(told, STR("removed")) ||
		str_equal(told, STR("shared")) || str_equal(told, STR("left")) ||
		str_equal(told, STR("main")))
		view_set_flag(view_add_object(view, "told"), arena_cstr(request->arena, told), true);
	return show_list(request, response, view);
}

static enum result post_addresses(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const struct visit *visit = visit_of(request);
	struct str address = str_trim(request_field(request, "address"));
	int64_t begin = clock_monotonic();

	enum result result = addresses_ask(
		flow_of(request), &visit->actor, &visit->visitor, address, request->now, &request->err);
	if (is_refusal(result)) {
		view_set(view, "address", address);
		set_problem(request, response, view, "address", result);
		return show_list(request, response, view);
	}
	TRY(result);
	page_answer_evenly(response, begin);
	visit_accepted(request);
	page_keep_address(request, response, address);
	response_redirect(response, request_field(request, "again").len
					    ? STR("/settings/addresses/code?again=1")
					    : STR("/settings/addresses/code"));
	return RESULT_OK;
}

static enum result show_code(
	struct request *request, struct response *response, json_t *view, struct str address)
{
	visit_of(request)->return_path = STR("/settings/addresses/code");
	view_set(view, "address", address);
	view_set_number(view, "minutes", LIMIT_CODE_MS / MS_MINUTE);
	return page_portal(request, response, "address_code", "settings", view);
}

static enum result get_code(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address = page_address(request);

	if (!address.len) {
		response_redirect(response, STR("/settings/addresses"));
		return RESULT_OK;
	}
	view_set_flag(view, "was_sent_again", request_query(request, "again").len > 0);
	return show_code(request, response, view, address);
}

static enum result post_code(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const struct visit *visit = visit_of(request);
	enum address_use use =
		str_equal(request_field(request, "use"), STR("shared")) ? ADDRESS_SHARED : ADDRESS_MINE;
	struct str address;
	bool is_shared;

	enum result result = addresses_prove(flow_of(request), &visit->actor, &visit->visitor,
		request_field(request, "code"), use, request->now, request->arena, &address, &is_shared,
		&request->err);
	if (result == RESULT_NOT_FOUND || is_refusal(result)) {
		set_problem(request, response, view, "code", result);
		view_set_flag(view, "is_for_several", use == ADDRESS_SHARED);
		return show_code(request, response, view, request_field(request, "address"));
	}
	TRY(result);
	response_cookie_remove(response, COOKIE_ADDRESS);
	visit_accepted(request);
	response_redirect(response,
		is_shared ? STR("/settings/addresses?told=shared") : STR("/settings/addresses?told=added"));
	return RESULT_OK;
}

static enum result post_remove(struct request *request, struct response *response)
{
	struct id id;

	if (!id_parse(request_field(request, "id"), &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such address");
	enum result result = addresses_remove(
		flow_of(request), &visit_of(request)->actor, id, request->now, &request->err);
	if (is_refusal(result))
		return addresses_refuse(request, response, result);
	TRY(result);
	response_redirect(response, STR("/settings/addresses?told=removed"));
	return RESULT_OK;
}

static enum result post_main(struct request *request, struct response *response)
{
	struct id id;

	if (!id_parse(request_field(request, "id"), &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such address");
	TRY(addresses_make_main(
		flow_of(request), &visit_of(request)->actor, id, request->now, &request->err));
	visit_accepted(request);
	response_redirect(response, STR("/settings/addresses?told=main"));
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "told", 10, 0, "what was done: added, removed, shared, left, main"},
	{0},
};

static const struct route_parameter add_parameters[] = {
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the address to add"},
	{PARAMETER_FIELD, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route_parameter code_query[] = {
	{PARAMETER_QUERY, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route_parameter code_parameters[] = {
	{PARAMETER_FIELD, "code", CODE_FIELD_BYTES, 0, "the code, as people type it"},
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "where it went, to show it again"},
	{PARAMETER_FIELD, "use", 10, 0, "shared: several people use it; otherwise only this one"},
	{0},
};

static const struct route_parameter remove_parameters[] = {
	{PARAMETER_FIELD, "id", ID_TEXT_LEN, 0, "the address"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings/addresses", RIGHTS_SIGNED_IN, get_parameters, get_addresses, NULL,
		"The person's addresses"},
	{METHOD_POST, "/settings/addresses", RIGHTS_PROVED, add_parameters, post_addresses, NULL,
		"Mails a code to an address that is to be added"},
	{METHOD_GET, "/settings/addresses/code", RIGHTS_SIGNED_IN, code_query, get_code, NULL,
		"Asks for that code"},
	{METHOD_POST, "/settings/addresses/code", RIGHTS_SIGNED_IN, code_parameters, post_code, NULL,
		"Adds the address, by the code, in the browser that asked for it"},
	{METHOD_POST, "/settings/addresses/main", RIGHTS_PROVED, remove_parameters, post_main, NULL,
		"Makes a further address the main one"},
	{METHOD_POST, "/settings/addresses/remove", RIGHTS_PROVED, remove_parameters, post_remove, NULL,
		"Lets an address sign in as itself again"},
};

const struct route_table portal_routes_addresses = {rows, COUNT_OF(rows)};
