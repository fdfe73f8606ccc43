#include "mime/inside.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/scan.h"
#include "mime/tnef.h"

#include <string.h>

#define PIECE_BYTES ((size_t)32 * 1024)
#define LEAST_TEXT_BYTES 5 /* two empty lines are no text */

/* An opened part: its decoded bytes lie at `offset` of all there is to read. */
struct segment {
	struct mime_part part;
	struct mime_part_reader *decoded;
	struct reader bytes;
	uint64_t offset;
	uint64_t cost;	  /* bytes that are decoded to read it once: its own, and of what it lies in */
	uint64_t read_to; /* in it: going back decodes from its beginning again */
};

struct mime_inside {
	struct arena arena;
	struct reader mail;
	struct reader all; /* the mail, and the segments behind it */
	struct mime_index index;
	struct segment *segments[LIMIT_INSIDE_OPENED];
	size_t count;
	uint64_t most;	    /* bytes that are decoded to open them */
	uint64_t tried;	    /* that were, for what was opened, or could not be */
	uint64_t read_back; /* bytes that are decoded again */
};

static void segment_free(struct segment *segment)
{
	if (segment == NULL)
		return;
	mime_part_reader_free(segment->decoded);
	free(segment);
}
DEFINE_CLEANUP(struct segment *, segment_free)

void mime_inside_free(struct mime_inside *inside)
{
	if (inside == NULL)
		return;
	for (size_t i = 0; i < inside->count; i++)
		segment_free(inside->segments[i]);
	arena_done(&inside->arena);
	free(inside);
}

const struct mime_index *mime_inside_index(const struct mime_inside *inside)
{
	return &inside->index;
}

struct reader mime_inside_bytes(struct mime_inside *inside)
{
	return inside->all;
}

static enum result read_segment(struct mime_inside *inside, struct segment *segment, uint64_t offset,
	void *data, size_t size, size_t *ret_read, struct err *err)
{
	if (offset < segment->read_to)
		inside->read_back += segment->read_to;
	if (inside->read_back > LIMIT_INSIDE_READ_BACK_BYTES + LIMIT_INSIDE_READ_BACK_TIMES * inside->tried)
		return err_set(err, RESULT_TOO_LARGE, "a part inside an encoded one was read too often");
	segment->read_to = offset + size;
	return reader_read(&segment->bytes, offset, data, size, ret_read, err);
}

/* The segment that the byte lies in, NULL: in the mail. No part lies in two. */
static struct segment *segment_at(struct mime_inside *inside, uint64_t offset)
{
	for (size_t i = offset < inside->mail.size ? 0 : inside->count; i-- > 0;)
		if (inside->segments[i]->offset <= offset)
			return inside->segments[i];
	return NULL;
}

static enum result read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct mime_inside *inside = context;

	struct segment *segment = segment_at(inside, offset);

	if (segment)
		return read_segment(inside, segment, offset - segment->offset, data, size, ret_read, err);
	*ret_read = 0;
	return offset < inside->mail.size ? reader_read(&inside->mail, offset, data, size, ret_read, err)
					  : RESULT_OK;
}

static bool has_children(const struct mime_index *index, size_t at)
{
	return at + 1 < index->count && index->parts[at + 1].parent == (int)at;
}

/* Mail programs that do not know the type of a saved mail go by its name. */
static bool is_named_mail(const struct mime_part *part)
{
	return str_equal(part->type, STR("application/octet-stream")) && part->name_count &&
	       str_ends_nocase(part->names[0], STR(".eml"));
}

static bool is_to_open(const struct mime_index *index, size_t at)
{
	const struct mime_part *part = &index->parts[at];

	return (mime_part_is_message(part) || is_named_mail(part) || mime_part_is_tnef(part)) &&
	       !has_children(index, at) && part->encoding != MIME_ENCODING_UNKNOWN && part->decoded_size > 0;
}

/* A part of what was scanned or listed inside the part `at`, as a part of the whole. */
static struct mime_part place(
	struct mime_inside *inside, size_t at, const struct mime_part *found, uint64_t base)
{
	const struct mime_part *outer = &inside->index.parts[at];
	struct mime_part part = *found;

