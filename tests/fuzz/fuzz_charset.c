/* Names of charsets from outside, and bytes read by them: a name on the first line, then the bytes. What an
 * HTML text says of itself lies in its begin; words of a header field keep all that is no charset's name;
 * what is converted is UTF-8, the same in whatever pieces it comes. */
#include "base/arena.h"
#include "base/mem.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/html_charset.h"

#include <assert.h>
#include <string.h>

#define INPUT_BYTES ((size_t)1 << 14)
#define GROWTH_MAX 16 /* bytes of UTF-8 for one byte, of any charset that the C library knows */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_html(struct str text)
{
	struct str begin = str_sub(text, 0, MIME_HTML_CHARSET_BYTES), name = mime_html_charset(text);

	assert(str_equal(name, mime_html_charset(begin)));
	if (name.len == 0)
		return;
	assert(name.ptr >= begin.ptr && name.ptr + name.len <= begin.ptr + begin.len);
	for (size_t i = 0; i < name.len; i++)
		assert(name.ptr[i] == '\0' || !strchr("\"'; \t\r\n/>", name.ptr[i]));
}

static void check_words(struct str text)
{
	static const char behind[] = " the end";
	cleanup(arena_done) struct arena arena = {0};
	struct str line = mime_header_unfold(text, &arena);
	struct str out =
		mime_header_separate_words(arena_printf(&arena, "%.*s%s", STR_ARG(line), behind), &arena);

	/* Nothing is cut off, whatever grows before it. */
	assert(str_ends_nocase(out, str_of(behind)));
	assert(out.len >= line.len / 4);
	if (str_find(line, STR("=?")) < 0)
		assert(str_equal(str_sub(out, 0, line.len), line));
}

static void convert_in(struct str name, struct str bytes, size_t step, struct buf *out)
{
	struct mime_charset *charset = mime_charset_new(name);

	for (; bytes.len; bytes = str_from(bytes, step))
		mime_charset_add(charset, str_sub(bytes, 0, step), out);
	mime_charset_end(charset, out);
	mime_charset_free(charset);
}

static void check_conversion(struct str name, struct str bytes, size_t step)
{
	cleanup(buf_done) struct buf whole = buf_new(GROWTH_MAX * INPUT_BYTES),
				     pieces = buf_new(GROWTH_MAX * INPUT_BYTES);

	convert_in(name, bytes, INPUT_BYTES, &whole);
	convert_in(name, bytes, step, &pieces);
	assert(!whole.overflow && str_is_utf8(buf_str(&whole)));
	assert(str_equal(buf_str(&whole), buf_str(&pieces)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_BYTES)
		return 0;
	struct str rest = {(const char *)data + 1, size - 1};

	mime_init();
	check_html(rest);
	check_words(rest);
	struct str name = str_cut(&rest, '\n');
	check_conversion(name, rest, (size_t)data[0] + 1);
	return 0;
}
