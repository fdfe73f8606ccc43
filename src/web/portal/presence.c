/* Where the person is signed in, which browsers are remembered, and what happened at sign-in. */
#include "web/portal/page.h"

#include "flow/changed.h"
#include "flow/presence.h"

#define HASH_TEXT_LEN 52 /* TOKEN_HASH_BYTES in base 32 */

/* Where something came from, in words. */
static void set_origin(const struct request *request, json_t *item, struct str origin, struct str agent)
{
	view_set_flag(item, "is_here", str_equal(origin, request->client));
	view_set(item, "origin", origin);
	view_set(item, "agent", agent);
}

static void add_sessions(const struct request *request, json_t *view, const struct presence *presence)
{
	const struct visit *visit = visit_of(request);
	struct bytes own = visit->session.session.token_hash;
	json_t *list = view_add_list(view, "sessions");

	for (size_t i = 0; i < presence->session_count; i++) {
		const struct session *session = &presence->sessions[i];
		json_t *item = view_append(list);
		char id[HASH_TEXT_LEN + 1];
		base32_encode(session->token_hash.ptr, session->token_hash.len, id);
		view_set(item, "id", str_of(id));
		set_origin(request, item, session->origin, session->agent);
		view_set_flag(item, "is_current", str_equal(bytes_str(session->token_hash), bytes_str(own)));
		page_set_date(visit, view_add_object(item, "used"), session->used_at);
		page_set_date(visit, view_add_object(item, "begun"), session->created_at);
	}
}

static void add_browsers(const struct request *request, json_t *view, const struct presence *presence)
{
	if (!presence->browser_count)
		return;
	json_t *list = view_add_list(view_add_object(view, "browsers"), "list");
	for (size_t i = 0; i < presence->browser_count; i++) {
		const struct remembered *browser = &presence->browsers[i];
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(browser->id).s));
		set_origin(request, item, browser->origin, browser->agent);
		page_set_date(visit_of(request), view_add_object(item, "used"), browser->used_at);
		page_set_date(visit_of(request), view_add_object(item, "until"), browser->ends_at);
	}
}

/* The word under which the page shows an event, or NULL for one that is none of signing in. */
static const char *word_of(const struct event *event)
{
	static const struct {
		const char *kind, *word;
	} words[] = {{EVENT_SIGNED_IN, "signed_in"}, {EVENT_SIGNED_OUT, "signed_out"},
		{EVENT_PROVED, "proved"}, {EVENT_PERSON_DELETED, "deleted"},
		{EVENT_CODE_REFUSED, "code_refused"}, {EVENT_PASSWORD_REFUSED, "password_refused"},
		{EVENT_FACTOR_REFUSED, "factor_refused"}, {EVENT_BROWSER_FORGOTTEN, "browser_forgotten"},
		{EVENT_PASSKEY_REFUSED, "passkey_refused"}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(event->kind, str_of(words[i].kind)))
			return words[i].word;
	return changed_word(event->kind);
}

static void add_history(const struct request *request, json_t *view, const struct presence *presence)
{
	json_t *list = view_add_list(view, "history");

	for (size_t i = 0; i < presence->history_count; i++) {
		const struct event *event = &presence->history[i];
		const char *word = word_of(event);
		if (!word)
			continue;
		json_t *item = view_append(list);
		view_set_flag(item, word, true);
		set_origin(request, item, event->origin, STR_NONE);
		page_set_date(visit_of(request), item, event->at);
	}
}

static void set_told(const struct request *request, json_t *view)
{
	static const char *const words[] = {"one", "others", "browser"};
	struct str ended = request_query(request, "ended");

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(ended, str_of(words[i])))
			view_set_flag(view_add_object(view, "told"), words[i], true);
}

static enum result get_presence(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct presence presence;

	TRY(presence_read(flow_of(request), &visit_of(request)->actor, request->now, request->arena,
		&presence, &request->err));
	set_told(request, view);
	view_set_flag(view, "has_others", presence.session_count > 1);
	add_sessions(request, view, &presence);
	add_browsers(request, view, &presence);
	add_history(request, view, &presence);
	return page_portal(request, response, "presence", "settings", view);
}

static enum result post_end(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	uint8_t hash[TOKEN_HASH_BYTES];

	if (!base32_decode(request_field(request, "session"), hash, sizeof(hash)))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such session");
	TRY(presence_end(flow_of(request), &visit->actor, (struct bytes){hash, sizeof(hash)}, request->now,
		&request->err));
	response_redirect(response, STR("/settings/sessions?ended=one"));
	return RESULT_OK;
}

static enum result post_end_others(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);

	TRY(presence_end_others(flow_of(request), &visit->actor, visit->token, request->now, &request->err));
	response_redirect(response, STR("/settings/sessions?ended=others"));
	return RESULT_OK;
}

static enum result post_forget(struct request *request, struct response *response)
{
	struct id id;

	if (!id_parse(request_field(request, "browser"), &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such browser");
	TRY(presence_forget(flow_of(request), &visit_of(request)->actor, id, request->now, &request->err));
	response_redirect(response, STR("/settings/sessions?ended=browser"));
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "ended", 7, 0, "what just was: \"one\" session, all \"others\", or a \"browser\""},
	{0},
};

static const struct route_parameter end_parameters[] = {
	{PARAMETER_FIELD, "session", HASH_TEXT_LEN, 0, "the one to end"},
	{0},
};

static const struct route_parameter forget_parameters[] = {
	{PARAMETER_FIELD, "browser", ID_TEXT_LEN, 0, "the remembered one"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings/sessions", RIGHTS_SIGNED_IN, get_parameters, get_presence, NULL,
		"Where the person is signed in, remembered browsers, and what happened at sign-in"},
	{METHOD_POST, "/settings/sessions/end", RIGHTS_SIGNED_IN, end_parameters, post_end, NULL,
		"Ends one session of the person"},
	{METHOD_POST, "/settings/sessions/end-others", RIGHTS_SIGNED_IN, NULL, post_end_others, NULL,
		"Ends all other sessions of the person"},
	{METHOD_POST, "/settings/sessions/forget", RIGHTS_SIGNED_IN, forget_parameters, post_forget, NULL,
		"Asks a remembered browser for the second factor again"},
};

const struct route_table portal_routes_presence = {rows, COUNT_OF(rows)};
