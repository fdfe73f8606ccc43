/* The mailboxes of one address in several accounts: chosen after a code proved the address, and from the
 * settings. */
#include "web/portal/page.h"

static enum result get_mailboxes(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct mailbox *mailboxes;
	size_t count;
	bool needs_code;

	TRY(mailbox_list(flow_of(request), visit_of(request)->token, request->now, request->arena, &mailboxes,
		&count, &needs_code, &request->err));
	json_t *list = view_add_list(view, "mailboxes");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(mailboxes[i].person_id).s));
		view_set(item, "name", mailboxes[i].account_name);
		view_set(item, "shared", mailboxes[i].shared);
		view_set_number(item, "unread", mailboxes[i].unread);
		view_set_flag(item, "is_current", mailboxes[i].is_current);
	}
	view_set(view, "next_url", request_local_path(request_query(request, "next"), STR("/inbox")));
	return page_door(request, response, "mailboxes", view);
}

static enum result post_mailbox(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct str next = request_local_path(request_field(request, "next"), STR("/inbox"));
	struct sign_in sign_in;
	struct id id;

	TRY(page_id(request, &id));
	if (!id_equal(id, visit->actor.person_id)) {
		TRY(mailbox_switch(flow_of(request), visit->token, &visit->visitor, id, request->now,
			&sign_in, &request->err));
		visit_begin_session(request, response, &sign_in);
	}
	response_redirect(response, next);
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the mailbox"},
	{PARAMETER_FIELD, "next", LOCAL_PATH_BYTES, 0, "the page to show afterwards"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/mailboxes", RIGHTS_SIGNED_IN, get_parameters, get_mailboxes, NULL,
		"The mailboxes of the person's address, to choose from"},
	{METHOD_POST, "/mailboxes/{id}", RIGHTS_SIGNED_IN, post_parameters, post_mailbox, NULL,
		"Opens another mailbox of the same address"},
};

const struct route_table portal_routes_mailboxes = {rows, COUNT_OF(rows)};
