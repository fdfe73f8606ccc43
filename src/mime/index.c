/* Stored form: version 1 (1 byte), Received fields (4), number of parts (4), then the parts. Numbers are
 * little endian; texts are a length (2) and bytes. A part: parent + 1 (4), depth (1), encoding (1),
 * disposition (1), flags (1: flowed 1, damaged 2, flowed_joined 4), header offset and length, body offset and
 * length, decoded size (8 each), path, type, charset, content id, number of names (1), names. */
#include "mime/index.h"

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"

#include <assert.h>

#define INDEX_VERSION 1
#define INDEX_BYTES_MAX ((size_t)16 << 20)
#define TEXT_MAX 65535

static void put_number(struct buf *buf, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_add_char(buf, (char)(uint8_t)(number >> (8 * i)));
}

static void put_text(struct buf *buf, struct str text)
{
	text = str_sub(text, 0, TEXT_MAX);
	put_number(buf, text.len, 2);
	buf_add(buf, text);
}

static void put_part(struct buf *buf, const struct mime_part *part)
{
	put_number(buf, (uint64_t)(part->parent + 1), 4);
	put_number(buf, (uint64_t)part->depth, 1);
	put_number(buf, part->encoding, 1);
	put_number(buf, part->disposition, 1);
	put_number(buf, (part->flowed ? 1 : 0) | (part->damaged ? 2 : 0) | (part->flowed_joined ? 4 : 0), 1);
	put_number(buf, part->header_offset, 8);
	put_number(buf, part->header_len, 8);
	put_number(buf, part->body_offset, 8);
	put_number(buf, part->body_len, 8);
	put_number(buf, part->decoded_size, 8);
	put_text(buf, part->path);
	put_text(buf, part->type);
	put_text(buf, part->charset);
	put_text(buf, part->content_id);
	put_number(buf, part->name_count, 1);
	for (size_t i = 0; i < part->name_count; i++)
		put_text(buf, part->names[i]);
}

struct bytes mime_index_encode(const struct mime_index *index, struct arena *arena)
{
	cleanup(buf_done) struct buf buf = buf_new(INDEX_BYTES_MAX);

	put_number(&buf, INDEX_VERSION, 1);
	put_number(&buf, index->received, 4);
	put_number(&buf, index->count, 4);
	for (size_t i = 0; i < index->count; i++)
		put_part(&buf, &index->parts[i]);
	assert(!buf.overflow); /* the scanner's limits keep it far below */
	return arena_bytes(arena, buf_bytes(&buf));
}

/* Reads on from `left`; once something is missing, `failed` stays and everything reads as nothing. */
struct source {
	struct bytes left;
	struct arena *arena;
	bool failed;
};

