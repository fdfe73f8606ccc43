#include "web/portal/page.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "web/portal/write.h"

#include <stdio.h>
#include <string.h>

/* Longer than a password takes to check, also when a few wait for each other. */
#define BEAT_MS 250

static json_t *account_view(const struct request *request)
{
	const struct account_settings *settings = visit_of(request)->settings;
	json_t *account = json_object();

	view_set(account, "name", settings ? settings->display_name : STR_NONE);
	view_set(account, "help", settings ? settings->help_text : STR_NONE);
	view_set(account, "logo_url",
		settings && settings->logo_file.len
			? arena_printf(request->arena, "/logo/%.*s",
				  STR_ARG(percent_encode(request->arena, settings->logo_file)))
			: STR_NONE);
	/* "#rrggbb" */
	view_set(account, "style_url",
		settings && settings->accent_colour.len == 7
			? arena_printf(request->arena, "/colour/%.*s.css",
				  STR_ARG(str_from(settings->accent_colour, 1)))
			: STR_NONE);
	return account;
}

static void add_languages(const struct visit *visit, json_t *view)
{
	json_t *list = view_add_list(view, "languages");
	const struct language *language;

	for (size_t i = 0; (language = languages_at(visit->portal->languages, i)); i++) {
		if (language_is_pseudo(language) && language != visit->language)
			continue;
		json_t *item = view_append(list);
		view_set(item, "tag", language_tag(language));
		view_set(item, "name", language_name(language));
		view_set_flag(item, "is_current", language == visit->language);
	}
}

/* Where a GET shows this page again, or at least the one that its form was on. */
static struct str return_path(struct request *request)
{
	const struct visit *visit = visit_of(request);
	const struct route *route;
	struct segments path;
	struct pairs parameters;
	struct str allow;

	if (request->method == METHOD_GET)
		return request->target;
	if (visit->return_path.len)
		return visit->return_path;
	if (path_parse(request->arena, request->path, &path) == RESULT_OK &&
		router_find(visit->portal->router, request->arena, METHOD_GET, &path, &route, &parameters,
			&allow) == RESULT_OK)
		return request->path;
	return STR("/");
}

/* Renders and owns nothing: the caller's view gets the common fields. */
static enum result render(struct request *request, struct response *response, const char *template,
	json_t *view, const char *home, json_t *person)
{
	const struct visit *visit = visit_of(request);
	struct view_site site = {visit->portal->templates, visit->portal->assets};
	json_t *account = account_view(request);
	struct view_common common = {
		visit->language, visit_csrf(request), account, person, return_path(request)};

	add_languages(visit, view);
	view_set(view, "home_url", str_of(home));
	if (visit->browser_is_new)
		response_cookie(response, CSRF_COOKIE, visit->browser, 0);
	enum result result = view_render(&site, template, view, &common, request, response);
	json_decref(account);
	return result;
}

enum result page_door(struct request *request, struct response *response, const char *template, json_t *view)
{
	const struct visit *visit = visit_of(request);
	json_t *person = NULL;

	if (visit->is_signed_in) {
		person = json_object();
		view_set(person, "address", visit->session.person.address);
	}
	enum result result =
		render(request, response, template, view, visit->is_signed_in ? "/inbox" : "/", person);
	json_decref(person);
	return result;
}

bool page_may_compose(const struct visit *visit)
{
	const struct session_facts *facts = &visit->session;

	return facts->person.is_internal || facts->settings.outsiders_may_write != OUTSIDERS_WRITE_TO_NOBODY;
}

bool page_may_ask(const struct visit *visit)
{
	return visit->session.person.is_internal && visit->session.settings.requests;
}

/* This request counts as use, so the time begins anew; *ret_is_last: not any more, however it is used. */
static int64_t session_end(const struct session_facts *facts, int64_t now, bool *ret_is_last)
{
	int64_t idle = now + facts->settings.session_idle_minutes * MS_MINUTE;

	*ret_is_last = idle >= facts->session.ends_at;
	return *ret_is_last ? facts->session.ends_at : idle;
}

