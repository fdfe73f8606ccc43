#include "web/agent.h"
#include "web/portal/page.h"

#include "base/id.h"
#include "base/limits.h"

#include <assert.h>
#include <string.h>

#define BASE32_TOKEN_LEN 52

static struct str language_cookie(const struct request *request)
{
	return str_sub(request_cookie(request, COOKIE_LANGUAGE), 0, LANGUAGE_BYTES);
}

/* The zone that was chosen, or the browser's, or the account's. */
static const struct zone *zone_of(const struct request *request)
{
	const struct visit *visit = visit_of(request);
	const struct str names[] = {visit->is_signed_in ? visit->session.person.time_zone : STR_NONE,
		request_cookie(request, COOKIE_ZONE),
		visit->settings ? visit->settings->time_zone : STR_NONE};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct zone *found = names[i].len ? zone_find(visit->portal->zones, names[i]) : NULL;
		if (found)
			return found;
	}
	return zone_utc();
}

void visit_set_language(struct request *request)
{
	struct visit *visit = visit_of(request);
	struct str chosen = visit->is_signed_in ? visit->session.person.language : language_cookie(request);
	struct str accept = request_header(request, "accept-language");

	/* The account's language counts when the browser asks for none that we have. */
	if (visit->settings)
		accept = arena_printf(request->arena, "%.*s%s%.*s;q=0.001", STR_ARG(accept),
			accept.len ? "," : "", STR_ARG(visit->settings->language));
	visit->language = language_pick(visit->portal->languages, accept, chosen);
	visit->format = (struct format){request->arena, visit->language, zone_of(request), request->now};
	if (visit->is_signed_in) {
		visit->format.dates = (enum format_dates)visit->session.person.dates.order;
		visit->format.twelve_hours = visit->session.person.dates.twelve_hours;
	}
}

void visit_set_account(struct request *request, const struct account_settings *settings)
{
	visit_of(request)->settings = settings;
	visit_set_language(request);
}

/* The cookie that codes and forms of people who are not signed in are bound to. */
static void find_browser(struct request *request, struct visit *visit)
{
	struct csrf_token fresh;

	visit->browser = request_cookie(request, CSRF_COOKIE);
	if (visit->browser.len == CSRF_TOKEN_LEN)
		return;
	fresh = csrf_new_visit();
	visit->browser = arena_str(request->arena, (struct str){fresh.s, CSRF_TOKEN_LEN});
	visit->browser_is_new = true;
}

static enum result find_session(struct request *request, struct visit *visit)
{
	struct str cookie = request_cookie(request, COOKIE_SESSION);
	uint8_t *token = arena_alloc(request->arena, TOKEN_BYTES);

	if (!cookie.len)
		return RESULT_OK;
	visit->token = (struct bytes){token, TOKEN_BYTES};
	visit->visitor.token = visit->token;
	if (!base32_decode(cookie, token, TOKEN_BYTES)) {
		visit->has_ended = true;
		return RESULT_OK;
	}
	enum result result = session_open(visit->portal->options.flow, visit->token, request->now,
		request->arena, &visit->session, &request->err);
	if (result == RESULT_DENIED) {
		const char *code = request->err.code ? request->err.code : "";
		visit->is_self_due = strcmp(code, "self-due") == 0;
		visit->is_due = visit->is_self_due || strcmp(code, "second-factor") == 0;
		visit->has_ended = !visit->is_due;
		return RESULT_OK;
	}
	TRY(result);
	visit->is_signed_in = true;
	visit->settings = &visit->session.settings;
	visit->actor.account_id = visit->session.session.account_id;
	visit->actor.person_id = visit->session.session.person_id;
	visit->actor.self_id = visit->session.session.self_id;
	visit->actor.session_hash = visit->session.session.token_hash;
	visit->actor.has_second_factor = visit->session.session.proof & PROOF_SECOND;
	return RESULT_OK;
}

void visit_find_late(struct request *request)
{
	struct visit *visit = visit_of(request);
	struct err err = {0};

	if (!visit->has_ended || !visit->token.len ||
		session_late(visit->portal->options.flow, visit->token, request->now, &visit->late, &err) !=
			RESULT_OK)
		return;
	visit->late.origin = request->client;
	visit->late_secret = csrf_secret_of(request_cookie(request, COOKIE_SESSION));
}

