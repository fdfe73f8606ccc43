/* A mail as the scanner takes it, in pieces of a size that the first byte chooses. The index may not depend
 * on that; it survives being written down; every part lies within the mail, and its text is UTF-8. */
#include "base/limits.h"
#include "mime/flowed.h"
#include "mime/header.h"
#include "mime/inside.h"
#include "mime/scan.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX ((size_t)64 * 1024)

static enum result scan(struct str mail, size_t step, struct mime_scan **ret, const struct mime_index **index)
{
	enum result result = RESULT_OK;

	*ret = mime_scan_new();
	for (size_t at = 0; at < mail.len && result == RESULT_OK; at += step)
		result = mime_scan_add(*ret, str_sub(mail, at, step), NULL);
	return result == RESULT_OK ? mime_scan_end(*ret, index, NULL) : result;
}

static void check_part(const struct reader *mail, const struct mime_part *part)
{
	cleanup(buf_done) struct buf text = buf_new(TEXT_MAX);
	bool cut;

	assert(part->body_offset <= mail->size && part->body_len <= mail->size - part->body_offset);
	for (size_t i = 0; i < part->name_count; i++) {
		struct str name = part->names[i];
		assert(name.len <= LIMIT_FILE_NAME_BYTES && str_is_utf8(name));
		for (size_t c = 0; c < name.len; c++)
			assert(name.ptr[c] != '\r' && name.ptr[c] != '\n');
	}
	if (mime_part_is_container(part))
		return;
	if (mime_part_plain_text(mail, part, &text, &cut, NULL) == RESULT_OK)
		assert(str_is_utf8(buf_str(&text)));
}

/* What is opened keeps the tree in order and every part within the bytes. */
static void check_inside(struct reader mail, const struct mime_index *index)
{
	cleanup(mime_inside_free_at) struct mime_inside *inside = NULL;

	assert(mime_inside_open(mail, index, LIMIT_INSIDE_BYTES, &inside, NULL) == RESULT_OK);
	if (!inside)
		return;
	const struct mime_index *all = mime_inside_index(inside);
	struct reader bytes = mime_inside_bytes(inside);
	assert(all->count >= index->count && all->count <= LIMIT_MIME_PARTS);
	for (size_t i = 0; i < all->count; i++) {
		const struct mime_part *part = &all->parts[i];
		assert(part->parent < (int)i && part->depth <= LIMIT_MIME_DEPTH);
		assert(i == 0 || part->depth == all->parts[part->parent].depth + 1);
		assert(mime_index_by_path(all, part->path) == part);
		check_part(&bytes, part);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	cleanup(arena_done) struct arena arena = {0};
	struct str mail = {(const char *)data + 1, size - 1};
	struct mime_scan *whole, *pieces;
	const struct mime_index *index, *other;
	struct mime_index again;

	mime_init();
	enum result result = scan(mail, mail.len + 1, &whole, &index);
	assert(scan(mail, data[0] + (size_t)1, &pieces, &other) == result);
	if (result == RESULT_OK) {
		struct bytes bytes = {(const uint8_t *)mail.ptr, mail.len};
		struct reader reader = reader_of_bytes(&bytes);
		struct bytes written = mime_index_encode(index, &arena);
		assert(str_equal(bytes_str(written), bytes_str(mime_index_encode(other, &arena))));
		assert(mime_index_decode(written, &arena, &again, NULL) == RESULT_OK);
		assert(again.count == index->count);
		for (size_t i = 0; i < index->count; i++)
			check_part(&reader, &index->parts[i]);
		check_inside(reader, index);
	}
	mime_scan_free(whole);
	mime_scan_free(pieces);
	return 0;
}
