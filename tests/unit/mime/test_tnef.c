#include "mime/tnef.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/rtf.h"
#include "mime/rtf_text.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define FILE_BYTES ((size_t)4 << 20)

/* The examples of MS-OXRTFCP. */
static const uint8_t hello_rtf[] = {0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 'L', 'Z', 'F', 'u', 0xf1, 0xc5, 0xc7, 0xa7,
	0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68,
	0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};
static const uint8_t crossing_rtf[] = {0x1a, 0, 0, 0, 0x1c, 0, 0, 0, 'L', 'Z', 'F', 'u', 0xe2, 0xd4, 0x4b,
	0x51, 0x41, 0x00, 0x04, 0x20, 0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0};
#define HELLO "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"

static void test_compressed_rtf(void **state)
{
	static const struct {
		struct bytes compressed;
		const char *text;
	} cases[] = {
		{{hello_rtf, sizeof(hello_rtf)}, HELLO},
		{{crossing_rtf, sizeof(crossing_rtf)}, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"},
		{{(const uint8_t *)"\x0a\0\0\0\x03\0\0\0MELA\0\0\0\0{x}", 19}, "{x}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t step = 1; step < 60; step += 7) {
			cleanup(buf_done) struct buf out = buf_new(1000);
			struct mime_rtf *rtf = mime_rtf_new();
			struct str left = bytes_str(cases[i].compressed);
			for (; left.len; left = str_from(left, step))
				(void)mime_rtf_add(rtf, str_sub(left, 0, step), &out);
			assert_str(buf_str(&out), cases[i].text);
			assert_true(mime_rtf_is_whole(rtf));
			mime_rtf_free(rtf);
		}
}

/* It says how long it becomes, and becomes no longer. */
static void test_rtf_is_bounded(void **state)
{
	cleanup(buf_done) struct buf bomb = buf_new(2 * LIMIT_RTF_BYTES);
	struct mime_rtf *rtf = mime_rtf_new();
	uint64_t total = 0;

	(void)state;
	buf_add_bytes(&bomb, "\0\0\0\0\xff\xff\xff\xffLZFu\0\0\0\0", 16);
	while (bomb.len < LIMIT_RTF_BYTES / 4)
		buf_add_bytes(&bomb, "\xff\0\x0e\0\x0e\0\x0e\0\x0e\0\x0e\0\x0e\0\x0e\0\x0e", 17);
	for (struct str left = buf_str(&bomb); left.len; left = str_from(left, 4096)) {
		size_t grown = mime_rtf_add(rtf, str_sub(left, 0, 4096), NULL);
		assert_true(grown <= 4096 * MIME_RTF_GROWTH_MAX);
		total += grown;
	}
	assert_int_equal(total, LIMIT_RTF_BYTES);
	assert_false(mime_rtf_is_whole(rtf));
	mime_rtf_free(rtf);
	rtf = mime_rtf_new();
	assert_int_equal(mime_rtf_add(rtf, STR("0123456789ABCDEF nothing of the kind"), NULL), 0);
	assert_false(mime_rtf_is_whole(rtf));
	mime_rtf_free(rtf);
}

/* A small writer. */
static void put(struct buf *file, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_add_char(file, (char)(uint8_t)(number >> (8 * i)));
}

static void put_attribute(struct buf *file, int level, uint32_t id, struct str data)
{
	put(file, (uint64_t)level, 1);
	put(file, id, 4);
	put(file, data.len, 4);
	buf_add(file, data);
	put(file, 0, 2);
}

/* Properties: begin with put_count, then any of these. */
static void put_padded(struct buf *out, struct str data)
{
	put(out, data.len, 4);
	buf_add(out, data);
	while (data.len++ % 4)
		buf_add_char(out, 0);
}

static void put_value(struct buf *out, uint32_t type, uint32_t id, struct str data)
{
	put(out, type, 2);
	put(out, id, 2);
	put(out, 1, 4);
	put_padded(out, data);
}

static void put_number(struct buf *out, uint32_t id, uint32_t number)
{
	put(out, 0x0003, 2);
	put(out, id, 2);
	put(out, number, 4);
}

/* One with a name, and one with several values: read over. */
static void put_others(struct buf *out)
{
	put(out, 0x001e, 2);
	put(out, 0x8001, 2);
	buf_add_bytes(out, "0123456789abcdef", 16);
	put(out, 1, 4);
	put_padded(out, STR("K\0e\0y\0\0"));
	put(out, 1, 4);
	put_padded(out, STR("named"));
	put(out, 0x1003, 2);
	put(out, 0x1234, 2);
	put(out, 3, 4);
	for (uint32_t i = 0; i < 3; i++)
		put(out, i, 4);
}

static struct str properties(struct arena *arena, uint32_t count, const struct buf *values)
{
	cleanup(buf_done) struct buf all = buf_new(FILE_BYTES);

	put(&all, count, 4);
	buf_add(&all, buf_str(values));
	return arena_str(arena, buf_str(&all));
}

static void begin_file(struct buf *file)
{
	put(file, 0x223e9f78, 4);
	put(file, 1, 2);
	put_attribute(file, 1, 0x00089006, STR("\0\0\1\0"));
	put_attribute(file, 1, 0x00069007, STR("\xe3\x04\0\0\0\0\0\0")); /* code page 1251 */
}

/* A message with texts, a file, an image, and a message inside; whole enough for each kind of thing. */
static struct str make_file(struct arena *arena, bool html, bool rtf)
{
	cleanup(buf_done) struct buf file = buf_new(FILE_BYTES), values = buf_new(FILE_BYTES),
				     inner = buf_new(FILE_BYTES);
	uint32_t count = 4;

	begin_file(&file);
	put_others(&values);
	put_number(&values, 0x3fde, 1251);
	put_value(&values, 0x001e, 0x1000, STR("plain \xef\0"));
	if (html && ++count)
		put_value(&values, 0x0102, 0x1013, STR("<b>html</b>"));
	if (rtf && ++count)
		put_value(&values, 0x0102, 0x1009, (struct str){(const char *)hello_rtf, sizeof(hello_rtf)});
	put_attribute(&file, 1, 0x00069003, properties(arena, count, &values));

	buf_clear(&values);
	put_attribute(&file, 2, 0x00069002, STR("render data"));
	put_attribute(&file, 2, 0x00018010, STR("SHORT~1.PDF\0"));
	put_attribute(&file, 2, 0x0006800f, STR("the pdf"));
	put_value(&values, 0x001f, 0x3707, STR("l\0o\0n\0g\0.\0p\0d\0f\0\0\0"));
	put_value(&values, 0x001e, 0x370e, STR("Application/PDF\0"));
	put_attribute(&file, 2, 0x00069005, properties(arena, 2, &values));

	buf_clear(&values);
	put_attribute(&file, 2, 0x00069002, STR(""));
	put_attribute(&file, 2, 0x00018010, STR("\xef.png\0"));
	put_attribute(&file, 2, 0x0006800f, STR("image"));
	put_value(&values, 0x001e, 0x370e, STR("image/png\0"));
	put_value(&values, 0x001e, 0x3712, STR("<img@1>\0"));
	put_attribute(&file, 2, 0x00069005, properties(arena, 2, &values));

	buf_clear(&values);
	buf_add_bytes(&inner, "\x07\3\2\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", 16);
	begin_file(&inner);
	put_attribute(&inner, 1, 0x0002800c, STR("inner words\0"));
	put_attribute(&file, 2, 0x00069002, STR(""));
	put_value(&values, 0x001e, 0x3001, STR("Forwarded\0"));
	put_value(&values, 0x000d, 0x3701, buf_str(&inner));
	put_attribute(&file, 2, 0x00069005, properties(arena, 2, &values));
	return arena_str(arena, buf_str(&file));
}

static struct str draw(struct str file, enum mime_tnef_texts texts, struct arena *arena)
{
	cleanup(buf_done) struct buf drawing = buf_new(1 << 20);
	struct bytes bytes = str_bytes(file);
	struct reader reader = reader_of_bytes(&bytes);
	struct mime_index index;
	uint64_t rtf_bytes;

	if (mime_tnef_read(&reader, texts, STR("message"), arena, &index, &rtf_bytes, NULL) != RESULT_OK)
		return STR("refused");
	for (size_t i = 0; i < index.count; i++) {
		const struct mime_part *part = &index.parts[i];
		cleanup(buf_done) struct buf text = buf_new(1 << 16);
		bool cut;
		if (!mime_part_is_container(part) && !mime_part_is_tnef(part))
			assert_ok(mime_part_text(&reader, part, &text, &cut, NULL));
		buf_printf(&drawing, "%.*s %.*s [%.*s]%.*s%s%.*s\n", STR_ARG(part->path), STR_ARG(part->type),
			(int)text.len, text.data ? text.data : "",
			STR_ARG(part->name_count ? part->names[0] : STR_NONE),
			part->content_id.len ? " id " : "", STR_ARG(part->content_id));
	}
	return arena_str(arena, buf_str(&drawing));
}

static void test_parts(void **state)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	mime_init();
	assert_str(draw(make_file(&arena, true, true), MIME_TNEF_SHOWN, &arena),
		" multipart/related []\n1 multipart/alternative []\n"
		"1.1 text/plain [plain п]\n1.2 text/html [<b>html</b>]\n"
		"2 application/pdf [the pdf]long.pdf\n3 image/png [image]п.png id img@1\n"
		"4 application/ms-tnef []Forwarded\n");
	assert_str(draw(make_file(&arena, false, true), MIME_TNEF_SHOWN, &arena),
		" multipart/mixed []\n1 multipart/alternative []\n1.1 text/plain [plain п]\n"
		"2 application/pdf [the pdf]long.pdf\n3 image/png [image]п.png id img@1\n"
		"4 application/ms-tnef []Forwarded\n5 text/rtf [" HELLO "]message.rtf\n");
	assert_str(draw(make_file(&arena, true, false), MIME_TNEF_RICH_FILES, &arena),
		" multipart/mixed []\n1 text/html [<b>html</b>]message.html\n"
		"2 application/pdf [the pdf]long.pdf\n3 image/png [image]п.png id img@1\n"
		"4 application/ms-tnef []Forwarded\n");
}

/* Cut anywhere it is refused, or what was complete is all there is; never is a part outside. */
static void test_damaged_files(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str file = make_file(&arena, true, true);

	(void)state;
	mime_init();
	for (size_t len = 0; len < file.len; len++) {
		struct bytes bytes = str_bytes(str_sub(file, 0, len));
		struct reader reader = reader_of_bytes(&bytes);
		struct mime_index index;
		uint64_t rtf_bytes;
		if (mime_tnef_read(&reader, MIME_TNEF_SHOWN, STR("m"), &arena, &index, &rtf_bytes, NULL) !=
			RESULT_OK)
			continue;
		for (size_t i = 0; i < index.count; i++)
			assert_true(index.parts[i].body_offset + index.parts[i].body_len <= len);
	}
	assert_str(draw(STR("no TNEF at all"), MIME_TNEF_SHOWN, &arena), "refused");
	assert_str(draw(STR(""), MIME_TNEF_SHOWN, &arena), "refused");
}

static void test_limits(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(buf_done) struct buf file = buf_new(FILE_BYTES), files = buf_new(FILE_BYTES);

	(void)state;
	mime_init();
	begin_file(&file);
	buf_add(&files, buf_str(&file));
	for (int i = 0; i < LIMIT_TNEF_ITEMS; i++)
		put_attribute(&file, 1, 0x00018004, STR("x"));
	assert_str(draw(buf_str(&file), MIME_TNEF_SHOWN, &arena), "refused");
	for (int i = 0; i <= LIMIT_MIME_PARTS; i++)
		put_attribute(&files, 2, 0x00069002, STR(""));
	put_attribute(&files, 2, 0x00069002, STR(""));
	assert_str(draw(buf_str(&files), MIME_TNEF_SHOWN, &arena), "refused");
}

/* The bytes of a file of the corpus, NULL when it is not there. */
static FILE *corpus_file(const char *name)
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/mimekit/tnef/%s/message.rtf", corpora ? corpora : "", name);
	return fopen(path, "rb");
}

