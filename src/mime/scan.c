#include "mime/scan.h"

#include "base/limits.h"
#include "base/list.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/part_header.h"

#include <string.h>

/* A line that came in several pieces is put together: a header's wholly, a body's as far as it may still be a
 * boundary. */
#define LINE_BYTES_MAX ((size_t)LIMIT_MIME_HEADER_BYTES + 2)
#define BOUNDARY_LINE_BYTES_MAX ((size_t)LIMIT_MIME_BOUNDARY_BYTES + 80)

enum scan_state {
	SCAN_HEADER,  /* in the header block of the current part */
	SCAN_BODY,    /* in the body of a leaf */
	SCAN_BETWEEN, /* before the first part of a multipart, or behind its last */
	SCAN_FAILED   /* a limit was passed */
};

/* A multipart, or a message in a message, that is open. */
struct level {
	int part;
	struct str boundary; /* empty: a nested message, which ends with its parent */
	size_t shared;	     /* bytes with which both it and the boundary around it begin */
	int children;
	bool ended; /* its end mark was seen */
};

struct mime_scan {
	struct arena arena;
	enum scan_state state;
	struct list parts;
	struct level levels[LIMIT_MIME_DEPTH + 1];
	int level_count;
	int current;	      /* the part whose header or body comes */
	uint64_t offset;      /* of the next byte */
	uint64_t line_offset; /* where the current line began */
	struct buf line;      /* its first bytes, when it came in several pieces */
	bool line_passed;     /* it is a long one of a body, and its begin was counted already */
	struct buf header;    /* block of the current part */
	size_t fields;	      /* in it */
	size_t headers_total; /* bytes of all blocks */
	struct str mail_header;
	struct mime_decoder decoder; /* counts the current leaf's decoded bytes */
	char line_end[2];	     /* held back: it belongs to a boundary that may follow */
	size_t line_end_len;
	struct err failure;
	struct mime_index index;
};

struct mime_scan *mime_scan_new(void)
{
	struct mime_scan *scan = mem_new(sizeof(*scan));

	scan->parts = list_new(&scan->arena, sizeof(struct mime_part));
	scan->line = buf_new(LINE_BYTES_MAX);
	scan->header = buf_new(LIMIT_MIME_HEADER_BYTES);
	*(struct mime_part *)list_add(&scan->parts) =
		(struct mime_part){.type = STR("text/plain"), .parent = -1};
	return scan;
}

void mime_scan_free(struct mime_scan *scan)
{
	if (scan == NULL)
		return;
	mime_decoder_done(&scan->decoder);
	buf_done(&scan->line);
	buf_done(&scan->header);
	arena_done(&scan->arena);
	free(scan);
}

struct str mime_scan_header(const struct mime_scan *scan)
{
	return scan->mail_header;
}

uint64_t mime_scan_body_offset(const struct mime_scan *scan)
{
	return scan->mail_header.ptr ? ((const struct mime_part *)scan->parts.items)->body_offset
				     : UINT64_MAX;
}

static struct mime_part *part_at(struct mime_scan *scan, int number)
{
	return (struct mime_part *)scan->parts.items + number;
}

/* what: that of which there is more than the limit allows. */
static enum result refuse(
	struct mime_scan *scan, const char *code, const char *what, int limit, struct err *err)
{
	scan->state = SCAN_FAILED;
	(void)err_code(&scan->failure, RESULT_TOO_LARGE, code, "%s: more than %d", what, limit);
	if (err)
		*err = scan->failure;
	return RESULT_TOO_LARGE;
}

static bool is_in_digest(struct mime_scan *scan, const struct mime_part *part)
{
	return part->parent >= 0 && str_equal(part_at(scan, part->parent)->type, STR("multipart/digest"));
}

static enum result push_level(struct mime_scan *scan, struct str boundary, struct err *err)
{
	if (scan->level_count >= LIMIT_MIME_DEPTH)
		return refuse(scan, "mime-depth", "depth of nested parts", LIMIT_MIME_DEPTH, err);
	struct str around =
		scan->level_count ? scan->levels[scan->level_count - 1].boundary : (struct str){0};
	scan->levels[scan->level_count++] = (struct level){
		.part = scan->current, .boundary = boundary, .shared = str_shared(boundary, around)};
	return RESULT_OK;
}

