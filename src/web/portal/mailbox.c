/* Inbox and Sent, page by page: each page begins behind a row, not at a number, so that a page costs the same
 * in any mailbox. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "web/portal/rows.h"

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

static enum result show_folder(
	struct request *request, struct response *response, enum folder folder, const char *name)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct open_folder page;

	TRY(open_folder(flow_of(request), &visit_of(request)->actor, folder, cursor_of(request),
		LIMIT_PAGE_ROWS, request->now, request->arena, &page, &request->err));
	view_set_flag(view, "has_rows", page.count > 0);
	rows_set(request, view, &page, name, NULL);
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
