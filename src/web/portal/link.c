/* The link of a notification or of a request: what it shows before anybody signed in, and what may be done
 * there. Mail scanners open it too, so a GET only shows. */
#include "web/portal/page.h"

#include "flow/evidence.h"
#include "flow/not_mine.h"
#include "flow/passkeys.h"
#include "flow/shared.h"

static void set_link(struct request *request, json_t *view, const char *id, const struct link_facts *facts)
{
	view_set(view, "id", str_of(id));
	view_set(view, "link_id", str_of(id));
	view_set_flag(view, "has_passkeys", passkeys_rp_id(flow_of(request)).len > 0);
	view_set_flag(view, "is_inquiry", facts->is_inquiry);
	view_set(view, "masked", format_masked_address(request->arena, facts->address));
	view_set_flag(view, "is_shared", facts->is_shared);
	view_set_flag(view, "has_ended", facts->has_ended);
}

/* For who is signed in and uses the shared address that the message came to. */
static enum result set_shared(struct request *request, json_t *view, const struct link_facts *facts)
{
	const struct visit *visit = visit_of(request);
	bool is_open = false;

	if (facts->is_shared && visit->is_signed_in)
		TRY(shared_is_open_to(
			flow_of(request), &visit->actor, facts->person_id, &is_open, &request->err));
	if (is_open)
		view_set(view, "opens_id", str_of(id_text(facts->person_id).s));
	return RESULT_OK;
}

/* Finds the link and makes the page that of its account. */
static enum result open_link(struct request *request, struct id *ret_id, struct link_facts **ret)
{
	struct link_facts *facts = arena_alloc(request->arena, sizeof(*facts));

	TRY(page_id(request, ret_id));
	TRY(sign_in_link(flow_of(request), *ret_id, request->now, request->arena, facts, &request->err));
	visit_set_account(request, &facts->settings);
	visit_of(request)->return_path = arena_printf(request->arena, "/m/%s", id_text(*ret_id).s);
	*ret = facts;
	return RESULT_OK;
}

/* Whether the message is the signed-in person's own. */
static bool is_own(struct request *request, struct id copy_id)
{
	const struct visit *visit = visit_of(request);
	struct open_ended facts;

	return visit->is_signed_in && open_ended(flow_of(request), &visit->actor, copy_id, request->arena,
					      &facts, NULL) == RESULT_OK;
}

/* Weak evidence: nobody signed in. A page that cannot write it down is shown all the same. */
static void note_opened(struct request *request, struct id copy_id, struct id account_id)
{
	struct actor nobody = {.account_id = account_id, .origin = request->client};
	struct err err;

	if (request->is_head)
		return;
	enum result result = evidence_note(
		flow_of(request), &nobody, EVIDENCE_LINK_OPENED, copy_id, STR_NONE, request->now, &err);
	(void)result;
}

static enum result get_link(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct link_facts *facts;
	struct id id;

	TRY(page_id(request, &id));
	if (is_own(request, id)) {
		response_redirect(response, arena_printf(request->arena, "/message/%s", id_text(id).s));
		return RESULT_OK;
	}
	TRY(open_link(request, &id, &facts));
	if (facts->is_inquiry && visit_of(request)->is_signed_in &&
		id_equal(facts->person_id, visit_of(request)->actor.person_id)) {
		response_redirect(response, arena_printf(request->arena, "/request/%s", id_text(id).s));
		return RESULT_OK;
	}
	note_opened(request, id, facts->account_id);
	set_link(request, view, id_text(id).s, facts);
	TRY(set_shared(request, view, facts));
	return page_door(request, response, "link", view);
}

static enum result post_code(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	cleanup(json_decrefp) json_t *view = json_object();
	struct link_facts *facts;
	struct id id;

	TRY(open_link(request, &id, &facts));
	enum result result =
		sign_in_send_code(flow_of(request), id, &visit->visitor, request->now, &request->err);
	if (result == RESULT_BUSY) {
		set_link(request, view, id_text(id).s, facts);
		page_problem_too_often(request, response, view, "send");
		return page_door(request, response, "link", view);
	}
	TRY(result);
	visit_accepted(request);
	response_redirect(response, arena_printf(request->arena, "/sign-in/code?link=%s%s", id_text(id).s,
					    request_field(request, "again").len ? "&again=1" : ""));
	return RESULT_OK;
}

static enum result post_not_mine(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct link_facts *facts;
	struct id id;

	TRY(open_link(request, &id, &facts));
	enum result result = not_mine(flow_of(request), id, request->client, request->now, &request->err);
	if (result == RESULT_BUSY) {
		set_link(request, view, id_text(id).s, facts);
		page_problem_too_often(request, response, view, "not-mine");
		return page_door(request, response, "link", view);
	}
	TRY(result);
	visit_accepted(request);
	return page_door(request, response, "link_not_mine", view);
}

static const struct route_parameter id_only[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the copy that the notification was for"},
	{0},
};

static const struct route_parameter id_and_again[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the copy that the notification was for"},
	{PARAMETER_FIELD, "again", 1, 0, "a code was sent before"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/m/{id}", RIGHTS_ANYONE, id_only, get_link, NULL,
		"The page behind a notification's link: whom it is for, and how to sign in"},
	{METHOD_POST, "/m/{id}/code", RIGHTS_ANYONE, id_and_again, post_code, NULL,
		"Sends a code to the address the notification went to"},
	{METHOD_POST, "/m/{id}/not-mine", RIGHTS_ANYONE, id_only, post_not_mine, NULL,
		"Tells the sender that the address is another person's"},
};

const struct route_table portal_routes_link = {rows, COUNT_OF(rows)};
