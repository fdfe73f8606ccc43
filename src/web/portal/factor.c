/* The second factor: asked for after the first proof, set up and removed in the settings. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "flow/second_factor.h"
#include "text/qr.h"

#include <string.h>

#define CODES_FIELD_BYTES (RECOVERY_CODES * (RECOVERY_CODE_LEN + 2))

/* Who sets one up: the person signed in, or one whose account asks for it before anything opens. */
static enum result find_self(struct request *request, struct actor *ret, struct str *ret_address)
{
	const struct visit *visit = visit_of(request);
	struct session_facts *facts = arena_alloc(request->arena, sizeof(*facts));

	*ret = visit->actor;
	*ret_address = visit->session.person.address;
	if (visit->is_signed_in)
		return RESULT_OK;
	TRY(second_factor_due(
		flow_of(request), visit->token, request->now, request->arena, facts, &request->err));
	if (facts->session.stage != SESSION_SET_UP_DUE)
		return err_code(&request->err, RESULT_DENIED, "session-ended", "nobody is signed in");
	visit_set_account(request, &facts->settings);
	ret->account_id = facts->person.account_id;
	ret->person_id = facts->person.id;
	ret->session_hash = facts->session.token_hash;
	*ret_address = facts->person.address;
	return RESULT_OK;
}

/* The page to show afterwards: the one that a form or link names, or what signing in was to lead to. */
static struct str next_of(struct request *request, struct str named)
{
	struct str next = STR_NONE;

	if (named.len)
		return request_local_path(named, STR("/settings"));
	if (visit_of(request)->is_signed_in ||
		percent_decode(request->arena, request_cookie(request, COOKIE_NEXT), false, &next) !=
			RESULT_OK)
		next = STR_NONE;
	return request_local_path(next, visit_of(request)->is_signed_in ? STR("/settings") : STR("/inbox"));
}

static void set_problem(struct request *request, struct response *response, json_t *view, enum result result)
{
	if (result == RESULT_BUSY)
		page_problem_too_often(request, response, view, "code");
	else
		(void)page_problem(view, response, "code", "factor_wrong");
}

static bool is_wrong(const struct request *request, enum result result)
{
	return result == RESULT_BUSY || (result == RESULT_DENIED && request->err.code &&
						strcmp(request->err.code, "factor-wrong") == 0);
}

static enum result show_ask(struct request *request, struct response *response, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct session_facts *facts = arena_alloc(request->arena, sizeof(*facts));

	enum result result = second_factor_due(
		flow_of(request), visit->token, request->now, request->arena, facts, &request->err);
	if (result == RESULT_DENIED) {
		response_redirect(response, visit->is_signed_in ? STR("/inbox") : STR("/sign-in?ended=1"));
		return RESULT_OK;
	}
	TRY(result);
	if (facts->session.stage == SESSION_SET_UP_DUE) {
		response_redirect(response, STR("/settings/second-factor"));
		return RESULT_OK;
	}
	visit_set_account(request, &facts->settings);
	view_set(view, "shown_address", facts->person.address);
	view_set_number(view, "days", facts->settings.remember_days);
	return page_door(request, response, "second_factor", view);
}

static enum result get_ask(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	return show_ask(request, response, view);
}

static enum result post_ask(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct str next = next_of(request, STR_NONE);

	enum result result = second_factor_give(flow_of(request), visit->token, &visit->visitor,
		request_field(request, "code"), request_field(request, "remember").len > 0, request->now,
		&request->err);
	if (is_wrong(request, result)) {
		cleanup(json_decrefp) json_t *view = json_object();
		set_problem(request, response, view, result);
		return show_ask(request, response, view);
	}
	if (result == RESULT_DENIED) {
		response_redirect(response, STR("/sign-in?ended=1"));
		return RESULT_OK;
	}
	TRY(result);
	response_cookie_remove(response, COOKIE_NEXT);
	response_redirect(response, next);
	return RESULT_OK;
}

/* What stands, or why one is asked for. */
static enum result show_settings(
	struct request *request, struct response *response, const struct actor *self, json_t *view)
{
	struct factor_facts facts;

	TRY(second_factor_facts(flow_of(request), self, request->arena, &facts, &request->err));
	view_set_flag(view, "is_set", facts.is_set);
	view_set_flag(view, "is_required", facts.is_required);
	view_set_flag(view, "is_first", !visit_of(request)->is_signed_in);
	view_set_number(view, "codes_left", facts.codes_left);
	if (facts.is_set)
		page_set_date(visit_of(request), view, facts.since);
	return page_door(request, response, "second_factor_settings", view);
}

