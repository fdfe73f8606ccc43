#include "web/portal/content.h"

#include "base/limits.h"
#include "mime/encode.h"
#include "mime/flowed.h"
#include "mime/html_clean.h"
#include "web/disposition.h"
#include "web/portal/page.h"

/* So that hostile text does not make a page of links only. */
#define LINKS_MAX 1000
#define LINK_BYTES 2000

/* Of all images that stand in the text of one message. */
#define IMAGES_BYTES (4u << 20)

#define WHOLE_MAIL "0"

/* For the page that says why it is gone. */
static void set_ended(struct request *request, struct id copy_id)
{
	struct visit *visit = visit_of(request);
	struct err err;

	if (open_ended(flow_of(request), &visit->actor, copy_id, request->arena, &visit->ended, &err) !=
		RESULT_OK)
		visit->ended = (struct open_ended){0};
}

enum result content_note(
	struct request *request, enum evidence evidence, struct id copy_id, struct str detail)
{
	enum result result = evidence_note(flow_of(request), &visit_of(request)->actor, evidence, copy_id,
		detail, request->now, &request->err);

	if (result == RESULT_GONE)
		set_ended(request, copy_id);
	return result;
}

enum result content_note_shown(struct request *request, const struct open_message *message, struct str path)
{
	const struct copy *copy = &message->summary.copy;

	if (request->is_head || copy->is_owner)
		return RESULT_OK;
	return content_note(request, EVIDENCE_FILE_SHOWN, copy->id, path);
}

enum result content_open_message(struct request *request, enum open_use use, struct open_message **ret)
{
	struct id id;

	TRY(page_id(request, &id));
	enum result result = open_message(
		flow_of(request), &visit_of(request)->actor, id, use, request->now, ret, &request->err);
	if (result == RESULT_GONE)
		set_ended(request, id);
	return result;
}

bool content_has_html(const struct open_message *message, struct arena *arena)
{
	const struct mime_part **parts;
	size_t count = mime_index_body(message->index, true, arena, &parts);

	for (size_t i = 0; i < count; i++)
		if (str_equal(parts[i]->type, STR("text/html")))
			return true;
	return false;
}

struct str content_without_empty_lines(struct str text)
{
	struct str trimmed = str_trim(text);
	size_t begin = trimmed.len ? (size_t)(trimmed.ptr - text.ptr) : 0;

	while (begin > 0 && text.ptr[begin - 1] != '\n')
		begin--;
	return trimmed.len ? (struct str){text.ptr + begin,
				     (size_t)(trimmed.ptr - text.ptr) - begin + trimmed.len}
			   : STR_NONE;
}

/* Images stand in the text itself, as data: its frame has no origin, so a browser would send no session with
 * requests for them. */
struct images {
	const struct open_message *message;
};

static bool is_shown_image(const struct mime_part *part)
{
	static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (part->content_id.len && str_equal(part->type, str_of(types[i])))
			return true;
	return false;
}

/* The first images of a mail, up to IMAGES_BYTES together; the others are listed as files. */
static bool is_within_images(const struct open_message *message, const struct mime_part *part)
{
	uint64_t size = 0;

	for (const struct mime_part *at = message->index->parts; at <= part; at++)
		if (is_shown_image(at))
			size += at->decoded_size;
	return is_shown_image(part) && size <= IMAGES_BYTES;
}

static void add_image(void *context, struct str content_id, struct buf *url)
{
	const struct images *images = context;
	const struct mime_part *part = mime_index_by_content_id(images->message->index, content_id);
	cleanup(buf_done) struct buf data = buf_new(2 * IMAGES_BYTES);
	struct mime_base64 encoder;
	struct err err;

	if (!part || !is_within_images(images->message, part))
		return;
	mime_base64_init(&encoder, writer_of_buf(&data));
	struct writer writer = mime_base64_writer(&encoder);
	if (mime_part_decode(&images->message->content, part, &writer, &err) != RESULT_OK ||
		mime_base64_end(&encoder, &err) != RESULT_OK)
		return;
	buf_printf(url, "data:%.*s;base64,", STR_ARG(part->type));
	buf_add(url, buf_str(&data));
}