/* Begins a part inside the innermost level; its header begins at `offset`. */
static enum result begin_part(struct mime_scan *scan, uint64_t offset, struct err *err)
{
	struct level *level = &scan->levels[scan->level_count - 1];
	const struct mime_part *parent = part_at(scan, level->part);

	if (scan->parts.count >= LIMIT_MIME_PARTS)
		return refuse(scan, "mime-parts", "parts", LIMIT_MIME_PARTS, err);
	struct str path = arena_printf(&scan->arena, "%.*s%s%d", STR_ARG(parent->path),
		parent->path.len ? "." : "", ++level->children);
	struct mime_part part = {
		.path = path, .parent = level->part, .depth = parent->depth + 1, .header_offset = offset};
	scan->current = (int)scan->parts.count;
	*(struct mime_part *)list_add(&scan->parts) = part;
	scan->state = SCAN_HEADER;
	buf_clear(&scan->header);
	scan->fields = 0;
	return RESULT_OK;
}

/* The header block is complete; what follows at `offset` is the body. */
static enum result end_header(struct mime_scan *scan, uint64_t offset, struct err *err)
{
	struct mime_part *part = part_at(scan, scan->current);
	struct str block = arena_str(&scan->arena, buf_str(&scan->header)), boundary;

	if (scan->current == 0) {
		scan->mail_header = block;
		scan->index.received = mime_header_count(block, STR("Received"));
	}
	switch (mime_part_read_header(part, block, is_in_digest(scan, part), &scan->arena, &boundary)) {
	case MIME_PART_HEADER_PARAMETERS:
		return refuse(scan, "mime-parameters", "parameters of a field", LIMIT_MIME_PARAMETERS, err);
	case MIME_PART_HEADER_NAMES:
		return refuse(scan, "mime-names", "file names of one part", LIMIT_FILE_NAME_CANDIDATES, err);
	case MIME_PART_HEADER_OK:
		break;
	}
	part->header_len = offset - part->header_offset;
	part->body_offset = offset;
	scan->line_end_len = 0;
	if (mime_part_is_container(part) && boundary.len) {
		scan->state = SCAN_BETWEEN;
		return push_level(scan, boundary, err);
	}
	if (mime_part_is_container(part)) { /* without a boundary nothing can be found in it */
		part->type = STR("text/plain");
		part->damaged = true;
	}
	if (mime_part_is_message(part) && part->encoding == MIME_ENCODING_IDENTITY) {
		part->decoded_size = 0;
		TRY(push_level(scan, STR_NONE, err));
		return begin_part(scan, offset, err);
	}
	scan->state = SCAN_BODY;
	mime_decoder_done(&scan->decoder);
	mime_decoder_init(&scan->decoder, part->encoding);
	return RESULT_OK;
}

/* The raw length of what ends at `offset`, without the line end that belongs to the boundary. */
static void end_body(struct mime_scan *scan, struct mime_part *part, uint64_t offset)
{
	uint64_t end = offset - scan->line_end_len;

	part->body_len = end > part->body_offset ? end - part->body_offset : 0;
}

static enum result end_current(struct mime_scan *scan, uint64_t offset, bool damaged, struct err *err)
{
	struct mime_part *part = part_at(scan, scan->current);

	if (scan->state == SCAN_HEADER) {
		enum result result = end_header(scan, offset, err);
		if (result != RESULT_OK)
			return result;
		part = part_at(scan, scan->current);
		part->damaged = true;
	}
	if (scan->state == SCAN_BODY) {
		part->decoded_size += mime_decoder_end(&scan->decoder, NULL);
		part->damaged = part->damaged || scan->decoder.broken || damaged;
		end_body(scan, part, offset);
	}
	return RESULT_OK;
}

