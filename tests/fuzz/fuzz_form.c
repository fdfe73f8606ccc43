/* Forms in both encodings, read in pieces: the first byte chooses encoding and size of the pieces. What is
 * read must not depend on the pieces. */
#include "base/buf.h"
#include "base/mem.h"
#include "web/form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum result on_begin(void *context, struct str field, struct str name, struct str type,
	const struct pairs *fields, struct err *err)
{
	(void)fields;
	(void)err;
	assert(name.len && str_is_utf8(name) && str_is_utf8(field));
	buf_printf(context, "<%.*s|%.*s|%.*s:", STR_ARG(field), STR_ARG(name), STR_ARG(type));
	return RESULT_OK;
}

static enum result on_write(void *context, const void *data, size_t size, struct err *err)
{
	(void)err;
	buf_add_bytes(context, data, size);
	return RESULT_OK;
}

static enum result on_end(void *context, struct err *err)
{
	(void)err;
	buf_add(context, STR(">"));
	return RESULT_OK;
}

static enum result read_form(struct str type, const uint8_t *data, size_t size, size_t step, struct buf *out)
{
	cleanup(arena_done) struct arena arena = {0};
	struct upload_sink sink = {on_begin, on_write, on_end, NULL, out};
	struct form *form = NULL;
	struct pairs fields = {0};
	enum result result = form_new(&arena, type, &sink, &form, NULL);

	for (size_t at = 0; result == RESULT_OK && at < size; at += step)
		result = form_push(form, data + at, size - at < step ? size - at : step, NULL);
	if (result == RESULT_OK)
		result = form_finish(form, &fields, NULL);
	form_free(form);
	for (size_t i = 0; result == RESULT_OK && i < fields.count; i++) {
		assert(str_is_utf8(fields.items[i].name) && str_is_utf8(fields.items[i].value));
		buf_printf(out, "%.*s=%.*s;", STR_ARG(fields.items[i].name), STR_ARG(fields.items[i].value));
	}
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(buf_done) struct buf whole = buf_new(1 << 22), pieces = buf_new(1 << 22);

	if (!size)
		return 0;
	struct str type = data[0] & 1 ? STR("application/x-www-form-urlencoded")
				      : STR("multipart/form-data; boundary=XX");
	enum result result = read_form(type, data + 1, size - 1, size, &whole);
	enum result again = read_form(type, data + 1, size - 1, (size_t)(data[0] >> 1) + 1, &pieces);
	assert((result == RESULT_OK) == (again == RESULT_OK));
	assert(result != RESULT_OK || str_equal(buf_str(&whole), buf_str(&pieces)));
	return 0;
}