static enum result add_html(const struct open_message *message, const struct mime_part *part,
	const struct html_clean_options *options, struct buf *html, struct html_clean_facts *facts,
	struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(LIMIT_HTML_BYTES);
	bool cut;

	bool is_html = str_equal(part->type, STR("text/html"));
	TRY(is_html ? mime_part_text(&message->content, part, &text, &cut, err)
		    : mime_part_plain_text(&message->content, part, &text, &cut, err));
	if (cut)
		return err_set(err, RESULT_TOO_LARGE, "the HTML text is too long");
	if (is_html)
		return mime_html_clean(buf_str(&text), options, html, facts, err);
	buf_add(html, STR("<pre dir=\"auto\">"));
	template_escape(html, buf_str(&text));
	buf_add(html, STR("</pre>"));
	return RESULT_OK;
}

/* Hundreds of parts, each within its limit, cost seconds together. */
static bool is_too_much_html(const struct mime_part *const *parts, size_t count)
{
	uint64_t size = 0;
	size_t html = 0;

	for (size_t i = 0; i < count; i++)
		if (str_equal(parts[i]->type, STR("text/html"))) {
			size += parts[i]->decoded_size;
			html++;
		}
	return html > 1 && size > LIMIT_HTML_TOGETHER_BYTES;
}

enum result content_html(const struct open_message *message, struct arena *arena, struct buf *html,
	bool *ret_has_remote, struct err *err)
{
	const struct mime_part **parts;
	size_t count = mime_index_body(message->index, true, arena, &parts);
	struct images images = {message};
	struct html_clean_options options = {.add_image = add_image, .context = &images};

	*ret_has_remote = false;
	if (is_too_much_html(parts, count))
		return err_set(err, RESULT_TOO_LARGE, "the HTML texts are too long together");
	for (size_t i = 0; i < count; i++) {
		struct html_clean_facts facts = {0};
		TRY(add_html(message, parts[i], &options, html, &facts, err));
		*ret_has_remote = *ret_has_remote || facts.remote;
	}
	return html->overflow ? err_set(err, RESULT_TOO_LARGE, "the HTML text is too long") : RESULT_OK;
}

static bool is_link_char(char c)
{
	return (unsigned char)c > 0x20 && c != '<' && c != '>' && c != '"' && c != 0x7f;
}

/* The length of the link that begins here, without the punctuation behind it; 0 when none does. */
static size_t link_len(struct str text)
{
	size_t start = str_starts_nocase(text, STR("https://"))	 ? 8
		       : str_starts_nocase(text, STR("http://")) ? 7
								 : 0;
	size_t len = start;
	size_t opened = 0;

	while (start && len < text.len && len < LINK_BYTES && is_link_char(text.ptr[len])) {
		opened += text.ptr[len] == '(';
		if (text.ptr[len] == ')' && opened-- == 0)
			break;
		len++;
	}
	while (len > start && str_find_char(STR(".,;:!?'*_"), text.ptr[len - 1]) >= 0)
		len--;
	return len > start ? len : 0;
}

static void add_piece(json_t *pieces, struct str text, struct str url)
{
	json_t *piece;

	if (!text.len)
		return;
	piece = view_append(pieces);
	view_set(piece, "text", text);
	view_set(piece, "url", url);
}

/* Where the next link begins: at the begin of a word. */
static size_t find_link(struct str text, size_t *ret_len)
{
	size_t at = 0;

	for (;;) {
		ptrdiff_t found = str_find_nocase(str_from(text, at), STR("http"));
		if (found < 0)
			return text.len;
		at += (size_t)found;
		bool in_word = at && ((text.ptr[at - 1] | 0x20) >= 'a' && (text.ptr[at - 1] | 0x20) <= 'z');
		*ret_len = in_word ? 0 : link_len(str_from(text, at));
		if (*ret_len)
			return at;
		at += 4;
	}
}