static enum result get_settings(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address;
	struct actor self;

	enum result found = find_self(request, &self, &address);
	if (found == RESULT_DENIED) {
		response_redirect(response, STR("/sign-in?next=/settings/second-factor"));
		return RESULT_OK;
	}
	TRY(found);
	struct str next = request_query(request, "next");
	view_set(view, "next", next.len ? request_local_path(next, STR_NONE) : STR_NONE);
	view_set_flag(view, "was_removed", request_query(request, "removed").len > 0);
	return show_settings(request, response, &self, view);
}

static enum result post_new(struct request *request, struct response *response)
{
	struct str address, next = request_field(request, "next");
	struct actor self;

	TRY(find_self(request, &self, &address));
	enum result result = second_factor_propose(flow_of(request), &self, request->now, &request->err);
	if (result == RESULT_CONFLICT) {
		response_redirect(response, STR("/settings/second-factor"));
		return RESULT_OK;
	}
	TRY(result);
	response_redirect(
		response, arena_printf(request->arena, "/settings/second-factor/new%s%.*s",
				  next.len ? "?next=" : "", STR_ARG(percent_encode(request->arena, next))));
	return RESULT_OK;
}

/* What an app reads: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
static struct str app_url(struct request *request, struct str address, struct str secret)
{
	struct arena *arena = request->arena;
	struct str issuer = percent_encode(arena, visit_of(request)->settings->display_name);

	return arena_printf(arena, "otpauth://totp/%.*s:%.*s?secret=%.*s&issuer=%.*s", STR_ARG(issuer),
		STR_ARG(percent_encode(arena, address)), STR_ARG(secret), STR_ARG(issuer));
}

/* In groups of four, as people read it to themselves. */
static struct str grouped(struct arena *arena, struct str secret)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < secret.len; i += 4)
		text = arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(text), i ? " " : "", STR_ARG(str_sub(secret, i, 4)));
	return text;
}

static enum result show_new(struct request *request, struct response *response, const struct actor *self,
	struct str address, struct str next, json_t *view)
{
	struct str secret;
	struct qr qr;

	enum result result =
		second_factor_proposal(flow_of(request), self, request->arena, &secret, &request->err);
	if (result == RESULT_NOT_FOUND) {
		response_redirect(response, STR("/settings/second-factor"));
		return RESULT_OK;
	}
	TRY(result);
	TRY(qr_make(app_url(request, address, secret), request->arena, &qr, &request->err));
	view_set(view, "qr_path", qr.path);
	view_set_number(view, "qr_size", qr.size);
	view_set(view, "secret", grouped(request->arena, secret));
	view_set(view, "app_url", app_url(request, address, secret));
	view_set(view, "next", next);
	return page_door(request, response, "second_factor_new", view);
}

static enum result get_new(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str address, next = request_query(request, "next");
	struct actor self;

	enum result found = find_self(request, &self, &address);
	if (found == RESULT_DENIED) {
		response_redirect(response, STR("/sign-in"));
		return RESULT_OK;
	}
	TRY(found);
	return show_new(request, response, &self, address, next, view);
}

/* The only time that they are shown. */
static enum result show_codes(struct request *request, struct response *response,
	const struct recovery_codes *codes, struct str next, bool was_set)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct str all = STR_NONE;

	json_t *list = view_add_list(view, "codes");
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		view_set(view_append(list), "code", str_of(codes->codes[i]));
		all = arena_printf(request->arena, "%.*s%s%s", STR_ARG(all), i ? " " : "", codes->codes[i]);
	}
	view_set(view, "all", all);
	view_set_flag(view, "was_set", was_set);
	view_set(view, "next_url", next);
	return page_door(request, response, "recovery_codes", view);
}

static enum result post_confirm(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct str address, next = next_of(request, request_field(request, "next"));
	struct recovery_codes codes;
	struct actor self;

	TRY(find_self(request, &self, &address));
	enum result result = second_factor_confirm(flow_of(request), &self, visit->token, &visit->visitor,
		request_field(request, "code"), request->now, &codes, &request->err);
	if (is_wrong(request, result)) {
		cleanup(json_decrefp) json_t *view = json_object();
		visit_of(request)->return_path = STR("/settings/second-factor/new");
		set_problem(request, response, view, result);
		return show_new(request, response, &self, address, request_field(request, "next"), view);
	}
	if (result == RESULT_CONFLICT) {
		response_redirect(response, STR("/settings/second-factor"));
		return RESULT_OK;
	}
	TRY(result);
	if (!visit->is_signed_in)
		TRY(visit_open_session(request));
	return show_codes(request, response, &codes, next, true);
}

static enum result refuse(struct request *request, struct response *response, enum result result)
{
	cleanup(json_decrefp) json_t *view = json_object();

