/* What is read of header fields: words, addresses, parameters, message identifiers, subject tags. All that
 * comes out is UTF-8 of one line, within its limit. */
#include "base/address.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/address.h"
#include "mime/header.h"
#include "policy/tag.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str text, size_t limit)
{
	assert(text.len <= limit && str_is_utf8(text));
	for (size_t i = 0; i < text.len; i++)
		assert(text.ptr[i] != '\r' && text.ptr[i] != '\n' && text.ptr[i] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str value = {(const char *)data, size}, rest = value;
	struct mime_address *addresses;
	struct mime_field field;
	struct str ids[20];

	mime_init();
	struct str subject = mime_header_text(value, LIMIT_SUBJECT_BYTES, &arena);
	check(subject, LIMIT_SUBJECT_BYTES);
	struct str known = STR("Strict");
	struct subject_tags tags = subject_tags_find(subject, &known, 1, &arena);
	check(tags.subject, subject.len);
	size_t count = mime_addresses(value, &arena, &addresses);
	assert(count <= LIMIT_ADDRESSES_SHOWN);
	for (size_t i = 0; i < count; i++) {
		check(addresses[i].name, LIMIT_DISPLAY_NAME_BYTES);
		assert(addresses[i].address.len <= 6 * size); /* names of domains may be decoded */
	}
	(void)mime_parameters_parse(value, &arena);
	assert(mime_header_date(value, &arena) >= 0);
	assert(mime_message_ids(value, ids, 20, &arena) <= 20);
	while (mime_field_next(&rest, &field))
		assert(field.whole.len > 0 && field.whole.ptr >= value.ptr &&
			field.whole.ptr + field.whole.len <= value.ptr + value.len);
	return 0;
}
