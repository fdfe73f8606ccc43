/* Signing in without a link or by password, and signing out. What is shown never tells whether an address is
 * known. */
#include "web/portal/page.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"
#include "flow/passkeys.h"

static enum result get_root(struct request *request, struct response *response)
{
	response_redirect(response, visit_of(request)->is_signed_in ? STR("/inbox") : STR("/sign-in"));
	return RESULT_OK;
}

/* Where to go afterwards is kept by the browser, and forgotten when the page is opened for its own sake. */
static void keep_next(struct request *request, struct response *response)
{
	struct str next = request_local_path(request_query(request, "next"), STR_NONE);

	if (next.len)
		response_cookie(response, COOKIE_NEXT, percent_encode(request->arena, next), NEXT_S);
	else if (request_cookie(request, COOKIE_NEXT).len)
		response_cookie_remove(response, COOKIE_NEXT);
}

static enum result get_sign_in(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	keep_next(request, response);
	view_set(view, "address", STR_NONE);
	view_set_flag(view, "was_signed_out", request_query(request, "out").len > 0);
	view_set_flag(view, "was_deleted", request_query(request, "deleted").len > 0);
	view_set_flag(view, "has_ended", request_query(request, "ended").len > 0);
	view_set(view, "link_id", STR_NONE);
	view_set_flag(view, "has_passkeys", passkeys_rp_id(flow_of(request)).len > 0);
	return page_door(request, response, "sign_in", view);
}

static void set_ways(json_t *view, struct str address)
{
	view_set(view, "address", address);
	view_set(view, "shown_address", address);
	view_set(view, "link_id", STR_NONE);
}

static enum result post_sign_in(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address = str_trim(request_field(request, "address"));

	if (is_address(address)) {
		page_keep_address(request, response, address);
		response_redirect(response, STR("/sign-in/password"));
		return RESULT_OK;
	}
	(void)page_problem(view, response, "address", "address_shape");
	view_set(view, "address", address);
	return page_door(request, response, "sign_in", view);
}

/* The ways to sign in when a link began it: the address stays masked. *ret_address is the whole one. */
static enum result set_ways_of_link(
	struct request *request, json_t *view, struct str link, struct str *ret_address)
{
	struct link_facts *facts = arena_alloc(request->arena, sizeof(*facts));
	struct id id;

