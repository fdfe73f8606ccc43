/* Search. What is looked for is confidential and goes into no URL, so into no log and no history: the form's
 * answer puts it into a cookie and leads to the page of results, which can be left and come back to as any
 * other. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "flow/search.h"
#include "web/portal/rows.h"

#include <string.h>

#define SEARCH_S (30 * 60)
#define COOKIE_BYTES (4 * LIMIT_SEARCH_TEXT_BYTES)

/* Each as a field of the form (in_… as a value of the field "in"), and as a letter before the dot in the
 * cookie.
 */
static const struct {
	const char *field;
	char letter;
} marks[] = {{"in_inbox", 'i'}, {"in_sent", 's'}, {"in_deleted", 'd'}, {"unread", 'u'}, {"files", 'f'},
	{"soon", 'e'}};

static struct str cookie_of(struct request *request)
{
	char letters[COUNT_OF(marks) + 1];
	struct str place = request_field(request, "in");
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		struct str name = str_of(marks[i].field);
		bool is_place = str_starts(name, STR("in_"));
		if (is_place ? str_equal(place, str_from(name, 3))
			     : request_field(request, marks[i].field).len > 0)
			letters[count++] = marks[i].letter;
	}
	return arena_printf(request->arena, "%.*s.%.*s", (int)count, letters,
		STR_ARG(percent_encode(request->arena, str_trim(request_field(request, "q")))));
}

static enum result post_search(struct request *request, struct response *response)
{
	response_cookie(response, COOKIE_SEARCH, cookie_of(request), SEARCH_S);
	response_redirect(response, STR("/search"));
	return RESULT_OK;
}

/* *ret_has_any: something is looked for. */
static void read_cookie(struct request *request, json_t *view, struct search *ret, bool *ret_has_any)
{
	struct str rest = str_sub(request_cookie(request, COOKIE_SEARCH), 0, COOKIE_BYTES);
	struct str letters = str_cut(&rest, '.');
	struct str text = STR_NONE;

	if (percent_decode(request->arena, rest, false, &text) != RESULT_OK || !str_is_utf8(text))
		text = STR_NONE;
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		view_set_flag(view, marks[i].field, str_find_char(letters, marks[i].letter) >= 0);
	view_set(view, "q", text);
	*ret = (struct search){.text = text,
		.folder = json_is_true(json_object_get(view, "in_inbox"))     ? FOLDER_INBOX
			  : json_is_true(json_object_get(view, "in_sent"))    ? FOLDER_SENT
			  : json_is_true(json_object_get(view, "in_deleted")) ? FOLDER_DELETED
									      : FOLDER_NONE,
		.unread = json_is_true(json_object_get(view, "unread")),
		.files = json_is_true(json_object_get(view, "files")),
		.ends_soon = json_is_true(json_object_get(view, "soon")),
		.from = rows_cursor(request)};
	*ret_has_any = text.len || ret->unread || ret->files || ret->ends_soon;
}

static enum result get_search(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const struct filters all = {.folder = "search", .sort = ""};
	struct open_folder page = {0};
	struct search search;
	bool has_any, is_cut = false;

	read_cookie(request, view, &search, &has_any);
	if (has_any)
		TRY(search_messages(flow_of(request), &visit_of(request)->actor, &search, LIMIT_PAGE_ROWS,
			request->now, request->arena, &page, &is_cut, &request->err));
	view_set_flag(view, "has_any", has_any);
	view_set_flag(view, "has_rows", page.count > 0);
	view_set_flag(view, "can_choose", true);
	view_set_flag(view, "is_cut", is_cut);
	view_set_number(view, "most", LIMIT_SEARCH_TEXT_BYTES);
	rows_set(request, view, &page, &all, NULL);
	struct str url = rows_url(request, &all, &page.from);
	view_set(view, "list_url", url.len ? url : STR("/search"));
	view_set(view, "newer_url", id_is_none(search.from.id) ? STR_NONE : STR("/search"));
	rows_set_told(request, view);
	return page_portal(request, response, "search", "search", view);
}

static const struct route_parameter get_parameters[] = {
	ROWS_QUERY,
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_FIELD, "q", LIMIT_SEARCH_TEXT_BYTES, 0, "words, all of which a message must have"},
	{PARAMETER_FIELD, "in", 10, 0, "inbox, sent or deleted; otherwise everywhere"},
	{PARAMETER_FIELD, "unread", 1, 0, "unread ones only"},
	{PARAMETER_FIELD, "files", 1, 0, "those with files only"},
	{PARAMETER_FIELD, "soon", 1, 0, "those that end soon only"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/search", RIGHTS_SIGNED_IN, post_parameters, post_search, NULL,
		"Keeps what is searched for in the browser and leads to the results"},
	{METHOD_GET, "/search", RIGHTS_SIGNED_IN, get_parameters, get_search, NULL,
		"Messages found, or the form to look for some"},
};

const struct route_table portal_routes_search = {rows, COUNT_OF(rows)};
