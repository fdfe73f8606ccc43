/* A message's text and files as fields of its page. */
#include "web/portal/content.h"

#include "base/limits.h"
#include "flow/preview.h"
#include "flow/preview_text.h"
#include "web/portal/page.h"

#define TINY_BYTES 300
#define SMALL_BYTES 1500
#define MEDIUM_BYTES 8000

struct str content_url_around(
	const struct request *request, const struct open_message *message, const struct mime_part *part)
{
	struct id_text id = id_text(message->summary.copy.id);

	for (int at = part->parent; at >= 0; at = message->index->parts[at].parent) {
		const struct mime_part *around = &message->index->parts[at];
		if (mime_part_is_message(around) && around->path.len)
			return arena_printf(
				request->arena, "/message/%s/mail/%.*s", id.s, STR_ARG(around->path));
	}
	return arena_printf(request->arena, "/message/%s", id.s);
}

static const char *opens_as(const struct content_file *file)
{
	if (file->is_mail)
		return "mail";
	return preview_kind_of(file->part) != PREVIEW_NONE || preview_is_text(file->part) ? "preview" : NULL;
}

void content_set_files(
	const struct request *request, json_t *view, const struct open_message *message, bool zip)
{
	const struct visit *visit = visit_of(request);
	struct id_text id = id_text(message->summary.copy.id);
	struct content_file *files;
	size_t count = content_files(message, request->arena, &files);

	if (!count)
		return;
	json_t *list = view_add_list(view_add_object(view, "files"), "list");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "name", files[i].name);
		view_set(item, "type_words", files[i].type_words);
		view_set(item, "size",
			format_size(request->arena, visit->language, files[i].part->decoded_size));
		view_set(item, "url",
			arena_printf(request->arena, "/message/%s/file/%.*s", id.s, STR_ARG(files[i].path)));
		view_set(item, "kind", str_of(files[i].icon));
		const char *opened = opens_as(&files[i]);
		if (opened)
			view_set(item, "open_url",
				arena_printf(request->arena, "/message/%s/%s/%.*s", id.s, opened,
					STR_ARG(files[i].path)));
	}
	if (zip && count > 1)
		view_set(json_object_get(view, "files"), "zip_url",
			arena_printf(request->arena, "/message/%s/files.zip", id.s));
}

/* A frame cannot be as high as its text: that has no origin, so nothing may measure it. Guessed by how long
 * it is; what is longer than any screen scrolls in it, and can be read alone with one scroll. */
static void set_frame_size(json_t *body, const struct open_message *message, struct arena *arena)
{
	const struct mime_part **parts;
	size_t count = mime_index_body(message->index, true, arena, &parts);
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += parts[i]->decoded_size;
	view_set(body, "size",
		bytes < TINY_BYTES     ? STR("tiny")
		: bytes < SMALL_BYTES  ? STR("small")
		: bytes < MEDIUM_BYTES ? STR("medium")
				       : STR("large"));
	view_set_flag(body, "is_long", bytes >= SMALL_BYTES);
}

enum result content_set_body(struct request *request, json_t *view, const struct open_message *message,
	struct str url, bool *ret_is_shown)
{
	cleanup(buf_done) struct buf text = buf_new(LIMIT_TEXT_SHOWN_BYTES);
	json_t *body = view_add_object(view, "body");
	bool cut = false;

	*ret_is_shown = !content_has_html(message, request->arena);
	if (!*ret_is_shown) {
		view_set(body, "frame_url", arena_printf(request->arena, "%.*s/body", STR_ARG(url)));
		set_frame_size(body, message, request->arena);
		return RESULT_OK;
	}
	TRY(open_text(message, request->arena, &text, &cut, &request->err));
	struct str trimmed = content_without_empty_lines(buf_str(&text));
	view_set_flag(body, "is_empty", trimmed.len == 0);
	view_set_flag(body, "is_cut", cut);
	content_add_pieces(view_add_list(body, "pieces"), trimmed);
	return RESULT_OK;
}