/* Closes everything inside the level at `keep` - 1, which stays open. */
/* A multipart in which no delimiter was found is shown as the text it is, or nobody would see it. */
static void show_undivided(struct mime_scan *scan, const struct level *level, struct mime_part *part)
{
	bool has_children = (size_t)level->part + 1 < scan->parts.count;
	bool is_sealed = str_equal(part->type, STR("multipart/signed")) ||
			 str_equal(part->type, STR("multipart/encrypted"));

	if (has_children || is_sealed || part->body_len == 0)
		return;
	part->type = STR("text/plain");
	part->encoding = MIME_ENCODING_IDENTITY;
	part->decoded_size = part->body_len;
}

static void close_levels(struct mime_scan *scan, int keep, uint64_t offset)
{
	while (scan->level_count > keep) {
		struct level *level = &scan->levels[--scan->level_count];
		struct mime_part *part = part_at(scan, level->part);
		end_body(scan, part, offset);
		if (mime_part_is_message(part))
			part->decoded_size = part->body_len;
		else
			part->damaged = part->damaged || !level->ended;
		if (mime_part_is_container(part))
			show_undivided(scan, level, part);
	}
}

/* The innermost of the levels with the longest boundary that `mark` begins with; 0 when there is none. What
 * was compared at the level inside is not compared again: an absurd mail has many levels and many short
 * lines. */
static int longest_boundary(const struct mime_scan *scan, struct str mark)
{
	size_t longest = 0, matched = 0, shared = 0;
	int found = 0;

	for (int i = scan->level_count; i > 0; i--) {
		const struct level *level = &scan->levels[i - 1];
		struct str boundary = level->boundary;
		if (matched > shared)
			matched = shared;
		else if (matched == shared)
			while (matched < boundary.len && matched < mark.len &&
				boundary.ptr[matched] == mark.ptr[matched])
				matched++;
		shared = level->shared;
		if (matched == boundary.len && matched > longest) {
			longest = matched;
			found = i;
		}
	}
	return found;
}

/* The level whose boundary this line is, innermost first; 0 when it is none. Levels count from 1. It is
 * enough that the line begins with it (RFC 2046 5.1.1: "an exact match of the entire candidate line is not
 * required"), as Postfix, Dovecot and mime4j read it; programs that want an exact line see text where we see
 * one more part, never the other way round. Of several the longest one is meant, and one that has ended keeps
 * its lines from being taken for those of a shorter one. */
static int boundary_level(const struct mime_scan *scan, struct str line, bool *ret_is_end)
{
	if (line.len < 3 || line.ptr[0] != '-' || line.ptr[1] != '-')
		return 0;
	struct str mark = str_from(line, 2);
	int level = longest_boundary(scan, mark);
	if (level == 0)
		return 0;
	struct str boundary = scan->levels[level - 1].boundary;
	*ret_is_end = str_starts(str_from(mark, boundary.len), STR("--"));
	while (level > 0 &&
		(scan->levels[level - 1].ended || !str_equal(scan->levels[level - 1].boundary, boundary)))
		level--;
	return level;
}

static enum result take_boundary(struct mime_scan *scan, int level, bool is_end, struct err *err)
{
	TRY(end_current(scan, scan->line_offset, false, err));
	close_levels(scan, level, scan->line_offset);
	scan->line_end_len = 0;
	if (!is_end)
		return begin_part(scan, scan->offset, err);
	scan->current = scan->levels[level - 1].part;
	scan->state = SCAN_BETWEEN;
	/* Behind its end mark a multipart has no more parts; its parent's boundary ends it. */
	scan->levels[level - 1].ended = true;
	return RESULT_OK;
}

static bool is_field_line(struct str line)
{
	ptrdiff_t colon = str_find_char(line, ':');

	if (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
		return true;
	if (colon <= 0)
		return false;
	struct str name = str_trim(str_sub(line, 0, (size_t)colon));
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] == 0x7f)
			return false;
	return name.len > 0;
}

/* A complete line of a header block. */
static enum result header_line(struct mime_scan *scan, struct str line, struct str line_end, struct err *err)
{
	bool is_mbox_line = scan->current == 0 && scan->header.len == 0 && str_starts(line, STR("From "));

