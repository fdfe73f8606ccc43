/* Inbox, Sent and Deleted, page by page: each page begins behind a row, not at a number, so that a page costs the same
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

/* What was just done to messages of the list. */
static void set_told(struct request *request, json_t *view)
{
	static const char *const words[] = {"deleted", "restored", "destroyed", "nothing"};
	struct str told = request_query(request, "told");
	struct id undo;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (!str_equal(told, str_of(words[i])))
			continue;
		json_t *object = view_add_object(view, "list_told");
		view_set_number(object, "count",
			(int64_t)request_query_number(request, "count", LIMIT_CHOSEN_MESSAGES, 0));
		view_set_flag(object, words[i], true);
		if (id_parse(request_query(request, "undo"), &undo))
			view_set(object, "undo", str_of(id_text(undo).s));
	}
}

static enum result read_page(
	struct request *request, enum folder folder, struct copy_cursor from, struct open_folder *ret)
{
	return open_folder(flow_of(request), &visit_of(request)->actor, folder, from, LIMIT_PAGE_ROWS,
		request->now, request->arena, ret, &request->err);
}

static enum result show_folder(struct request *request, struct response *response, enum folder folder)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const char *name = rows_folder_name(folder);
	struct open_folder page;

	TRY(read_page(request, folder, cursor_of(request), &page));
	/* Everything on it was just deleted. */
	if (page.count == 0 && !id_is_none(page.from.id))
		TRY(read_page(request, folder, (struct copy_cursor){0}, &page));
	view_set_flag(view, "has_rows", page.count > 0);
	view_set_flag(view, "can_choose", true);
	rows_set(request, view, &page, name, NULL);
	struct str url = rows_url(request, name, &page.from);
	view_set(view, "list_url", url.len ? url : arena_printf(request->arena, "/%s", name));
	set_told(request, view);
	return page_portal(request, response, name, name, view);
}

static enum result get_inbox(struct request *request, struct response *response)
{
	return show_folder(request, response, FOLDER_INBOX);
}

static enum result get_sent(struct request *request, struct response *response)
{
	return show_folder(request, response, FOLDER_SENT);
}

static enum result get_deleted(struct request *request, struct response *response)
{
	return show_folder(request, response, FOLDER_DELETED);
}

static const struct route_parameter parameters[] = {
	{PARAMETER_QUERY, "after", CURSOR_BYTES, 0, "the row before the first one shown"},
	{PARAMETER_QUERY, "before", CURSOR_BYTES, 0, "the row behind the last one shown"},
	{PARAMETER_QUERY, "told", 10, 0, "what was just done to messages of the list"},
	{PARAMETER_QUERY, "count", 3, 0, "to how many"},
	{PARAMETER_QUERY, "undo", ID_TEXT_LEN, 0, "the one that was deleted"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/inbox", RIGHTS_SIGNED_IN, parameters, get_inbox, NULL, "Messages received"},
	{METHOD_GET, "/sent", RIGHTS_SIGNED_IN, parameters, get_sent, NULL, "Messages written"},
	{METHOD_GET, "/deleted", RIGHTS_SIGNED_IN, parameters, get_deleted, NULL, "Messages deleted"},
};

const struct route_table portal_routes_mailbox = {rows, COUNT_OF(rows)};
