/* What changes on a page that is left open, as server-sent events: the count of unread messages, the states
 * of messages that are shown, and that the open message is gone, with who took it away, when and why.
 *
 * No stream is held open: an answer has one event, or none when nothing changed since the last one, and ends;
 * the browser asks again after RETRY_MS. So somebody who is idle costs no thread and no memory here, there is
 * nothing to bound, and what a session or a message lost is seen each time anew. Asking is no use of the
 * session (R7). */
#include "web/portal/content.h"
#include "web/portal/people.h"
#include "web/portal/rows.h"
#include "web/portal/states.h"

#include "base/limits.h"

#include <gnutls/crypto.h>
#include <string.h>

#define RETRY_MS 15000
#define EVENT_BYTES (256 * 1024)
#define VERSION_BYTES 12

static struct str rendered(const struct request *request, const char *template, const json_t *view)
{
	const struct visit *visit = visit_of(request);
	cleanup(buf_done) struct buf out = buf_new(EVENT_BYTES);
	struct err err;

	if (template_render(visit->portal->templates, template, view, visit->language, &out, &err) !=
		RESULT_OK)
		return STR_NONE;
	return arena_str(request->arena, buf_str(&out));
}

static enum result set_counts(struct request *request, json_t *event)
{
	struct open_self self;

	TRY(open_self(flow_of(request), &visit_of(request)->actor, request->arena, &self, &request->err));
	view_set_number(event, "unread", self.inbox.unread);
	cleanup(json_decrefp) json_t *view = json_object();
	view_set_number(view_add_object(view, "inbox"), "count", self.inbox.unread);
	view_set(event, "count", str_trim(rendered(request, "inbox_count", view)));
	return RESULT_OK;
}

/* The page that says why, from which the script takes what it shows instead. */
static void set_gone(struct request *request, json_t *event, struct id id)
{
	struct visit *visit = visit_of(request);
	struct response page;
	struct err err;

	if (open_ended(flow_of(request), &visit->actor, id, request->arena, &visit->ended, &err) != RESULT_OK)
		visit->ended = (struct open_ended){0};
	response_init(&page, request->arena);
	page.status = 410;
	page_error(request, &page, RESULT_GONE);
	view_set(event, "gone", arena_str(request->arena, buf_str(&page.body)));
	response_done(&page);
}

static void set_states(const struct request *request, json_t *event, const struct open_message *message)
{
	const struct visit *visit = visit_of(request);
	cleanup(json_decrefp) json_t *view = json_object();
	json_t *list = json_array();

	states_of_opened(visit, view, message);
	view_set(event, "states", rendered(request, "state", view));
	struct people_page page = people_page_of(request, "own", message->recipient_count);
	for (size_t i = page.from; i < page.to; i++) {
		cleanup(json_decrefp) json_t *item = json_object();
		states_of_recipient(visit, item, message, &message->recipients[i]);
		(void)json_array_append_new(list, view_string(rendered(request, "state", item)));
	}
	(void)json_object_set_new(event, "recipients", list);
}

/* Of one's own message what became of it; of another's whether it is still there, which is asked without
 * opening it. */
static enum result set_message(struct request *request, json_t *event)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	const struct actor *actor = &visit_of(request)->actor;
	struct id id;

	if (!id_parse(request_query(request, "message"), &id))
		return RESULT_OK;
	enum result result = open_is_there(flow_of(request), actor, id, request->now, &request->err);
	if (result == RESULT_GONE)
		set_gone(request, event, id);
	if (result != RESULT_OK || !request_query(request, "own").len)
		return result == RESULT_UNAVAILABLE || result == RESULT_INTERNAL ? result : RESULT_OK;
	TRY(open_message(flow_of(request), actor, id, OPEN_READ, request->now, &message, &request->err));
	if (message->summary.copy.is_owner)
		set_states(request, event, message);
	return RESULT_OK;
}

/* The rows of the page of a folder, in their order. */
static enum result set_rows(struct request *request, json_t *event)
{
	static const enum folder folders[] = {FOLDER_INBOX, FOLDER_SENT, FOLDER_DELETED};
	struct str name = request_query(request, "folder");
	struct open_folder page;

	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		struct filters filters = filters_read(request, rows_folder_name(folders[i]));
		if (!str_equal(name, str_of(filters.folder)))
			continue;
		TRY(open_folder(flow_of(request), &visit_of(request)->actor, folders[i], &filters.choice,
			rows_cursor(request), LIMIT_PAGE_ROWS, request->now, request->arena, &page,
			&request->err));
		json_t *list = view_add_list(event, "rows");
		for (size_t row = 0; row < page.count; row++) {
			json_t *item = view_append(list);
			cleanup(json_decrefp) json_t *view = json_object();
			states_of_message(visit_of(request), view, &page.rows[row], true);
			view_set(item, "id", str_of(id_text(page.rows[row].copy.id).s));
			view_set(item, "states", rendered(request, "state", view));
		}
	}
	return RESULT_OK;
}

/* The event with its version, by which the browser says what it has; nothing when it has that. */
static void write_event(const struct request *request, struct buf *out, const json_t *event)
{
	uint8_t hash[32];
	char version[2 * VERSION_BYTES];
	char *text = json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return;
	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), hash);
	base32_encode(hash, VERSION_BYTES, version);
	if (!str_equal(request_header(request, "last-event-id"), str_of(version)))
		buf_printf(out, "id: %s\ndata: %s\n\n", version, text);
	free(text);
}

static enum result get_live(struct request *request, struct response *response)
{
	cleanup(buf_done) struct buf out = buf_new(EVENT_BYTES);
	cleanup(json_decrefp) json_t *event = json_object();

	buf_printf(&out, "retry: %d\n\n", RETRY_MS);
	if (visit_of(request)->is_signed_in) {
		TRY(set_counts(request, event));
		TRY(set_message(request, event));
		TRY(set_rows(request, event));
		write_event(request, &out, event);
	} else
		buf_printf(&out, "event: over\ndata: over\n\n");
	response_text(response, "text/event-stream", buf_str(&out));
	/* Kept open until the next time, it would be most of what somebody idle costs. */
	response_header(response, "Connection", STR("close"));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_QUERY, "message", ID_TEXT_LEN, 0, "the message that is open"},
	{PARAMETER_QUERY, "own", 9, 0, "it is one's own: which page of its recipients is shown, from 1"},
	{PARAMETER_QUERY, "folder", 10, 0, "the folder that is open"},
	ROWS_QUERY,
	FILTERS_QUERY,
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/live", RIGHTS_WATCHING, parameters, get_live, NULL,
		"What changed on an open page, as server-sent events"},
};

const struct route_table portal_routes_live = {rows, COUNT_OF(rows)};
