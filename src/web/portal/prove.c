/* Asks whoever is signed in to show anew who it is, before something changes how the person signs in. What
 * was to be done waits in the page's forms and is done afterwards, so that nothing is lost. */
#include "web/portal/prove.h"

#include "base/buf.h"
#include "base/limits.h"
#include "flow/proof.h"
#include "web/portal/page.h"

#include <string.h>

#define CODE_FIELD_BYTES 40
#define PENDING_FIELDS 20
#define PENDING_BYTES (128 << 10) /* a new passkey with certificates, encoded once more */

/* What is to be done afterwards: a page to show, or a form that was sent to that path. */
struct waiting {
	struct str next;
	struct str form; /* its fields, urlencoded, or empty */
};

static enum proof_need need_of(struct str path)
{
	return str_starts(path, STR("/settings/second-factor")) ? PROOF_WITHOUT_FACTOR : PROOF_WHOLE;
}

static struct waiting waiting_of(struct request *request)
{
	return (struct waiting){request_local_path(request_field(request, "next"), STR("/settings")),
		request_field(request, "form")};
}

static enum result show(
	struct request *request, struct response *response, const struct waiting *waiting, json_t *view)
{
	struct visit *visit = visit_of(request);
	struct proof_ways ways;

	TRY(proof_ways_of(flow_of(request), &visit->actor, need_of(waiting->next), request->arena, &ways,
		&request->err));
	visit->return_path = arena_printf(
		request->arena, "/prove?next=%.*s", STR_ARG(percent_encode(request->arena, waiting->next)));
	view_set(view, "shown_address", ways.address);
	view_set_flag(view, "by_password", ways.by_password);
	view_set_flag(view, "by_passkey", ways.by_passkey);
	view_set_flag(view, "asks_factor", ways.asks_factor);
	view_set_number(view, "minutes", LIMIT_CODE_MS / MS_MINUTE);
	view_set(view, "next", waiting->next);
	view_set(view, "form", waiting->form);
	return page_door(request, response, "prove", view);
}

static enum result get_prove(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct waiting waiting = {
		request_local_path(request_query(request, "next"), STR("/settings")), STR_NONE};

	return show(request, response, &waiting, view);
}

static struct str encode_fields(struct request *request)
{
	cleanup(buf_done) struct buf text = buf_new(PENDING_BYTES);

	for (size_t i = 0; i < request->fields.count; i++) {
		const struct pair *pair = &request->fields.items[i];
		if (!str_equal(pair->name, STR("csrf")))
			buf_printf(&text, "%s%.*s=%.*s", text.len ? "&" : "",
				STR_ARG(percent_encode(request->arena, pair->name)),
				STR_ARG(percent_encode(request->arena, pair->value)));
	}
	/* Of a form without fields the path is what counts. */
	return text.len ? arena_str(request->arena, buf_str(&text)) : STR("none=");
}

enum result prove_first(struct request *request, struct response *response, bool *ret_asks)
{
	const struct visit *visit = visit_of(request);

	TRY(proof_is_due(flow_of(request), &visit->actor, need_of(request->path), request->now, ret_asks,
		&request->err));
	if (!*ret_asks)
		return RESULT_OK;
	if (request->method == METHOD_GET) {
		response_redirect(
			response, arena_printf(request->arena, "/prove?next=%.*s",
					  STR_ARG(percent_encode(request->arena, request->target))));
		return RESULT_OK;
	}
	cleanup(json_decrefp) json_t *view = json_object();
	struct waiting waiting = {request->path, encode_fields(request)};
	response->status = 403;
	return show(request, response, &waiting, view);
}

/* The form that waited is sent to its page as if it came now. */
static enum result send_form(
	struct request *request, struct response *response, const struct waiting *waiting)
{
	struct segments path;
	struct str allow;

	TRY(urlencoded_parse(request->arena, waiting->form, PENDING_FIELDS, &request->fields));
	TRY(path_parse(request->arena, waiting->next, &path));
	enum result found = router_find(visit_of(request)->portal->router, request->arena, METHOD_POST, &path,
		&request->route, &request->parameters, &allow);
	if (found != RESULT_OK || !prove_is_asked(request->route->rights) || request->route->open_sink)
		return err_set(&request->err, RESULT_INVALID, "this form waits for no proof");
	request->path = waiting->next;
	TRY(route_keep_fields(request->route, request));
	visit_of(request)->return_path = STR_NONE;
	return request->route->handler(request, response);
}

static enum result go_on(struct request *request, struct response *response, const struct waiting *waiting)
{
	if (waiting->form.len)
		return send_form(request, response, waiting);
	response_redirect(response, waiting->next);
	return RESULT_OK;
}

static void set_code_problem(
	struct request *request, struct response *response, json_t *view, enum result result)
{
	uint64_t tries = 0;
	const char *what = result == RESULT_DENIED ? "code_wrong" : "code_used_up";

	(void)str_to_uint(str_of(request->err.text), LIMIT_CODE_TRIES, &tries);
	view_set_number(page_problem(view, response, "code", what), "tries", (int64_t)tries);
}