	part.path = arena_printf(&inside->arena, "%.*s%s1%s%.*s", STR_ARG(outer->path),
		outer->path.len ? "." : "", found->path.len ? "." : "", STR_ARG(found->path));
	part.parent = found->parent + (int)at + 1;
	part.depth = outer->depth + 1 + found->depth;
	part.header_offset += base;
	part.body_offset += base;
	part.type = arena_str(&inside->arena, found->type);
	part.charset = arena_str(&inside->arena, found->charset);
	part.content_id = arena_str(&inside->arena, found->content_id);
	for (size_t i = 0; i < part.name_count; i++)
		part.names[i] = arena_str(&inside->arena, found->names[i]);
	return part;
}

/* Puts the parts behind the part they were found in. False past a limit. */
static bool insert(struct mime_inside *inside, size_t at, const struct mime_index *found, uint64_t base)
{
	struct mime_index *index = &inside->index;

	if (index->count + found->count > LIMIT_MIME_PARTS)
		return false;
	for (size_t i = 0; i < found->count; i++)
		if (index->parts[at].depth + 1 + found->parts[i].depth > LIMIT_MIME_DEPTH)
			return false;
	struct mime_part *parts = arena_array(&inside->arena, struct mime_part, index->count + found->count);
	memcpy(parts, index->parts, (at + 1) * sizeof(*parts));
	for (size_t i = 0; i < found->count; i++)
		parts[at + 1 + i] = place(inside, at, &found->parts[i], base);
	for (size_t i = at + 1; i < index->count; i++) {
		parts[found->count + i] = index->parts[i];
		if (index->parts[i].parent > (int)at)
			parts[found->count + i].parent += (int)found->count;
	}
	index->parts = parts;
	index->count += found->count;
	return true;
}

static uint64_t cost_of(struct mime_inside *inside, const struct mime_part *part)
{
	const struct segment *outer = segment_at(inside, part->body_offset);

	return part->decoded_size + (outer ? outer->cost : 0);
}

static struct segment *segment_new(struct mime_inside *inside, size_t at)
{
	struct segment *segment = mem_new(sizeof(*segment));

	segment->cost = cost_of(inside, &inside->index.parts[at]);
	inside->tried += segment->cost;

	segment->part = inside->index.parts[at];
	segment->decoded = mime_part_reader_new(&inside->all, &segment->part);
	segment->bytes = mime_part_reader_bytes(segment->decoded);
	segment->offset = inside->all.size;
	return segment;
}

/* Reads the segment through the scanner; *ret_index NULL: it is no mail that can be opened. */
static enum result scan_segment(const struct segment *segment, struct mime_scan *scan,
	const struct mime_index **ret_index, struct err *err)
{
	char piece[PIECE_BYTES];
	uint64_t offset = 0;
	size_t got = 1;

	*ret_index = NULL;
	while (got > 0) {
		TRY(reader_read(&segment->bytes, offset, piece, sizeof(piece), &got, err));
		if (mime_scan_add(scan, (struct str){piece, got}, NULL) != RESULT_OK)
			return RESULT_OK;
		offset += got;
	}
	const struct mime_index *index;
	if (mime_scan_end(scan, &index, NULL) == RESULT_OK)
		*ret_index = index;
	return RESULT_OK;
}

/* What any file could be taken for has at least one of the fields that people look at. */
static bool looks_like_mail(const struct mime_scan *scan)
{
	static const char *const fields[] = {"From", "Subject", "Date", "To"};

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (mime_header_get(mime_scan_header(scan), str_of(fields[i])).ptr)
			return true;
	return false;
}

/* Takes the segment with the parts that were found in it, when there is room for them. */
static void join(struct mime_inside *inside, size_t at, struct segment *segment,
	const struct mime_index *found, struct str type)
{
	if (!insert(inside, at, found, segment->offset)) {
		segment_free(segment);
		return;
	}
	inside->index.parts[at].type = type;
	inside->all.size += segment->bytes.size;
	inside->segments[inside->count++] = segment;
}

/* The message that the part is in: 0, or a part that is one. */
static size_t message_of(const struct mime_index *index, size_t at)
{
	int parent = index->parts[at].parent;

	while (parent > 0 && !mime_part_is_message(&index->parts[parent]))
		parent = index->parts[parent].parent;
	return parent > 0 ? (size_t)parent : 0;
}