static void assert_file_says(FILE *file, enum mime_rtf_kind kind, struct str begin)
{
	cleanup(buf_done) struct buf out = buf_new(FILE_BYTES);
	cleanup(mime_rtf_text_free_at) struct mime_rtf_text *text = mime_rtf_text_new();
	static char raw[FILE_BYTES];
	size_t len = fread(raw, 1, sizeof(raw), file);

	(void)fclose(file);
	(void)mime_rtf_text_add(text, (struct str){raw, len}, &out);
	(void)mime_rtf_text_end(text, &out);
	assert_int_equal(mime_rtf_text_kind(text), kind);
	assert_str(str_sub(buf_str(&out), 0, begin.len), begin.ptr);
}

/* Outlook's own RTF, in what the corpus keeps of MimeKit's tests. */
static void test_rtf_of_the_corpus(void **state)
{
	static const struct {
		const char *name;
		enum mime_rtf_kind kind;
		const char *begin;
	} files[] = {
		{"MAPI_OBJECT", MIME_RTF_PLAIN, "Attached is the updated October Discounted Price List"},
		{"MAPI_ATTACH_DATA_OBJ", MIME_RTF_PLAIN,
			"Det er jo en velkjent sak at bodødamene er noe mer "},
		{"long-filename", MIME_RTF_PACKED_TEXT,
			"I've attached a temp. license for QARun 4.7.  Do you"},
		{"missing-filenames", MIME_RTF_PACKED_TEXT,
			"Hi Stephen,\r\n\r\nSue has encountered a Date problem"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		FILE *file = corpus_file(files[i].name);
		if (!file)
			skip();
		assert_file_says(file, files[i].kind, str_of(files[i].begin));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compressed_rtf),
		cmocka_unit_test(test_rtf_is_bounded),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_rtf_of_the_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