	if (!id_parse(link, &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such link");
	TRY(sign_in_link(flow_of(request), id, request->now, request->arena, facts, &request->err));
	visit_set_account(request, &facts->settings);
	view_set(view, "address", STR_NONE);
	view_set(view, "shown_address", format_masked_address(request->arena, facts->address));
	view_set(view, "link_id", str_of(id_text(id).s));
	*ret_address = facts->address;
	return RESULT_OK;
}

static enum result get_password(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str link = request_query(request, "link"), address = page_address(request);

	if (!link.len && !address.len) {
		response_redirect(response, STR("/sign-in"));
		return RESULT_OK;
	}
	if (link.len)
		TRY(set_ways_of_link(request, view, link, &address));
	else
		set_ways(view, address);
	return page_door(request, response, "sign_in_password", view);
}

/* What was shown before, with what was wrong. */
static enum result refuse_password(
	struct request *request, struct response *response, json_t *view, enum result why)
{
	struct str link = request_field(request, "link");

	visit_of(request)->return_path = arena_printf(request->arena, "/sign-in/password%s%.*s",
		link.len ? "?link=" : "", STR_ARG(percent_encode(request->arena, link)));
	if (why == RESULT_BUSY)
		page_problem_too_often(request, response, view, "password");
	else
		(void)page_problem(view, response, "password", "password_wrong");
	return page_door(request, response, "sign_in_password", view);
}

/* Ends the session that is replaced, and leads to the message, to the page asked for, or to the Inbox (R8).
 */
enum result page_signed_in(struct request *request, struct response *response, const struct sign_in *sign_in)
{
	const struct visit *visit = visit_of(request);
	struct str next = STR_NONE;

	if (visit->is_signed_in)
		TRY(sign_out(flow_of(request), &visit->actor, visit->token, request->now, &request->err));
	if (percent_decode(request->arena, request_cookie(request, COOKIE_NEXT), false, &next) != RESULT_OK)
		next = STR_NONE;
	visit_begin_session(request, response, sign_in);
	if (sign_in->is_inquiry)
		next = arena_printf(request->arena, "/request/%s", id_text(sign_in->copy_id).s);
	else if (!id_is_none(sign_in->copy_id))
		next = arena_printf(request->arena, "/message/%s%s", id_text(sign_in->copy_id).s,
			sign_in->has_password ? "" : "?offer=password");
	next = request_local_path(next, STR("/inbox"));
	if (sign_in->has_choice)
		next = arena_printf(request->arena, "/mailboxes?next=%.*s",
			STR_ARG(percent_encode(request->arena, next)));
	response_redirect(response, next);
	return RESULT_OK;
}

static enum result post_password(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address = request_field(request, "address");
	struct str link = request_field(request, "link");
	struct id copy_id = {0};
	struct sign_in sign_in;
	int64_t begin = clock_monotonic();

	if (link.len) {
		TRY(set_ways_of_link(request, view, link, &address));
		(void)id_parse(link, &copy_id);
	} else {
		set_ways(view, address);
	}
	enum result result = sign_in_by_password(flow_of(request), &visit_of(request)->visitor, address,
		request_field(request, "password"), copy_id, request->now, &sign_in, &request->err);
	if (result == RESULT_DENIED)
		page_answer_evenly(response, begin);
	if (result == RESULT_DENIED || result == RESULT_BUSY)
		return refuse_password(request, response, view, result);
	TRY(result);
	return page_signed_in(request, response, &sign_in);
}

static enum result post_sign_out(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);

	if (visit->is_signed_in)
		TRY(sign_out(flow_of(request), &visit->actor, visit->token, request->now, &request->err));
	response_cookie_remove(response, COOKIE_SESSION);
	if (request_cookie(request, COOKIE_SEARCH).len)
		response_cookie_remove(response, COOKIE_SEARCH);
	response_redirect(response, STR("/sign-in?out=1"));
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{PARAMETER_QUERY, "out", 1, 0, "signing out worked"},
	{PARAMETER_QUERY, "ended", 1, 0, "the session has ended"},
	{PARAMETER_QUERY, "deleted", 1, 0, "the person's account was just deleted"},
	{0},
};

static const struct route_parameter address_parameters[] = {
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the address that messages are sent to"},
	{0},
};

static const struct route_parameter link_parameters[] = {
	{PARAMETER_QUERY, "link", ID_TEXT_LEN, 0, "the notification's link that began it"},
	{0},
};

static const struct route_parameter password_parameters[] = {
	{PARAMETER_FIELD, "address", LIMIT_ADDRESS_BYTES, 0, "the address, or …"},
	{PARAMETER_FIELD, "link", ID_TEXT_LEN, 0, "… the notification's link"},
	{PARAMETER_FIELD, "password", LIMIT_PASSWORD_BYTES_MAX, 0, "the password"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/", RIGHTS_ANYONE, NULL, get_root, NULL, "Leads to the Inbox or to signing in"},
	{METHOD_GET, "/sign-in", RIGHTS_ANYONE, get_parameters, get_sign_in, NULL,
		"Asks for the address to sign in with"},
	{METHOD_POST, "/sign-in", RIGHTS_ANYONE, address_parameters, post_sign_in, NULL,
		"Takes the address and leads to the ways to sign in, the same for any address"},
	{METHOD_GET, "/sign-in/password", RIGHTS_ANYONE, link_parameters, get_password, NULL,
		"Offers the ways to sign in with the address typed in, or of a link"},
	{METHOD_POST, "/sign-in/password", RIGHTS_ANYONE, password_parameters, post_password, NULL,
		"Signs in by password"},
	{METHOD_POST, "/sign-out", RIGHTS_OWN_COOKIES, NULL, post_sign_out, NULL, "Ends the session"},
};

const struct route_table portal_routes_sign_in = {rows, COUNT_OF(rows)};