/* Whether the mail has a text besides what the part may hold. */
static bool has_own_text(const struct mime_index *index, size_t at)
{
	size_t message = message_of(index, at);

	for (size_t i = 0; i < index->count; i++) {
		const struct mime_part *part = &index->parts[i];
		bool is_text =
			str_equal(part->type, STR("text/plain")) || str_equal(part->type, STR("text/html"));
		if (is_text && part->disposition != MIME_DISPOSITION_ATTACHMENT &&
			part->decoded_size >= LEAST_TEXT_BYTES && message_of(index, i) == message)
			return true;
	}
	return false;
}

static bool is_in_tnef(const struct mime_index *index, size_t at)
{
	for (int parent = index->parts[at].parent; parent >= 0; parent = index->parts[parent].parent)
		if (mime_part_is_opened_tnef(&index->parts[parent]))
			return true;
	return false;
}

/* The text of a message inside is called after it. */
static struct str text_name(const struct mime_part *part, bool is_inner)
{
	return is_inner && part->name_count ? part->names[0] : STR("message");
}

static enum result open_tnef(struct mime_inside *inside, size_t at, struct err *err)
{
	cleanup(segment_free_at) struct segment *segment = segment_new(inside, at);
	bool is_inner = is_in_tnef(&inside->index, at);
	enum mime_tnef_texts texts = is_inner				? MIME_TNEF_BEST_AS_FILE
				     : has_own_text(&inside->index, at) ? MIME_TNEF_RICH_FILES
									: MIME_TNEF_SHOWN;
	struct mime_index found;
	uint64_t rtf_bytes = 0;

	enum result result = mime_tnef_read(&segment->bytes, texts,
		text_name(&inside->index.parts[at], is_inner), &inside->arena, &found, &rtf_bytes, err);
	if (result == RESULT_INVALID || result == RESULT_TOO_LARGE)
		return RESULT_OK;
	TRY(result);
	inside->tried += 2 * rtf_bytes; /* measured once, and shown once */
	join(inside, at, TAKE(segment), &found, STR(MIME_TNEF_CONTAINER));
	return RESULT_OK;
}

static enum result open_mail(struct mime_inside *inside, size_t at, struct err *err)
{
	cleanup(mime_scan_free_at) struct mime_scan *scan = mime_scan_new();
	cleanup(segment_free_at) struct segment *segment = segment_new(inside, at);
	const struct mime_index *found;

	TRY(scan_segment(segment, scan, &found, err));
	if (found && looks_like_mail(scan))
		join(inside, at, TAKE(segment), found, STR("message/rfc822"));
	return RESULT_OK;
}

static bool has_room(struct mime_inside *inside, const struct mime_part *part)
{
	return inside->count < LIMIT_INSIDE_OPENED && inside->tried <= inside->most &&
	       cost_of(inside, part) <= inside->most - inside->tried;
}

enum result mime_inside_open(struct reader mail, const struct mime_index *index, uint64_t bytes,
	struct mime_inside **ret, struct err *err)
{
	cleanup(mime_inside_free_at) struct mime_inside *inside = NULL;

	for (size_t i = 0; i < (inside ? inside->index.count : index->count); i++) {
		if (!is_to_open(inside ? &inside->index : index, i))
			continue;
		if (!inside) {
			inside = mem_new(sizeof(*inside));
			inside->mail = mail;
			inside->all = (struct reader){read_at, inside, mail.size};
			inside->index = *index;
			inside->most = bytes;
		}
		if (has_room(inside, &inside->index.parts[i]))
			TRY(mime_part_is_tnef(&inside->index.parts[i]) ? open_tnef(inside, i, err)
								       : open_mail(inside, i, err));
	}
	*ret = TAKE(inside);
	return RESULT_OK;
}

bool mime_inside_message(
	const struct mime_index *index, struct str path, struct arena *arena, struct mime_index *ret)
{
	const struct mime_part *message = mime_index_by_path(index, path);
	size_t count = 0;

	if (!message || !mime_part_is_message(message) ||
		!has_children(index, (size_t)(message - index->parts)))
		return false;
	const struct mime_part *first = message + 1;
	size_t at = (size_t)(first - index->parts);
	while (at + count < index->count && first[count].depth > message->depth)
		count++;
	*ret = (struct mime_index){arena_array(arena, struct mime_part, count), count, 0};
	for (size_t i = 0; i < count; i++) {
		ret->parts[i] = first[i];
		ret->parts[i].parent = i ? first[i].parent - (int)at : -1;
	}
	return true;
}
