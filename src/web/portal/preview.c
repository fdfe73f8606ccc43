/* A file of a message shown as pictures, page by page, or as the words that are in it, without its own bytes
 * ever being in the portal's origin. */
#include "flow/preview.h"

#include "base/clock.h"
#include "base/limits.h"
#include "flow/preview_text.h"
#include "web/portal/content.h"
#include "web/portal/page.h"

#define PAGE_BYTES 4

static enum result find_part(struct request *request, const struct open_message *message,
	const struct mime_part **ret, enum preview_kind *ret_kind)
{
	const struct mime_part *part = content_part(message, request_parameter(request, "path"));

	*ret_kind = part ? preview_kind_of(part) : PREVIEW_NONE;
	*ret = part;
	return *ret_kind == PREVIEW_NONE
		       ? err_set(&request->err, RESULT_NOT_FOUND, "there is no such picture")
		       : RESULT_OK;
}

static void set_shown(
	json_t *view, struct arena *arena, struct str url, uint64_t page, const struct preview_facts *facts)
{
	uint64_t pages = facts->pages;

	if (facts->width) {
		json_t *size = view_add_object(view, "size");
		view_set_number(size, "width", facts->width);
		view_set_number(size, "height", facts->height);
	}
	view_set(view, "picture_url",
		arena_printf(arena, "%.*s/%llu", STR_ARG(url), (unsigned long long)page));
	if (pages < 2)
		return;
	json_t *turning = view_add_object(view, "turning");
	view_set_number(turning, "page", (int64_t)page);
	view_set_number(turning, "pages", (int64_t)pages);
	view_set(turning, "previous_url",
		page > 1 ? arena_printf(arena, "%.*s?page=%llu", STR_ARG(url), (unsigned long long)page - 1)
			 : STR_NONE);
	view_set(turning, "next_url",
		page < pages
			? arena_printf(arena, "%.*s?page=%llu", STR_ARG(url), (unsigned long long)page + 1)
			: STR_NONE);
}

static void set_head(struct request *request, json_t *view, const struct open_message *message,
	const struct mime_part *part)
{
	view_set(view, "name", content_file_name(message, part, request->arena));
	view_set(view, "back_url", content_url_around(request, message, part));
	view_set(view, "file_url",
		arena_printf(request->arena, "/message/%s/file/%.*s", id_text(message->summary.copy.id).s,
			STR_ARG(request_parameter(request, "path"))));
	view_set_flag(view, "is_owner", message->summary.copy.is_owner);
	view_set_flag(view, "can_print", message->summary.copy.is_owner || message->rights.print);
	view_set(view, "picture_url", STR_NONE);
}

/* The text of the mail itself is read on its own page. */
static bool is_text_file(
	const struct open_message *message, const struct mime_part *part, struct arena *arena)
{
	struct content_file *files;

	if (!part || !preview_is_text(part))
		return false;
	if (mime_index_is_inside_message(message->index, (size_t)(part - message->index->parts)))
		return true;
	for (size_t i = 0, count = content_files(message, arena, &files); i < count; i++)
		if (files[i].part == part)
			return true;
	return false;
}

static enum result set_words(struct request *request, json_t *view, const struct open_message *message,
	const struct mime_part *part)
{
	cleanup(buf_done) struct buf words = buf_new(LIMIT_TEXT_SHOWN_BYTES);
	bool cut;
	enum result result = preview_text(message, part, &words, &cut, &request->err);

	if (result == RESULT_INVALID)
		return RESULT_OK; /* the page says so */
	TRY(result);
	TRY(open_still(flow_of(request), &visit_of(request)->actor, message, clock_now(), &request->err));
	TRY(content_note_shown(request, message, part->path));
	json_t *body = view_add_object(view, "body");
	view_set_flag(view, "is_text", true);
	view_set_flag(body, "is_cut", cut);
	content_add_pieces(view_add_list(body, "pieces"), content_without_empty_lines(buf_str(&words)));
	return RESULT_OK;
}

static enum result set_picture(struct request *request, json_t *view, const struct open_message *message)
{
	struct str asked = request_query(request, "page");
	const struct mime_part *part;
	enum preview_kind kind;
	struct preview_facts facts = {.pages = 1};
	uint64_t page = 1;

	TRY(find_part(request, message, &part, &kind));
	if (asked.len && (!str_to_uint(asked, LIMIT_PREVIEW_PAGES, &page) || page < 1))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such page");
	enum result result = kind == PREVIEW_PDF
				     ? preview_find_facts(message, part, page, &facts, &request->err)
				     : RESULT_OK;
	if (result != RESULT_OK && result != RESULT_INVALID && result != RESULT_UNAVAILABLE)
		return result;
	if (result == RESULT_OK && page > facts.pages)
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such page");
	set_head(request, view, message, part);
	if (result == RESULT_OK)
		set_shown(view, request->arena,
			arena_printf(request->arena, "/message/%s/preview/%.*s",
				id_text(message->summary.copy.id).s,
				STR_ARG(request_parameter(request, "path"))),
			page, &facts);
	return RESULT_OK;
}

static enum result get_page(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(json_decrefp) json_t *view = json_object();

	TRY(content_open_message(request, OPEN_READ, &message));
	const struct mime_part *part = content_part(message, request_parameter(request, "path"));
	if (is_text_file(message, part, request->arena)) {
		set_head(request, view, message, part);
		TRY(set_words(request, view, message, part));
	} else {
		TRY(set_picture(request, view, message));
	}
	return page_portal(request, response, "preview", NULL, view);
}

static enum result get_picture(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(buf_done) struct buf picture = buf_new(LIMIT_PREVIEW_BYTES);
	const struct mime_part *part;
	enum preview_kind kind;
	const char *type;
	uint64_t page;

	TRY(content_open_message(request, OPEN_READ, &message));
	TRY(find_part(request, message, &part, &kind));
	if (!str_to_uint(request_parameter(request, "page"), LIMIT_PREVIEW_PAGES, &page))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such page");
	TRY(preview_show(message, part, page, &picture, &type, &request->err));
	/* Making it took a while: a recall meanwhile counts. */
	TRY(open_still(flow_of(request), &visit_of(request)->actor, message, clock_now(), &request->err));
	TRY(content_note_shown(request, message, part->path));
	response_picture(response, type, buf_str(&picture));
	return RESULT_OK;
}

static const struct route_parameter page_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", CONTENT_PATH_BYTES, 0, "path of the part"},
	{PARAMETER_QUERY, "page", PAGE_BYTES, 0, "of a PDF file, from 1 on"},
	{0},
};

static const struct route_parameter picture_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", CONTENT_PATH_BYTES, 0, "path of the part"},
	{PARAMETER_PATH, "page", PAGE_BYTES, 0, "of a PDF file, from 1 on; 1 for pictures"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/preview/{path}", RIGHTS_SIGNED_IN, page_parameters, get_page, NULL,
		"A picture, PDF file or text of the message, shown page by page"},
	{METHOD_GET, "/message/{id}/preview/{path}/{page}", RIGHTS_SIGNED_IN, picture_parameters, get_picture,
		NULL, "The picture of one page; being sent it counts as the file having been viewed"},
};

const struct route_table portal_routes_preview = {rows, COUNT_OF(rows)};
