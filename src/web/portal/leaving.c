/* What was written waits a moment before it leaves: the page where it can be taken back. */
#include "web/portal/write.h"

#include "flow/compose.h"
#include "flow/leave.h"

#define OUTSIDE_SHOWN 5

static enum result find(struct request *request, struct leave_state *ret)
{
	struct id id;

	TRY(page_id(request, &id));
	return leave_find(
		flow_of(request), &visit_of(request)->actor, id, request->arena, ret, &request->err);
}

/* To the message, or to the list of what was sent when it was deleted since. */
static enum result lead_to_sent(
	struct request *request, struct response *response, const struct leave_state *state, const char *sent)
{
	response_redirect(response, id_is_none(state->copy_id)
					    ? STR("/sent")
					    : arena_printf(request->arena, "/message/%s?sent=%s",
						      id_text(state->copy_id).s, sent));
	return RESULT_OK;
}

static enum result lead_to_draft(
	struct request *request, struct response *response, const struct leave_state *state, bool undone)
{
	response_redirect(response,
		arena_printf(request->arena, "%.*s%s", STR_ARG(write_draft_url(request, &state->text)),
			undone ? "&saved=undone" : ""));
	return RESULT_OK;
}

/* Whom of a new message's recipients the organisation does not know as its own; the first ones by address. */
static enum result show_outside(struct request *request, json_t *view, const struct draft_text *text)
{
	struct compose_message message = {.to = text->to, .cc = text->cc, .bcc = text->bcc};
	struct compose_recipient *recipients;
	size_t count;

	if (!visit_of(request)->session.person.is_internal || write_is_answer(text))
		return RESULT_OK;
	TRY(compose_check(flow_of(request), &visit_of(request)->actor, &message, request->arena, &recipients,
		&count, &request->err));
	json_t *list = view_add_list(view, "outside");
	for (size_t i = 0; i < count && i < OUTSIDE_SHOWN; i++) {
		json_t *item = view_append(list);
		view_set(item, "address", recipients[i].address);
		view_set_flag(item, "is_next", i > 0);
	}
	view_set_number(view, "outside_count", (int64_t)count);
	view_set_flag(view, "has_more", count > OUTSIDE_SHOWN);
	return RESULT_OK;
}

static enum result show(struct request *request, struct response *response, const struct leave_state *state)
{
	cleanup(json_decrefp) json_t *view = json_object();
	const struct draft_text *text = &state->text;
	int64_t left = text->leaves_at - request->now;

	TRY(show_outside(request, view, text));
	view_set(view, "id", str_of(id_text(text->id).s));
	view_set_flag(view, "is_answer", write_is_answer(text));
	view_set(view, "who", text->to.len ? text->to : text->cc.len ? text->cc : text->bcc);
	view_set(view, "subject", text->subject);
	view_set_number(view, "seconds", left > 0 ? (left + MS_SECOND - 1) / MS_SECOND : 0);
	view_set_flag(view, "is_over", left <= 0);
	return page_portal(request, response, "leaving", NULL, view);
}

static enum result get_leaving(struct request *request, struct response *response)
{
	struct leave_state state;

	TRY(find(request, &state));
	if (state.stage == LEAVE_SENT)
		return lead_to_sent(request, response, &state, "1");
	if (state.stage == LEAVE_OPEN)
		return lead_to_draft(request, response, &state, false);
	return show(request, response, &state);
}

static enum result post_undo(struct request *request, struct response *response)
{
	struct leave_state state;
	struct id id;

	TRY(page_id(request, &id));
	enum result result = leave_undo(flow_of(request), &visit_of(request)->actor, id, &request->err);
	if (result != RESULT_CONFLICT)
		TRY(result);
	TRY(find(request, &state));
	return state.stage == LEAVE_SENT ? lead_to_sent(request, response, &state, "late")
					 : lead_to_draft(request, response, &state, true);
}

static enum result post_now(struct request *request, struct response *response)
{
	struct id id;

	TRY(page_id(request, &id));
	TRY(leave_now(flow_of(request), &visit_of(request)->actor, id, request->now, &request->err));
	visit_accepted(request);
	response_redirect(response, arena_printf(request->arena, "/leaving/%s", id_text(id).s));
	return RESULT_OK;
}

static const struct route_parameter id_only[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "a draft of the person's"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/leaving/{id}", RIGHTS_SIGNED_IN, id_only, get_leaving, NULL,
		"What waits a moment before it leaves, or what became of it"},
	{METHOD_POST, "/leaving/{id}/undo", RIGHTS_SIGNED_IN, id_only, post_undo, NULL,
		"Takes it back: it is a draft again"},
	{METHOD_POST, "/leaving/{id}/now", RIGHTS_SIGNED_IN, id_only, post_now, NULL, "Sends it at once"},
};

const struct route_table portal_routes_leaving = {rows, COUNT_OF(rows)};
