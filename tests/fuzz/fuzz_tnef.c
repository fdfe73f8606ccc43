/* A winmail.dat: what is found lies within its bytes, decodes to the size that was said, and has clean names.
 */
#include "base/limits.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/tnef.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum result count_bytes(void *context, const void *data, size_t size, struct err *err)
{
	(void)data;
	(void)err;
	*(uint64_t *)context += size;
	return RESULT_OK;
}

static void check_part(const struct reader *file, const struct mime_index *index, size_t at)
{
	const struct mime_part *part = &index->parts[at];
	uint64_t bytes = 0;
	struct writer writer = {count_bytes, &bytes};

	assert(part->body_offset <= file->size && part->body_len <= file->size - part->body_offset);
	assert(part->parent < (int)at && (at == 0) == (part->parent < 0));
	for (size_t i = 0; i < part->name_count; i++)
		assert(str_is_utf8(part->names[i]) && part->names[i].len <= LIMIT_FILE_NAME_BYTES + 10);
	if (mime_part_is_container(part))
		return;
	assert(mime_part_decode(file, part, &writer, NULL) == RESULT_OK);
	assert(bytes == part->decoded_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	cleanup(arena_done) struct arena arena = {0};
	struct bytes bytes = {data + 1, size - 1};
	struct reader file = reader_of_bytes(&bytes);
	struct mime_index index;
	uint64_t rtf_bytes;

	mime_init();
	enum mime_tnef_texts texts = (enum mime_tnef_texts)(data[0] % 3);
	if (mime_tnef_read(&file, texts, STR("message"), &arena, &index, &rtf_bytes, NULL) != RESULT_OK)
		return 0;
	for (size_t i = 0; i < index.count; i++)
		check_part(&file, &index, i);
	return 0;
}
