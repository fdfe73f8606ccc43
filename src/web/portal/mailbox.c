/* Inbox and Sent, page by page: each page begins behind a row, not at a number, so that a page costs the same
 * in any mailbox. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "web/portal/states.h"

/* "1764000000000-<id>" */
static bool parse_cursor(struct str text, bool newer, struct copy_cursor *ret)
{
	struct str rest = text;
	struct str time = str_cut(&rest, '-');
	uint64_t sorted_at;
	struct id id;

	if (!str_to_uint(time, INT64_MAX, &sorted_at) || !id_parse(rest, &id))
		return false;
	*ret = (struct copy_cursor){(int64_t)sorted_at, id, newer};
	return true;
}

/* A place that makes no sense is the newest page. */
static struct copy_cursor cursor_of(const struct request *request)
{
	struct copy_cursor cursor = {0};

	if (!parse_cursor(request_query(request, "after"), false, &cursor))
		(void)parse_cursor(request_query(request, "before"), true, &cursor);
	return cursor;
}

static void set_page_url(const struct request *request, json_t *view, const char *name, const char *folder,
	const struct copy_cursor *cursor)
{
	struct str url = STR_NONE;

	if (!id_is_none(cursor->id))
		url = arena_printf(request->arena, "/%s?%s=%lld-%s", folder,
			cursor->newer ? "before" : "after", (long long)cursor->sorted_at,
			id_text(cursor->id).s);
	view_set(view, name, url);
}

static struct str shown_name(struct open_person person)
{
	return person.name.len ? person.name : person.address;
}

/* Of somebody's own message: the first recipients in words. */
static struct str who_got(const struct request *request, const struct open_summary *row)
{
	struct str who = STR_NONE;
	size_t shown = row->to_count < 3 ? row->to_count : 3;

	for (size_t i = 0; i < shown; i++)
		who = arena_printf(request->arena, "%.*s%s%.*s", STR_ARG(who), i ? ", " : "",
			STR_ARG(shown_name(row->to[i])));
	if (row->to_count > shown)
		who = arena_printf(request->arena, "%.*s, +%zu", STR_ARG(who), row->to_count - shown);
	return who;
}

static void set_row(const struct request *request, json_t *view, const struct open_summary *row)
{
	const struct visit *visit = visit_of(request);
	struct str who = row->copy.is_owner ? who_got(request, row) : shown_name(row->from);

	view_set(view, "url", arena_printf(request->arena, "/message/%s", id_text(row->copy.id).s));
	view_set_flag(view, "is_unread", row->copy.unread && !row->copy.is_owner);
	view_set_flag(view, "is_current", false);
	view_set(view, "who", who);
	view_set(view, "subject", row->subject);
	view_set(view, "snippet", row->snippet);
	page_set_date(visit, view, row->copy.sorted_at);
	states_of_message(visit, view, row, true);
}

static enum result show_folder(
	struct request *request, struct response *response, enum folder folder, const char *name)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct open_folder page;

	TRY(open_folder(flow_of(request), &visit_of(request)->actor, folder, cursor_of(request),
		LIMIT_PAGE_ROWS, request->now, request->arena, &page, &request->err));
	json_t *rows = view_add_list(view, "rows");
	for (size_t i = 0; i < page.count; i++)
		set_row(request, view_append(rows), &page.rows[i]);
	view_set_flag(view, "has_rows", page.count > 0);
	set_page_url(request, view, "newer_url", name, &page.newer);
	set_page_url(request, view, "older_url", name, &page.older);
	return page_portal(request, response, name, name, view);
}

static enum result get_inbox(struct request *request, struct response *response)
{
	return show_folder(request, response, FOLDER_INBOX, "inbox");
}

static enum result get_sent(struct request *request, struct response *response)
{
	return show_folder(request, response, FOLDER_SENT, "sent");
}

static const struct route_parameter parameters[] = {
	{PARAMETER_QUERY, "after", CURSOR_BYTES, 0, "the row before the first one shown"},
	{PARAMETER_QUERY, "before", CURSOR_BYTES, 0, "the row behind the last one shown"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/inbox", RIGHTS_SIGNED_IN, parameters, get_inbox, NULL, "Messages received"},
	{METHOD_GET, "/sent", RIGHTS_SIGNED_IN, parameters, get_sent, NULL, "Messages written"},
};

const struct route_table portal_routes_mailbox = {rows, COUNT_OF(rows)};