	if (!is_wrong(request, result))
		return result;
	visit_of(request)->return_path = STR("/settings/second-factor");
	set_problem(request, response, view, result);
	view_set(view, "next", STR_NONE);
	return show_settings(request, response, &visit_of(request)->actor, view);
}

/* One form with two verbs: a code is asked for either way. */
static enum result post_change(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct str code = request_field(request, "code");
	struct recovery_codes codes;
	enum result result;

	if (request_field(request, "remove").len) {
		result = second_factor_remove(flow_of(request), &visit->actor, visit->token, &visit->visitor,
			code, request->now, &request->err);
		if (result != RESULT_OK)
			return refuse(request, response, result);
		response_redirect(response, STR("/settings/second-factor?removed=1"));
		return RESULT_OK;
	}
	result = recovery_codes_renew(
		flow_of(request), &visit->actor, &visit->visitor, code, request->now, &codes, &request->err);
	if (result != RESULT_OK)
		return refuse(request, response, result);
	return show_codes(request, response, &codes, STR("/settings/second-factor"), false);
}

static bool is_code_text(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789- ", text.ptr[i]) || !text.ptr[i])
			return false;
	return text.len > 0;
}

/* The codes that the page showed, sent back by its form as a file: nothing keeps them here. */
static enum result post_file(struct request *request, struct response *response)
{
	struct str codes = request_field(request, "codes"), text;

	if (!is_code_text(codes))
		return err_set(&request->err, RESULT_INVALID, "these are no recovery codes");
	text = arena_printf(
		request->arena, "%.*s\r\n\r\n", STR_ARG(visit_of(request)->settings->display_name));
	while (codes.len) {
		struct str code = str_cut(&codes, ' ');
		text = arena_printf(request->arena, "%.*s%.*s\r\n", STR_ARG(text), STR_ARG(code));
	}
	response_text(response, "text/plain; charset=utf-8", text);
	response->policy = POLICY_FILE;
	response_header(response, "Content-Disposition", STR("attachment; filename=\"recovery-codes.txt\""));
	return RESULT_OK;
}

static const struct route_parameter ask_parameters[] = {
	{PARAMETER_FIELD, "code", LIMIT_FACTOR_CODE_BYTES, 0, "of the app, or a recovery code"},
	{PARAMETER_FIELD, "remember", 1, 0, "ask no more for it in this browser for some days"},
	{0},
};

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{PARAMETER_QUERY, "removed", 1, 0, "the second factor was just removed"},
	{0},
};

static const struct route_parameter new_parameters[] = {
	{PARAMETER_FIELD, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route_parameter shown_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route_parameter confirm_parameters[] = {
	{PARAMETER_FIELD, "code", LIMIT_FACTOR_CODE_BYTES, 0, "the app's first code"},
	{PARAMETER_FIELD, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route_parameter change_parameters[] = {
	{PARAMETER_FIELD, "code", LIMIT_FACTOR_CODE_BYTES, 0, "of the app, or a recovery code"},
	{PARAMETER_FIELD, "remove", 1, 0, "the second factor is to go; otherwise: make new recovery codes"},
	{0},
};

static const struct route_parameter file_parameters[] = {
	{PARAMETER_FIELD, "codes", CODES_FIELD_BYTES, 0, "the recovery codes that the page shows"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/sign-in/second-factor", RIGHTS_ANYONE, NULL, get_ask, NULL,
		"Asks for the second factor of whoever is signing in"},
	{METHOD_POST, "/sign-in/second-factor", RIGHTS_ANYONE, ask_parameters, post_ask, NULL,
		"Signs in by the second factor"},
	{METHOD_GET, "/settings/second-factor", RIGHTS_PROVED_OR_DUE, get_parameters, get_settings, NULL,
		"The person's second factor; also where the account asks for one before anything opens"},
	{METHOD_POST, "/settings/second-factor/new", RIGHTS_PROVED_OR_DUE, new_parameters, post_new, NULL,
		"Makes a secret for an app"},
	{METHOD_GET, "/settings/second-factor/new", RIGHTS_PROVED_OR_DUE, shown_parameters, get_new, NULL,
		"Shows the secret until it is confirmed"},
	{METHOD_POST, "/settings/second-factor/confirm", RIGHTS_PROVED_OR_DUE, confirm_parameters,
		post_confirm, NULL, "Confirms it by a first code, and shows recovery codes"},
	{METHOD_POST, "/settings/second-factor", RIGHTS_PROVED, change_parameters, post_change, NULL,
		"Removes the second factor or makes new recovery codes, by a code"},
	{METHOD_POST, "/settings/second-factor/file", RIGHTS_SIGNED_IN, file_parameters, post_file, NULL,
		"Gives the recovery codes shown as a file"},
};

const struct route_table portal_routes_factor = {rows, COUNT_OF(rows)};