	if (line.len == 0)
		return end_header(scan, scan->offset, err);
	if (!is_field_line(line) && !is_mbox_line) {
		/* The empty line is missing: this line is the first of the body. */
		part_at(scan, scan->current)->damaged = true;
		TRY(end_header(scan, scan->line_offset, err));
		if (scan->state == SCAN_BODY) {
			struct mime_part *part = part_at(scan, scan->current);
			part->decoded_size += mime_decoder_add(&scan->decoder, line, NULL);
			memcpy(scan->line_end, line_end.ptr, line_end.len);
			scan->line_end_len = line_end.len;
		}
		return RESULT_OK;
	}
	buf_add(&scan->header, line);
	buf_add(&scan->header, line_end);
	return RESULT_OK;
}

static enum result count_header(struct mime_scan *scan, struct str line, size_t bytes, struct err *err)
{
	scan->headers_total += bytes;
	if (line.len && line.ptr[0] != ' ' && line.ptr[0] != '\t')
		scan->fields++;
	if (scan->header.len + bytes > LIMIT_MIME_HEADER_BYTES)
		return refuse(scan, "mime-header", "bytes of a header", LIMIT_MIME_HEADER_BYTES, err);
	if (scan->headers_total > LIMIT_MIME_HEADERS_TOTAL_BYTES)
		return refuse(
			scan, "mime-header", "bytes of all headers", LIMIT_MIME_HEADERS_TOTAL_BYTES, err);
	if (scan->fields > LIMIT_MIME_HEADER_FIELDS)
		return refuse(scan, "mime-header", "fields of a header", LIMIT_MIME_HEADER_FIELDS, err);
	return RESULT_OK;
}

/* Counts body bytes, behind the line end that was held back: no boundary followed it. */
static void count_body(struct mime_scan *scan, struct str data)
{
	struct mime_part *part = part_at(scan, scan->current);

	if (scan->state != SCAN_BODY)
		return;
	part->decoded_size +=
		mime_decoder_add(&scan->decoder, (struct str){scan->line_end, scan->line_end_len}, NULL);
	part->decoded_size += mime_decoder_add(&scan->decoder, data, NULL);
	scan->line_end_len = 0;
}

/* A line is complete; scan->offset is behind it. line_end: "\r\n", "\n", or "" at the end of the mail. */
static enum result take_line(struct mime_scan *scan, struct str line, struct str line_end, struct err *err)
{
	bool is_end;
	int level = scan->line_passed ? 0 : boundary_level(scan, line, &is_end);

	scan->line_passed = false;
	if (level > 0)
		return take_boundary(scan, level, is_end, err);
	if (scan->state == SCAN_HEADER) {
		TRY(count_header(scan, line, line.len + line_end.len, err));
		return header_line(scan, line, line_end, err);
	}
	count_body(scan, line);
	if (line_end.len)
		memcpy(scan->line_end, line_end.ptr, line_end.len);
	scan->line_end_len = line_end.len;
	return RESULT_OK;
}

/* A line of a body without its end yet. Only its begin is kept: enough to know a boundary, behind which
 * nothing counts. A CR at its end may belong to the line end. */
static void keep_body_line(struct mime_scan *scan, struct str piece)
{
	bool is_end;

	if (!scan->line_passed) {
		struct str begin = str_sub(piece, 0, BOUNDARY_LINE_BYTES_MAX + 1 - scan->line.len);
		buf_add(&scan->line, begin);
		piece = str_from(piece, begin.len);
		if (scan->line.len <= BOUNDARY_LINE_BYTES_MAX ||
			boundary_level(scan, buf_str(&scan->line), &is_end) > 0)
			return;
	}
	scan->line_passed = true;
	struct str last = buf_str(&scan->line);
	if (piece.len > 0) {
		count_body(scan, last);
		last = piece;
	}
	size_t cr = last.ptr[last.len - 1] == '\r';
	count_body(scan, str_sub(last, 0, last.len - cr));
	buf_clear(&scan->line);
	if (cr)
		buf_add_char(&scan->line, '\r');
}