void content_add_pieces(json_t *pieces, struct str text)
{
	for (int links = 0; links < LINKS_MAX && text.len; links++) {
		size_t len = 0;
		size_t at = find_link(text, &len);
		struct str url = str_sub(text, at, len);
		add_piece(pieces, str_sub(text, 0, at), STR_NONE);
		add_piece(pieces, url, url);
		text = str_from(text, at + len);
	}
	add_piece(pieces, text, STR_NONE);
}

void content_set_quotes(json_t *view, const struct open_message *message)
{
	json_t *list = view_add_list(view, "quotes");

	for (size_t i = 0; i < message->quote_count; i++) {
		json_t *item = view_append(list);
		view_set(item, "words", message->quotes[i].text);
		view_set_flag(item, "is_recalled", message->quotes[i].text.len == 0);
	}
}

static const struct {
	struct str type;
	const char *extension; /* for parts without a name */
	const char *words;
} known_types[] = {
	{{"application/pdf", 15}, "pdf", "PDF"},
	{{"application/zip", 15}, "zip", "ZIP"},
	{{"message/rfc822", 14}, "eml", "EML"},
	{{"text/plain", 10}, "txt", "TXT"},
	{{"text/html", 9}, "html", "HTML"},
	{{"text/csv", 8}, "csv", "CSV"},
	{{"text/calendar", 13}, "ics", "ICS"},
	{{"image/png", 9}, "png", "PNG"},
	{{"image/jpeg", 10}, "jpg", "JPEG"},
	{{"image/gif", 9}, "gif", "GIF"},
};

/* The subject of a mail that is attached; empty when there is none, or it cannot be read. */
static struct str subject_of(
	const struct open_message *message, const struct mime_part *part, struct arena *arena)
{
	struct open_message *mail = arena_array(arena, struct open_message, 1);

	if (!mime_part_is_message(part) || open_attached(message, part->path, arena, mail, NULL) != RESULT_OK)
		return STR_NONE;
	return mail->summary.subject;
}

struct str content_file_name(
	const struct open_message *message, const struct mime_part *part, struct arena *arena)
{
	struct str name = part->name_count ? part->names[0] : STR_NONE;

	if (!name.len) {
		struct str subject = subject_of(message, part, arena);
		name = subject.len ? arena_printf(arena, "%.*s.eml", STR_ARG(subject)) : STR_NONE;
	}
	if (name.len)
		return file_name_clean(arena, name);
	for (size_t i = 0; i < COUNT_OF(known_types); i++)
		if (str_equal(part->type, known_types[i].type))
			return arena_printf(arena, "file.%s", known_types[i].extension);
	return STR("file");
}

/* A short extension says what a file is in any language. */
static struct str words_of(const struct mime_part *part, struct str name, struct arena *arena)
{
	size_t dot = name.len;

	for (size_t i = 0; i < COUNT_OF(known_types); i++)
		if (str_equal(part->type, known_types[i].type))
			return str_of(known_types[i].words);
	while (dot && name.ptr[dot - 1] != '.')
		dot--;
	struct str extension = str_from(name, dot);
	if (!dot || extension.len < 1 || extension.len > 5 || !str_is_utf8(extension))
		return part->type;
	char *words = arena_cstr(arena, extension);
	for (size_t i = 0; i < extension.len; i++)
		if (words[i] >= 'a' && words[i] <= 'z')
			words[i] = (char)(words[i] - 'a' + 'A');
	return (struct str){words, extension.len};
}

static const char *icon_of(const struct mime_part *part)
{
	if (str_starts(part->type, STR("image/")))
		return "image";
	if (str_find(part->type, STR("zip")) >= 0 || str_find(part->type, STR("compressed")) >= 0)
		return "file-archive";
	bool is_text = str_starts(part->type, STR("text/")) || str_starts(part->type, STR("message/")) ||
		       str_find(part->type, STR("pdf")) >= 0 || str_find(part->type, STR("document")) >= 0 ||
		       str_find(part->type, STR("word")) >= 0;
	return is_text ? "file-text" : "file";
}

