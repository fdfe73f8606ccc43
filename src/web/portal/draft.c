/* The folder Drafts, and what scripts save while somebody writes. */
#include "web/portal/write.h"

#include "base/limits.h"
#include "mime/address.h"

#include <string.h>

static enum result get_drafts(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct draft_text *drafts;
	size_t count;

	TRY(draft_folder(
		flow_of(request), &visit_of(request)->actor, request->arena, &drafts, &count, &request->err));
	json_t *list = view_add_list(view, "drafts");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(drafts[i].id).s));
		view_set(item, "url",
			drafts[i].leaves_at
				? arena_printf(request->arena, "/leaving/%s", id_text(drafts[i].id).s)
				: write_draft_url(request, &drafts[i]));
		view_set_flag(item, "is_answer", write_is_answer(&drafts[i]));
		view_set(item, "who", drafts[i].to);
		view_set(item, "subject", drafts[i].subject.len ? drafts[i].subject : drafts[i].about);
		view_set(item, "snippet", drafts[i].text);
		view_set_flag(item, "is_leaving", drafts[i].leaves_at > 0);
		view_set_flag(item, "was_refused", drafts[i].refused_at > 0);
		page_set_date(visit_of(request), item, drafts[i].saved_at);
	}
	view_set_flag(view, "has_rows", count > 0);
	return page_portal(request, response, "drafts", "drafts", view);
}

static enum result post_discard(struct request *request, struct response *response)
{
	struct id id;

	TRY(page_id(request, &id));
	TRY(draft_discard(flow_of(request), &visit_of(request)->actor, id, request->now, &request->err));
	response_redirect(response, STR("/drafts"));
	return RESULT_OK;
}

/* For the script: words for its line, or the result by status. */
static enum result post_draft(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct write_about about;
	struct id form_id;

	if (!id_parse(request_field(request, "form"), &form_id))
		return err_set(&request->err, RESULT_INVALID, "the form has no identifier");
	TRY(write_read_about(request, &about));
	write_take_html(request);
	enum result saved = write_save(request, &visit->actor, form_id, &about, NULL);
	if (saved == RESULT_CONFLICT && request->err.code && strcmp(request->err.code, "draft-newer") == 0) {
		response->status = 409;
		response_text(response, "text/plain; charset=utf-8", STR("newer"));
		return RESULT_OK;
	}
	TRY(saved);
	page_tell_session(request, response);
	response_text(response, "text/plain; charset=utf-8",
		language_format(request->arena, visit->language, "drafts.saved_at",
			{"saved_at", .text = format_time_short(&visit->format, request->now)}));
	return RESULT_OK;
}

static const struct route_parameter id_only[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "a draft of the person's"},
	{0},
};

static const struct route_parameter draft_parameters[] = {
	COMPOSE_PARAMETERS,
	WRITE_PARAMETERS,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/drafts", RIGHTS_SIGNED_IN, NULL, get_drafts, NULL, "What was written and not sent"},
	{METHOD_POST, "/draft", RIGHTS_SIGNED_IN, draft_parameters, post_draft, NULL,
		"Saves what is being written, without files"},
	{METHOD_POST, "/draft/{id}/discard", RIGHTS_SIGNED_IN, id_only, post_discard, NULL,
		"Throws a draft away"},
};

const struct route_table portal_routes_draft = {rows, COUNT_OF(rows)};
