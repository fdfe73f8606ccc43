/* A bounce in words: a status lies within the text and has the form of one, whatever the text. */
#include "mime/bounce.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	ptrdiff_t end = str_find(text, STR("\n\n"));
	struct str header = str_sub(text, 0, end < 0 ? 0 : (size_t)end);
	struct mime_bounce bounce;

	bool found = mime_bounce_read(header, str_from(text, header.len), &bounce);
	assert(found == (bounce.status.len > 0));
	assert(bounce.status.len <= 9);
	for (size_t i = 0; i < bounce.status.len; i++)
		assert(bounce.status.ptr[i] == '.' ||
			(bounce.status.ptr[i] >= '0' && bounce.status.ptr[i] <= '9'));
	return 0;
}