static void set_file(const struct open_message *message, const struct mime_part *part,
	struct content_file *file, struct arena *arena)
{
	file->part = part;
	file->name = content_file_name(message, part, arena);
	file->type_words = words_of(part, file->name, arena);
	file->icon = icon_of(part);
	file->path = part->path.len ? part->path : STR(WHOLE_MAIL);
	file->is_mail = mime_part_is_message(part) &&
			part + 1 < message->index->parts + message->index->count &&
			message->index->parts[part + 1 - message->index->parts].depth > part->depth;
}

/* What the cleaning finds: which images stand in the text, and how long it will be with them. */
struct shown_images {
	const struct open_message *message;
	bool *is_shown; /* by number of the part */
	uint64_t bytes;
};

static void note_image(void *context, struct str content_id, struct buf *url)
{
	struct shown_images *shown = context;
	const struct mime_part *part = mime_index_by_content_id(shown->message->index, content_id);

	if (!part || !is_within_images(shown->message, part))
		return;
	shown->is_shown[part - shown->message->index->parts] = true;
	shown->bytes += part->decoded_size / 3 * 4 + part->type.len + sizeof("data:;base64,") + 4;
	buf_add(url, STR("#"));
}

/* Which images stand in the text: only those that its HTML really names. None do when it cannot be cleaned or
 * becomes too long with them, since its words are shown then. */
static const bool *find_shown_images(const struct open_message *message, struct arena *arena)
{
	const bool *none = arena_array(arena, bool, message->index->count);
	struct shown_images shown = {message, arena_array(arena, bool, message->index->count), 0};
	struct html_clean_options options = {.add_image = note_image, .context = &shown};
	cleanup(buf_done) struct buf html = buf_new(CONTENT_HTML_BYTES);
	const struct mime_part **parts;
	size_t count = mime_index_body(message->index, true, arena, &parts);
	struct err err;

	if (!content_has_html(message, arena) || is_too_much_html(parts, count))
		return none;
	for (size_t i = 0; i < count; i++)
		if (add_html(message, parts[i], &options, &html, NULL, &err) != RESULT_OK)
			return none;
	return html.overflow || html.len + shown.bytes > CONTENT_HTML_BYTES ? none : shown.is_shown;
}

static bool has_images(const struct mime_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		if (str_starts(index->parts[i].type, STR("image/")) && index->parts[i].content_id.len)
			return true;
	return false;
}

static bool is_listed(const struct mime_part *const *parts, size_t count, const struct mime_part *part)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i] == part)
			return true;
	return false;
}

size_t content_files(const struct open_message *message, struct arena *arena, struct content_file **ret)
{
	const struct mime_part **parts;
	size_t count = mime_index_files(message->index, arena, &parts), all = count;
	const bool *is_shown;

	*ret = arena_array(arena, struct content_file, message->index->count);
	for (size_t i = 0; i < count; i++)
		set_file(message, parts[i], &(*ret)[i], arena);
	if (!has_images(message->index))
		return all;
	/* Pictures that belong into the text but do not stand in it. */
	is_shown = find_shown_images(message, arena);
	for (size_t i = 0; i < message->index->count; i++) {
		const struct mime_part *part = &message->index->parts[i];
		if (str_starts(part->type, STR("image/")) && part->content_id.len && !is_shown[i] &&
			!mime_index_is_inside_message(message->index, i) && !is_listed(parts, count, part))
			set_file(message, part, &(*ret)[all++], arena);
	}
	return all;
}

const struct mime_part *content_part(const struct open_message *message, struct str path)
{
	const struct mime_part *part =
		mime_index_by_path(message->index, str_equal(path, STR(WHOLE_MAIL)) ? STR("") : path);

	return part && !mime_part_is_container(part) ? part : NULL;
}
