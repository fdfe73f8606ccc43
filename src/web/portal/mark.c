/* Marks messages as read or unread: one from its own page, or many ticked in a list. */
#include "flow/mark.h"
#include "base/limits.h"
#include "web/portal/chosen.h"

static enum result mark(struct request *request, struct response *response, bool unread)
{
	struct id *ids;
	size_t count, done;

	TRY(chosen_read(request, &ids, &count));
	if (count == 0)
		return chosen_back(request, response, "nothing", 0, NULL);
	TRY(mark_copies(flow_of(request), &visit_of(request)->actor, unread, ids, count, request->now, &done,
		&request->err));
	return chosen_back(request, response, unread ? "unread" : "read", done, NULL);
}

static enum result post_read(struct request *request, struct response *response)
{
	return mark(request, response, false);
}

static enum result post_unread(struct request *request, struct response *response)
{
	return mark(request, response, true);
}

static const struct route_parameter parameters[] = {
	CHOSEN_FIELDS,
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/mark-read", RIGHTS_SIGNED_IN, parameters, post_read, NULL, "Marks messages as read"},
	{METHOD_POST, "/mark-unread", RIGHTS_SIGNED_IN, parameters, post_unread, NULL,
		"Marks messages as unread"},
};

const struct route_table portal_routes_mark = {rows, COUNT_OF(rows)};
