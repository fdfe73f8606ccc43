/* Answering a request: what whoever was asked sees, writes and sends. It goes to the asker alone. */
#include "flow/inquiry.h"

#include "web/portal/write.h"

#include <string.h>

static void set_request(struct request *request, json_t *view, const struct inquiry_facts *facts)
{
	const struct visit *visit = visit_of(request);
	const struct inquiry *inquiry = &facts->inquiry;

	view_set(view, "id", str_of(id_text(inquiry->id).s));
	json_t *asker = view_add_object(view, "asker");
	view_set(asker, "name", facts->asker.name.len ? facts->asker.name : facts->asker.address);
	view_set(asker, "address", facts->asker.address);
	view_set(view, "purpose", facts->purpose);
	view_set(view, "until", format_time_full(&visit->format, inquiry->expires_at));
	if (inquiry->answers)
		view_set_number(view_add_object(view, "answered"), "count", inquiry->answers);
	view_set_flag(view, "has_ended", inquiry_takes_no_more(inquiry, request->now));
}

static int64_t bytes_left(const struct inquiry *inquiry)
{
	int64_t left = inquiry->bytes_max - inquiry->bytes_got;

	return left > 0 ? left : 0;
}

static struct str words_of_left(const struct request *request, const struct inquiry *inquiry)
{
	return format_size(request->arena, visit_of(request)->language, (uint64_t)bytes_left(inquiry));
}

/* The request is read again: what is being answered may have ended, or been answered, meanwhile. */
static enum result show(
	struct request *request, struct response *response, json_t *view, const struct write_target *target)
{
	struct inquiry_facts facts;

	TRY(inquiry_open(flow_of(request), &visit_of(request)->actor, target->about.inquiry_id,
		request->arena, &facts, &request->err));
	const struct inquiry *inquiry = &facts.inquiry;
	set_request(request, view, &facts);
	if (inquiry_takes_no_more(inquiry, request->now)) {
		response->status = 410;
		write_set_kept(request, view);
		return page_portal(request, response, "request", NULL, view);
	}
	write_set_protection(request, view, &facts.definition, facts.definition.expire_days * MS_DAY);
	write_set_fields(request, view);
	TRY(write_set_begin(request, view, true));
	view_set(view, "most", words_of_left(request, inquiry));
	view_set(view, "limit", words_of_left(request, inquiry));
	if (write_was_refused(request, "inquiry-full"))
		view_set(write_add_refused(view, "too_large"), "limit", words_of_left(request, inquiry));
	view_set(view, "limit_bytes", arena_printf(request->arena, "%lld", (long long)bytes_left(inquiry)));
	return page_portal(request, response, "request", NULL, view);
}

static enum result send(struct request *request, const struct write_target *target,
	const struct written *written, struct id form_id, struct id *ret_copy_id)
{
	return inquiry_answer(flow_of(request), &visit_of(request)->actor, target->about.inquiry_id, form_id,
		written, request->now, ret_copy_id, &request->err);
}

/* An ended one says so by itself. */
static bool set_problem(struct request *request, struct response *response, json_t *view, enum result result)
{
	struct inquiry_facts facts;
	struct err ignored = {0};
	struct id id;

	if (result == RESULT_GONE)
		return true;
	if (result != RESULT_TOO_LARGE || !request->err.code ||
		strcmp(request->err.code, "inquiry-full") != 0 || page_id(request, &id) != RESULT_OK ||
		inquiry_open(flow_of(request), &visit_of(request)->actor, id, request->arena, &facts,
			&ignored) != RESULT_OK)
		return false;
	view_set(page_problem(view, response, "files", "too_large"), "limit",
		words_of_left(request, &facts.inquiry));
	return true;
}

static enum result get_asked(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct write_target target = {0};

	/* First: when the request is forgotten its page shows what was written. */
	TRY(write_load_draft(request));
	TRY(page_id(request, &target.about.inquiry_id));
	return show(request, response, view, &target);
}

static enum result post_asked(struct request *request, struct response *response)
{
	struct write_target target = {
		.path = request->path, .send = send, .show = show, .set_problem = set_problem};
	struct inquiry_facts facts;

	TRY(page_id(request, &target.about.inquiry_id));
	TRY(inquiry_open(flow_of(request), &visit_of(request)->actor, target.about.inquiry_id, request->arena,
		&facts, &request->err));
	return write_post(request, response, &target);
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the request"},
	WRITE_GET_PARAMETERS,
	{0},
};

static const struct route_parameter post_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the request"},
	WRITE_PARAMETERS,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/request/{id}", RIGHTS_SIGNED_IN, get_parameters, get_asked, NULL,
		"What the person is asked for, and the form to answer"},
	{METHOD_POST, "/request/{id}", RIGHTS_SIGNED_IN, post_parameters, post_asked, write_open_sink,
		"Answers a request"},
};

const struct route_table portal_routes_asked = {rows, COUNT_OF(rows)};