/* What was shown before, with what was wrong at which field. */
static enum result refuse(struct request *request, struct response *response, const struct waiting *waiting,
	const char *field, enum result result)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const char *code = request->err.code ? request->err.code : "";
	bool by_code = strcmp(field, "code") == 0;
	struct str name = by_code ? STR("factor_code") : STR("factor");

	view_set_flag(view, "was_sent", by_code);
	if (result == RESULT_BUSY)
		page_problem_too_often(request, response, view, field);
	else if (strcmp(code, "factor-wrong") == 0)
		(void)page_problem(view, response, name.ptr, "factor_wrong");
	else if (strcmp(code, "passkey-wrong") == 0)
		(void)page_problem(view, response, field, "passkey_wrong");
	else if (by_code)
		set_code_problem(request, response, view, result);
	else
		(void)page_problem(view, response, field, "proof_password_wrong");
	return show(request, response, waiting, view);
}

static bool is_refusal(enum result result)
{
	return result == RESULT_DENIED || result == RESULT_BUSY || result == RESULT_GONE ||
	       result == RESULT_NOT_FOUND;
}

static enum result post_password(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct waiting waiting = waiting_of(request);
	struct proof_given given = {.need = need_of(waiting.next),
		.password = request_field(request, "password"),
		.factor = request_field(request, "factor")};

	enum result result = proof_by_password(
		flow_of(request), &visit->actor, &visit->visitor, &given, request->now, &request->err);
	if (is_refusal(result))
		return refuse(request, response, &waiting, "password", result);
	TRY(result);
	return go_on(request, response, &waiting);
}

static enum result post_send(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	cleanup(json_decrefp) json_t *view = json_object();
	struct waiting waiting = waiting_of(request);

	enum result result = proof_send_code(
		flow_of(request), &visit->actor, &visit->visitor, request->now, &request->err);
	if (result == RESULT_BUSY)
		return refuse(request, response, &waiting, "code", result);
	TRY(result);
	visit_accepted(request);
	view_set_flag(view, "was_sent", true);
	view_set_flag(view, "was_sent_again", request_field(request, "again").len > 0);
	return show(request, response, &waiting, view);
}

static enum result post_code(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct waiting waiting = waiting_of(request);
	struct proof_given given = {.need = need_of(waiting.next),
		.code = request_field(request, "code"),
		.factor = request_field(request, "factor")};

	enum result result = proof_by_code(
		flow_of(request), &visit->actor, &visit->visitor, &given, request->now, &request->err);
	if (is_refusal(result))
		return refuse(request, response, &waiting, "code", result);
	TRY(result);
	return go_on(request, response, &waiting);
}

static enum result post_passkey(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct waiting waiting = waiting_of(request);
	struct passkey_answer answer;
	enum result result = RESULT_DENIED;

	request->err.code = "passkey-wrong";
	if (page_passkey_answer(request, &answer))
		result = proof_by_passkey(flow_of(request), &visit->actor, &visit->visitor, &answer,
			request->now, &request->err);
	if (is_refusal(result))
		return refuse(request, response, &waiting, "passkey", result);
	TRY(result);
	return go_on(request, response, &waiting);
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

#define WAITING                                                                                              \
	{PARAMETER_FIELD, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards, or the form's"},        \
	{                                                                                                    \
		PARAMETER_FIELD, "form", PENDING_BYTES, 0, "what was sent there and waits, urlencoded"       \
	}
#define FACTOR                                                                                               \
	{                                                                                                    \
		PARAMETER_FIELD, "factor", LIMIT_FACTOR_CODE_BYTES, 0, "a code of the second factor"         \
	}

static const struct route_parameter password_parameters[] = {
	WAITING,
	FACTOR,
	{PARAMETER_FIELD, "password", LIMIT_PASSWORD_BYTES_MAX, 0, "the password"},
	{0},
};

static const struct route_parameter send_parameters[] = {
	WAITING,
	{PARAMETER_FIELD, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route_parameter code_parameters[] = {
	WAITING,
	FACTOR,
	{PARAMETER_FIELD, "code", CODE_FIELD_BYTES, 0, "the code, as people type it"},
	{0},
};

static const struct route_parameter passkey_parameters[] = {
	WAITING,
	PASSKEY_ANSWER_FIELDS,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/prove", RIGHTS_SIGNED_IN, get_parameters, get_prove, NULL,
		"Asks whoever is signed in to show anew who it is"},
	{METHOD_POST, "/prove/password", RIGHTS_SIGNED_IN, password_parameters, post_password, NULL,
		"Shows it by password"},
	{METHOD_POST, "/prove/send-code", RIGHTS_SIGNED_IN, send_parameters, post_send, NULL,
		"Mails a code to show it by"},
	{METHOD_POST, "/prove/code", RIGHTS_SIGNED_IN, code_parameters, post_code, NULL,
		"Shows it by that code"},
	{METHOD_POST, "/prove/passkey", RIGHTS_SIGNED_IN, passkey_parameters, post_passkey, NULL,
		"Shows it by a passkey"},
};

const struct route_table portal_routes_prove = {rows, COUNT_OF(rows)};