static uint64_t get_number(struct source *source, size_t bytes)
{
	uint64_t number = 0;

	if (source->failed || source->left.len < bytes) {
		source->failed = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		number |= (uint64_t)source->left.ptr[i] << (8 * i);
	source->left = (struct bytes){source->left.ptr + bytes, source->left.len - bytes};
	return number;
}

static struct str get_text(struct source *source)
{
	size_t len = (size_t)get_number(source, 2);

	if (source->failed || source->left.len < len) {
		source->failed = true;
		return STR_NONE;
	}
	struct str text = arena_str(source->arena, (struct str){(const char *)source->left.ptr, len});
	source->left = (struct bytes){source->left.ptr + len, source->left.len - len};
	return text;
}

static void get_part(struct source *source, size_t number, struct mime_part *part)
{
	part->parent = (int)get_number(source, 4) - 1;
	part->depth = (int)get_number(source, 1);
	part->encoding = (enum mime_encoding)get_number(source, 1);
	part->disposition = (enum mime_disposition)get_number(source, 1);
	uint64_t flags = get_number(source, 1);
	part->flowed = flags & 1;
	part->damaged = flags & 2;
	part->flowed_joined = flags & 4;
	part->header_offset = get_number(source, 8);
	part->header_len = get_number(source, 8);
	part->body_offset = get_number(source, 8);
	part->body_len = get_number(source, 8);
	part->decoded_size = get_number(source, 8);
	part->path = get_text(source);
	part->type = get_text(source);
	part->charset = get_text(source);
	part->content_id = get_text(source);
	part->name_count = (size_t)get_number(source, 1);
	if (part->name_count > LIMIT_FILE_NAME_CANDIDATES || part->parent < -1 ||
		part->parent >= (int)number || part->encoding > MIME_ENCODING_UNKNOWN ||
		part->disposition > MIME_DISPOSITION_ATTACHMENT) {
		source->failed = true;
		part->name_count = 0;
	}
	for (size_t i = 0; i < part->name_count; i++)
		part->names[i] = get_text(source);
}

enum result mime_index_decode(struct bytes data, struct arena *arena, struct mime_index *ret, struct err *err)
{
	struct source source = {.left = data, .arena = arena};
	struct mime_index index = {0};

	if (get_number(&source, 1) != INDEX_VERSION)
		source.failed = true;
	index.received = (size_t)get_number(&source, 4);
	index.count = (size_t)get_number(&source, 4);
	if (source.failed || index.count == 0 || index.count > LIMIT_MIME_PARTS)
		return err_set(err, RESULT_INVALID, "this is no part index");
	index.parts = arena_array(arena, struct mime_part, index.count);
	for (size_t i = 0; i < index.count && !source.failed; i++)
		get_part(&source, i, &index.parts[i]);
	if (source.failed || source.left.len > 0)
		return err_set(err, RESULT_INVALID, "the part index is damaged");
	*ret = index;
	return RESULT_OK;
}

const struct mime_part *mime_index_by_path(const struct mime_index *index, struct str path)
{
	for (size_t i = 0; i < index->count; i++)
		if (str_equal(index->parts[i].path, path))
			return &index->parts[i];
	return NULL;
}

const struct mime_part *mime_index_by_content_id(const struct mime_index *index, struct str content_id)
{
	for (size_t i = 0; content_id.len && i < index->count; i++)
		if (str_equal(index->parts[i].content_id, content_id))
			return &index->parts[i];
	return NULL;
}

bool mime_index_is_signed_or_encrypted(const struct mime_index *index)
{
	static const char *const types[] = {"multipart/signed", "multipart/encrypted",
		"application/pkcs7-mime", "application/x-pkcs7-mime"};

	for (size_t i = 0; i < index->count; i++)
		for (size_t t = 0; t < COUNT_OF(types); t++)
			if (str_equal(index->parts[i].type, str_of(types[t])))
				return true;
	return false;
}

static bool is_text(const struct mime_part *part)
{
	return (str_equal(part->type, STR("text/plain")) || str_equal(part->type, STR("text/html"))) &&
	       part->disposition != MIME_DISPOSITION_ATTACHMENT && part->encoding != MIME_ENCODING_UNKNOWN &&
	       (part->name_count == 0 || part->disposition == MIME_DISPOSITION_INLINE);
}

/* Walks the tree and marks the parts that are the text of the mail. */
struct walk {
	const struct mime_index *index;
	bool prefer_html;
	bool *is_body;
};

static bool has_type_below(const struct walk *walk, size_t at, struct str type)
{
	for (size_t i = at; i < walk->index->count; i++) {
		const struct mime_part *part = &walk->index->parts[i];
		if (i > at && part->depth <= walk->index->parts[at].depth)
			break;
		if (str_equal(part->type, type) && part->disposition != MIME_DISPOSITION_ATTACHMENT)
			return true;
	}
	return false;
}

static bool mark(struct walk *walk, size_t at);

static bool mark_alternative(struct walk *walk, size_t at)
{
	struct str wanted = walk->prefer_html ? STR("text/html") : STR("text/plain");
	ptrdiff_t chosen = -1, any = -1;

	for (size_t i = at + 1; i < walk->index->count; i++) {
		if (walk->index->parts[i].parent != (int)at)
			continue;
		bool html = has_type_below(walk, i, STR("text/html"));
		if (has_type_below(walk, i, wanted))
			chosen = (ptrdiff_t)i;
		if (html || has_type_below(walk, i, STR("text/plain")))
			any = (ptrdiff_t)i;
	}
	if (chosen < 0)
		chosen = any;
	return chosen >= 0 && mark(walk, (size_t)chosen);
}

/* Of multipart/related the first part is the text; of the others all inline texts until a file comes. */
static bool mark_sequence(struct walk *walk, size_t at, bool only_first)
{
	bool found = false;

	for (size_t i = at + 1; i < walk->index->count; i++) {
		const struct mime_part *part = &walk->index->parts[i];
		if (part->parent != (int)at)
			continue;
		if (mark(walk, i))
			found = true;
		else if (found && part->disposition == MIME_DISPOSITION_ATTACHMENT)
			break;
		if (only_first && found)
			break;
	}
	return found;
}

static bool mark(struct walk *walk, size_t at)
{
	const struct mime_part *part = &walk->index->parts[at];

	if (part->depth > LIMIT_MIME_DEPTH)
		return false;
	if (str_equal(part->type, STR("multipart/alternative")))
		return mark_alternative(walk, at);
	if (mime_part_is_container(part))
		return mark_sequence(walk, at, str_equal(part->type, STR("multipart/related")));
	walk->is_body[at] = is_text(part);
	return walk->is_body[at];
}

static bool *marks_of(const struct mime_index *index, bool prefer_html, struct arena *arena)
{
	struct walk walk = {index, prefer_html, arena_array(arena, bool, index->count)};

	(void)mark(&walk, 0);
	return walk.is_body;
}

size_t mime_index_body(
	const struct mime_index *index, bool prefer_html, struct arena *arena, const struct mime_part ***ret)
{
	const bool *is_body = marks_of(index, prefer_html, arena);
	struct list list = list_new(arena, sizeof(struct mime_part *));

	for (size_t i = 0; i < index->count; i++)
		if (is_body[i])
			*(const struct mime_part **)list_add(&list) = &index->parts[i];
	*ret = list.items;
	return list.count;
}

static bool is_inside(const struct mime_index *index, size_t at, struct str type)
{
	for (int parent = index->parts[at].parent; parent >= 0; parent = index->parts[parent].parent)
		if (str_equal(index->parts[parent].type, type))
			return true;
	return false;
}

bool mime_index_is_inside_message(const struct mime_index *index, size_t at)
{
	for (int parent = index->parts[at].parent; parent >= 0; parent = index->parts[parent].parent)
		if (mime_part_is_message(&index->parts[parent]))
			return true;
	return false;
}

/* Of each part whether it, or a part below it, is text of the mail. */
static const bool *parts_with_text(
	const struct mime_index *index, const bool *html, const bool *plain, struct arena *arena)
{
	bool *has_text = arena_array(arena, bool, index->count);

	for (size_t i = index->count; i-- > 0;) {
		has_text[i] = has_text[i] || html[i] || plain[i];
		if (index->parts[i].parent >= 0 && has_text[i])
			has_text[index->parts[i].parent] = true;
	}
	return has_text;
}

/* Whether the part is in a branch of an alternative that another one stands for. */
static bool is_other_branch(const struct mime_index *index, size_t at, const bool *has_text)
{
	int child = (int)at;

	for (int parent = index->parts[at].parent; parent >= 0; parent = index->parts[parent].parent) {
		if (str_equal(index->parts[parent].type, STR("multipart/alternative")) && !has_text[child])
			return true;
		child = parent;
	}
	return false;
}

size_t mime_index_files(const struct mime_index *index, struct arena *arena, const struct mime_part ***ret)
{
	const bool *html = marks_of(index, true, arena), *plain = marks_of(index, false, arena);
	const bool *has_text = parts_with_text(index, html, plain, arena);
	struct list list = list_new(arena, sizeof(struct mime_part *));

	for (size_t i = 0; i < index->count; i++) {
		const struct mime_part *part = &index->parts[i];
		bool referred = part->content_id.len && str_starts(part->type, STR("image/")) &&
				part->disposition != MIME_DISPOSITION_ATTACHMENT &&
				is_inside(index, i, STR("multipart/related"));
		/* The other texts of an alternative are no files; a nested message is one, its parts are not.
		 */
		bool other_text = is_text(part) && is_other_branch(index, i, has_text);
		if (!mime_part_is_container(part) && !html[i] && !plain[i] && !referred && !other_text &&
			!mime_index_is_inside_message(index, i))
			*(const struct mime_part **)list_add(&list) = part;
	}
	*ret = list.items;
	return list.count;
}