/* A line without its end yet. */
static enum result keep_line(struct mime_scan *scan, struct str piece, struct err *err)
{
	if (piece.len == 0)
		return RESULT_OK;
	if (scan->state != SCAN_HEADER) {
		keep_body_line(scan, piece);
		return RESULT_OK;
	}
	buf_add(&scan->line, piece);
	return scan->line.overflow
		       ? refuse(scan, "mime-header", "bytes of a header", LIMIT_MIME_HEADER_BYTES, err)
		       : RESULT_OK;
}

static enum result end_line(struct mime_scan *scan, struct str piece, struct err *err)
{
	struct str line = piece;

	if (scan->line.len > 0) {
		TRY(keep_line(scan, piece, err));
		line = buf_str(&scan->line);
	}
	size_t cr = line.len && line.ptr[line.len - 1] == '\r' ? 1 : 0;
	struct str whole = str_sub(line, 0, line.len - cr);
	enum result result = take_line(scan, whole, cr ? STR("\r\n") : STR("\n"), err);
	buf_clear(&scan->line);
	scan->line_offset = scan->offset;
	return result;
}

/* How many bytes of the piece are whole lines of a leaf that are no boundaries, by their begin alone. */
static size_t plain_lines(const struct mime_scan *scan, struct str piece)
{
	const char *end = piece.ptr + piece.len, *dash = piece.ptr;

	if (scan->state != SCAN_BODY || scan->line_passed || scan->line.len > 0)
		return 0;
	for (; (dash = memchr(dash, '-', (size_t)(end - dash))); dash++) {
		bool begins_line = dash == piece.ptr || dash[-1] == '\n';
		if (begins_line && (dash + 1 == end || dash[1] == '-'))
			break;
	}
	size_t len = dash ? (size_t)(dash - piece.ptr) : piece.len;
	const char *last = len ? memrchr(piece.ptr, '\n', len) : NULL;
	return last ? (size_t)(last - piece.ptr) + 1 : 0;
}

static void take_plain_lines(struct mime_scan *scan, struct str lines)
{
	size_t line_end = lines.len > 1 && lines.ptr[lines.len - 2] == '\r' ? 2 : 1;

	count_body(scan, str_sub(lines, 0, lines.len - line_end));
	scan->line_end_len = line_end;
	memcpy(scan->line_end, lines.ptr + lines.len - line_end, line_end);
	scan->offset += lines.len;
	scan->line_offset = scan->offset;
}

static enum result failed_before(const struct mime_scan *scan, struct err *err)
{
	if (err)
		*err = scan->failure;
	return RESULT_TOO_LARGE;
}

enum result mime_scan_add(struct mime_scan *scan, struct str piece, struct err *err)
{
	if (scan->state == SCAN_FAILED)
		return failed_before(scan, err);
	while (piece.len > 0) {
		size_t plain = plain_lines(scan, piece);
		if (plain > 0) {
			take_plain_lines(scan, str_sub(piece, 0, plain));
			piece = str_from(piece, plain);
			continue;
		}
		ptrdiff_t at = str_find_char(piece, '\n');
		if (at < 0) {
			scan->offset += piece.len;
			return keep_line(scan, piece, err);
		}
		scan->offset += (size_t)at + 1;
		TRY(end_line(scan, str_sub(piece, 0, (size_t)at), err));
		piece = str_from(piece, (size_t)at + 1);
	}
	return RESULT_OK;
}

static bool is_in_multipart(const struct mime_scan *scan)
{
	for (int i = 0; i < scan->level_count; i++)
		if (scan->levels[i].boundary.len && !scan->levels[i].ended)
			return true;
	return false;
}

enum result mime_scan_end(struct mime_scan *scan, const struct mime_index **ret, struct err *err)
{
	if (scan->state == SCAN_FAILED)
		return failed_before(scan, err);
	if (scan->line.len > 0)
		TRY(take_line(scan, buf_str(&scan->line), STR(""), err));
	else
		count_body(scan, STR(""));
	scan->line_end_len = 0;
	/* An end that a boundary should have marked is missing when something is still open. */
	TRY(end_current(scan, scan->offset, scan->state == SCAN_BODY && is_in_multipart(scan), err));
	close_levels(scan, 0, scan->offset);
	scan->index.parts = scan->parts.items;
	scan->index.count = scan->parts.count;
	*ret = &scan->index;
	return RESULT_OK;
}