void page_tell_session(const struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	bool is_last;
	int64_t ends = session_end(&visit->session, request->now, &is_last);

	response_header(response, "Session-Ends", format_clock(&visit->format, ends));
	response_header(response, "Session-Left",
		arena_printf(request->arena, "%lld", (long long)((ends - request->now) / MS_SECOND)));
	if (is_last)
		response_header(response, "Session-Last", STR("1"));
}

static void add_session(const struct visit *visit, json_t *view, int64_t now)
{
	json_t *session = view_add_object(view, "session");
	bool is_last;
	int64_t ends = session_end(&visit->session, now, &is_last);

	view_set_flag(session, "is_last", is_last);
	view_set(session, "ends_clock", format_clock(&visit->format, ends));
	view_set_number(session, "seconds_left", (ends - now) / MS_SECOND);
}

enum result page_portal(struct request *request, struct response *response, const char *template,
	const char *at, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct open_self self;

	TRY(open_self(flow_of(request), &visit->actor, request->arena, &self, &request->err));
	if (at)
		view_set_flag(view, arena_printf(request->arena, "at_%s", at).ptr, true);
	view_set_flag(view, "can_compose", page_may_compose(visit));
	view_set_flag(view, "can_ask", page_may_ask(visit));
	/* A page that shows an unread message makes it read. */
	json_t *inbox = view_add_object(view, "inbox");
	int64_t shown = json_is_true(json_object_get(view, "shows_unread")) ? 1 : 0;
	view_set_number(inbox, "count", self.inbox.unread > shown ? self.inbox.unread - shown : 0);
	view_set_flag(view, "has_keys", !visit->session.person.views.no_keys);
	add_session(visit, view, request->now);
	json_t *person = json_object();
	view_set(person, "address", visit->session.person.address);
	view_set(person, "name", self.name);
	view_set(view, "shared_mailbox", self.shared);
	enum result result = render(request, response, template, view, "/inbox", person);
	json_decref(person);
	return result;
}

json_t *page_problem(json_t *view, struct response *response, const char *field, const char *what)
{
	json_t *problems = json_object_get(view, "problems");
	json_t *list = problems ? json_object_get(problems, "list")
				: view_add_list(view_add_object(view, "problems"), "list");
	json_t *item = view_append(list);
	char name[40];

	response->status = 422;
	view_set(item, "field", str_of(field));
	json_t *values = view_add_object(item, what);
	/* An empty object is shown, an empty list is not; both places have the same one. */
	view_set(values, "field", str_of(field));
	(void)snprintf(name, sizeof(name), "problem_%s", field);
	(void)json_object_set(view_add_object(view, name), what, values);
	return values;
}

void page_problem_wait(
	struct request *request, struct response *response, json_t *view, const char *field, int64_t wait)
{
	json_t *values = page_problem(view, response, field, "too_often");

	view_set(values, "wait", format_duration(request->arena, visit_of(request)->language, wait));
	response_header(
		response, "Retry-After", arena_printf(request->arena, "%lld", (long long)(wait / MS_SECOND)));
	response->status = 429;
}

void page_problem_too_often(
	struct request *request, struct response *response, json_t *view, const char *field)
{
	page_problem_wait(request, response, view, field, MS_HOUR);
}

void page_answer_evenly(struct response *response, int64_t begin)
{
	response->not_before = begin + ((clock_monotonic() - begin) / BEAT_MS + 1) * BEAT_MS;
}

void page_keep_address(struct request *request, struct response *response, struct str address)
{
	response_cookie(response, COOKIE_ADDRESS, percent_encode(request->arena, address), NEXT_S);
}

struct str page_address(struct request *request)
{
	struct str address;

	if (percent_decode(request->arena, request_cookie(request, COOKIE_ADDRESS), false, &address) !=
			RESULT_OK ||
		!is_address(address))
		return STR_NONE;
	return address;
}

enum result page_id(struct request *request, struct id *ret)
{
	if (id_parse(request_parameter(request, "id"), ret))
		return RESULT_OK;
	return err_set(&request->err, RESULT_NOT_FOUND, "there is no such page");
}