static struct bytes device_cookie(struct request *request)
{
	uint8_t *device = arena_alloc(request->arena, TOKEN_BYTES);

	if (!base32_decode(request_cookie(request, COOKIE_DEVICE), device, TOKEN_BYTES))
		return (struct bytes){0};
	return (struct bytes){device, TOKEN_BYTES};
}

static struct visit *new_visit(struct request *request)
{
	struct visit *visit = arena_alloc(request->arena, sizeof(*visit));

	visit->portal = request->app;
	visit->actor.origin = request->client;
	request->state = visit;
	find_browser(request, visit);
	visit->visitor = (struct visitor){.browser = str_bytes(visit->browser),
		.device = device_cookie(request),
		.origin = request->client,
		.agent = agent_words(request_header(request, "user-agent"), request->arena)};
	return visit;
}

struct visit *visit_minimal(struct request *request)
{
	struct visit *visit = new_visit(request);

	visit->secret = csrf_secret_of(visit->browser);
	visit_set_language(request);
	return visit;
}

/* Before anybody signed in, the pages are those of the only account when there is one. */
static void find_only_account(struct request *request, struct visit *visit)
{
	struct account_settings *settings = arena_alloc(request->arena, sizeof(*settings));
	struct err err;

	if (sign_in_only_account(visit->portal->options.flow, request->arena, settings, &err) == RESULT_OK)
		visit->settings = settings;
}

enum result visit_begin(struct request *request, struct visit **ret)
{
	struct visit *visit = new_visit(request);

	enum result result = find_session(request, visit);
	visit->secret = csrf_secret_of(
		visit->is_signed_in ? request_cookie(request, COOKIE_SESSION) : visit->browser);
	if (result == RESULT_OK && !visit->is_signed_in)
		find_only_account(request, visit);
	visit_set_language(request);
	TRY(result);
	visit->is_looked_up = true;
	*ret = visit;
	return RESULT_OK;
}

enum result visit_open_session(struct request *request)
{
	struct visit *visit = visit_of(request);

	TRY(find_session(request, visit));
	visit->secret = csrf_secret_of(request_cookie(request, COOKIE_SESSION));
	visit_set_language(request);
	return RESULT_OK;
}

struct visit *visit_of(const struct request *request)
{
	return request->state;
}

struct flow *flow_of(const struct request *request)
{
	return visit_of(request)->portal->options.flow;
}

void visit_accepted(const struct request *request)
{
	const struct portal_options *options = &visit_of(request)->portal->options;

	if (options->accepted)
		options->accepted(options->accepted_context);
}

struct str visit_csrf(const struct request *request)
{
	struct csrf_token token = csrf_token(&visit_of(request)->secret, STR(CSRF_FORM));

	return arena_str(request->arena, (struct str){token.s, CSRF_TOKEN_LEN});
}

bool visit_csrf_is_right(const struct visit *visit, struct str token)
{
	return csrf_check(&visit->secret, STR(CSRF_FORM), token);
}

void visit_begin_session(struct request *request, struct response *response, const struct sign_in *sign_in)
{
	char token[BASE32_TOKEN_LEN + 1];

	static_assert((TOKEN_BYTES * 8 + 4) / 5 == BASE32_TOKEN_LEN, "a token in base 32");
	base32_encode(sign_in->token, TOKEN_BYTES, token);
	response_cookie(response, COOKIE_SESSION, (struct str){token, BASE32_TOKEN_LEN}, 0);
	base32_encode(sign_in->device, TOKEN_BYTES, token);
	response_cookie(
		response, COOKIE_DEVICE, (struct str){token, BASE32_TOKEN_LEN}, LIMIT_DEVICE_MS / MS_SECOND);
	if (request_cookie(request, COOKIE_NEXT).len)
		response_cookie_remove(response, COOKIE_NEXT);
	if (request_cookie(request, COOKIE_ADDRESS).len)
		response_cookie_remove(response, COOKIE_ADDRESS);
	if (request_cookie(request, COOKIE_SEARCH).len)
		response_cookie_remove(response, COOKIE_SEARCH);
}
