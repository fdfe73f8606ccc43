/* Inbox, Sent and Deleted, page by page: each page begins behind a row, not at a number, so that a page costs
 * the same in any mailbox. */
#include "web/portal/page.h"

#include "base/limits.h"
#include "web/portal/rows.h"

static enum result read_page(struct request *request, enum folder folder, const struct filters *filters,
	struct copy_cursor from, struct open_folder *ret)
{
	return open_folder(flow_of(request), &visit_of(request)->actor, folder, &filters->choice, from,
		LIMIT_PAGE_ROWS, request->now, request->arena, ret, &request->err);
}

static enum result show_folder(struct request *request, struct response *response, enum folder folder)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const char *name = rows_folder_name(folder);
	struct filters filters = filters_read(request, name);
	struct open_folder page;

	TRY(read_page(request, folder, &filters, rows_cursor(request), &page));
	/* Everything on it was just deleted. */
	if (page.count == 0 && !id_is_none(page.from.id))
		TRY(read_page(request, folder, &filters, (struct copy_cursor){0}, &page));
	view_set_flag(view, "has_rows", page.count > 0);
	view_set_flag(view, "can_choose", true);
	rows_set(request, view, &page, &filters, NULL);
	if (page.count || filters_any(&filters))
		filters_set(request, view, &filters);
	view_set_flag(view, "is_filtered", filters_any(&filters));
	struct str url = rows_url(request, &filters, &page.from);
	struct str place = url.len ? url : filters_url(request, name, &filters);
	view_set(view, "list_url", place);
	(void)str_cut(&place, '?');
	view_set(view, "live", arena_printf(request->arena, "folder=%s&%.*s", name, STR_ARG(place)));
	rows_set_told(request, view);
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
	ROWS_QUERY,
	FILTERS_QUERY,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/inbox", RIGHTS_SIGNED_IN, parameters, get_inbox, NULL, "Messages received"},
	{METHOD_GET, "/sent", RIGHTS_SIGNED_IN, parameters, get_sent, NULL, "Messages written"},
	{METHOD_GET, "/deleted", RIGHTS_SIGNED_IN, parameters, get_deleted, NULL, "Messages deleted"},
};

const struct route_table portal_routes_mailbox = {rows, COUNT_OF(rows)};