void page_set_person(const struct visit *visit, json_t *object, struct open_person person)
{
	view_set(object, "name", person.name);
	view_set(object, "address", person.address);
	view_set_flag(object, "is_me",
		visit->is_signed_in && str_equal_nocase(person.address, visit->session.person.address));
}

void page_set_people(const struct visit *visit, json_t *view, const char *name,
	const struct open_person *people, size_t count)
{
	if (!count)
		return;
	json_t *list = view_add_list(view_add_object(view, name), "people");
	for (size_t i = 0; i < count; i++)
		page_set_person(visit, view_append(list), people[i]);
}

void page_set_date(const struct visit *visit, json_t *view, int64_t when)
{
	json_t *date = view_add_object(view, "date");

	view_set(date, "short", format_time_short(&visit->format, when));
	view_set(date, "full", format_time_full(&visit->format, when));
	view_set(date, "machine", format_time_machine(&visit->format, when));
}

static const char *error_template(int status, const char *code)
{
	static const struct {
		int status;
		const char *code; /* NULL: any */
		const char *template;
	} pages[] = {
		{403, "session-ended", "error/session_ended"},
		{403, "form-old", "error/invalid"},
		{403, "second-factor", "error/second_factor"},
		{403, "access-code", "error/access_code"},
		{403, NULL, "error/denied"},
		{404, NULL, "error/not_found"},
		{405, NULL, "error/method"},
		{409, "shared-full", "error/shared_full"},
		{410, "deleted", "error/deleted"},
		{410, "recalled", "error/recalled"},
		{410, "expired", "error/expired"},
		{410, NULL, "error/gone"},
		{413, NULL, "error/too_large"},
		{429, NULL, "error/busy"},
		{500, NULL, "error/internal"},
		{503, NULL, "error/unavailable"},
	};

	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (pages[i].status == status &&
			(!pages[i].code || (code && strcmp(code, pages[i].code) == 0)))
			return pages[i].template;
	return "error/invalid";
}

static void set_ended(const struct visit *visit, json_t *view)
{
	const struct open_ended *ended = &visit->ended;

	view_set(view, "sender", ended->owner.name.len ? ended->owner.name : ended->owner.address);
	view_set(
		view, "date", ended->ended_at ? format_time_full(&visit->format, ended->ended_at) : STR_NONE);
	view_set_flag(view, "was_own", ended->was_own);
	view_set_flag(view, "by_administrator", ended->by_administrator);
	view_set(view, "reason", ended->reason);
}

void page_error(struct request *request, struct response *response, enum result result)
{
	struct visit *visit = request->state ? request->state : visit_minimal(request);
	const struct portal *portal = visit->portal;
	cleanup(json_decrefp) json_t *view = json_object();
	int status = response->status;

	(void)result;
	set_ended(visit, view);
	/* What is kept is shown to its writer only. */
	view_set_flag(view, "was_kept", visit->late_url.len > 0);
	if (!visit->late_url.len)
		write_set_kept(request, view);
	view_set(view, "factor_url",
		arena_printf(request->arena, "/settings/second-factor?next=%.*s",
			STR_ARG(percent_encode(request->arena, return_path(request)))));
	view_set(view, "back_url", visit->is_signed_in ? STR("/inbox") : STR("/"));
	/* A form with a text has its own page to come back to. */
	struct str back = visit->late_url.len ? visit->late_url : request->path;
	view_set(view, "sign_in_url",
		pairs_get(&request->fields, "text").ptr
			? arena_printf(request->arena, "/sign-in?next=%.*s",
				  STR_ARG(percent_encode(request->arena, back)))
			: STR("/sign-in"));
	bool has_files = request->route && request->route->open_sink;
	view_set(view, "limit",
		format_size(request->arena, visit->language,
			has_files ? (uint64_t)flow_names(portal->options.flow)->mail_bytes_max
				  : LIMIT_HTTP_FORM_BYTES));
	if (page_door(request, response, error_template(status, request->err.code), view) == RESULT_OK)
		return;
	log_error("web", "no error page: %s", request->err.text);
	response_reset(response);
	response->status = status;
	response_text(response, "text/plain; charset=utf-8", str_of(response_reason(status)));
}
