#include "mime/inside.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/scan.h"
#include "tests/unit/unit.h"

#include <string.h>

#define MAIL_BYTES ((size_t)8 << 20)

/* A mail, what the scanner finds in it, and what lies inside. */
struct opened {
	struct arena arena;
	struct mime_scan *scan;
	const struct mime_index *index;
	struct bytes bytes;
	struct mime_inside *inside;
};

static void open_mail(struct opened *o, struct str mail)
{
	struct str copy = arena_str(&o->arena, mail);

	o->scan = mime_scan_new();
	assert_ok(mime_scan_add(o->scan, copy, NULL));
	assert_ok(mime_scan_end(o->scan, &o->index, NULL));
	o->bytes = str_bytes(copy);
	assert_ok(
		mime_inside_open(reader_of_bytes(&o->bytes), o->index, LIMIT_INSIDE_BYTES, &o->inside, NULL));
}

static void close_mail(struct opened *o)
{
	mime_inside_free(o->inside);
	mime_scan_free(o->scan);
	arena_done(&o->arena);
}

/* One line a part. */
static struct str draw(struct opened *o)
{
	cleanup(buf_done) struct buf drawing = buf_new(1 << 20);
	const struct mime_index *index = mime_inside_index(o->inside);
	struct reader bytes = mime_inside_bytes(o->inside);

	for (size_t i = 0; i < index->count; i++) {
		const struct mime_part *part = &index->parts[i];
		cleanup(buf_done) struct buf decoded = buf_new(1 << 20);
		struct writer writer = writer_of_buf(&decoded);
		assert_ok(mime_part_decode(&bytes, part, &writer, NULL));
		bool is_leaf = !mime_part_is_container(part) && !mime_part_is_message(part);
		if (is_leaf)
			assert_int_equal(decoded.len, part->decoded_size);
		buf_printf(&drawing, "%.*s<%d %.*s [%.*s]\n", STR_ARG(part->path), part->parent,
			STR_ARG(part->type), is_leaf ? (int)decoded.len : 0,
			decoded.data ? decoded.data : "");
	}
	return arena_str(&o->arena, buf_str(&drawing));
}

static struct str base64(struct opened *o, struct str text)
{
	cleanup(buf_done) struct buf out = buf_new(2 * MAIL_BYTES);
	struct mime_base64 encoder;

	mime_base64_init(&encoder, writer_of_buf(&out));
	struct writer writer = mime_base64_writer(&encoder);
	assert_ok(writer_write(&writer, text, NULL));
	assert_ok(mime_base64_end(&encoder, NULL));
	return arena_str(&o->arena, buf_str(&out));
}

#define BASE64_MAIL "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"

static void test_parts_of_encoded_mails_join_the_index(void **state)
{
	struct opened o = {0};
	struct str deep = base64(&o, STR("Subject: deep\r\n\r\nvery deep"));
	struct str inner = arena_printf(&o.arena,
		"Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
		"--i\r\n\r\none\r\n--i\r\n" BASE64_MAIL "%.*s\r\n--i\r\n\r\nthree\r\n--i--\r\n",
		STR_ARG(deep));
	struct str mail = arena_printf(&o.arena,
		"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" BASE64_MAIL
		"%.*s\r\n--o\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\nlast\r\n"
		"--x--\r\n--o--\r\n",
		STR_ARG(base64(&o, inner)));

	(void)state;
	mime_init();
	open_mail(&o, mail);
	assert_str(draw(&o), "<-1 multipart/mixed []\n"
			     "1<0 message/rfc822 []\n"
			     "1.1<1 multipart/mixed []\n"
			     "1.1.1<2 text/plain [one]\n"
			     "1.1.2<2 message/rfc822 []\n"
			     "1.1.2.1<4 text/plain [very deep]\n"
			     "1.1.3<2 text/plain [three]\n"
			     "2<0 multipart/alternative []\n"
			     "2.1<7 text/plain [last]\n");
	close_mail(&o);
}

static void test_a_mail_in_a_mail_has_an_index_of_its_own(void **state)
{
	struct opened o = {0};
	struct mime_index index;

	(void)state;
	mime_init();
	open_mail(&o,
		STR("Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n--o\r\n"
		    "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
		    "--i\r\n\r\none\r\n--i\r\n\r\ntwo\r\n--i--\r\n--o\r\n\r\nend\r\n--o--\r\n"));
	assert_null(o.inside); /* the scanner has it already */
	assert_false(mime_inside_message(o.index, STR("1"), &o.arena, &index));
	assert_false(mime_inside_message(o.index, STR("7"), &o.arena, &index));
	assert_true(mime_inside_message(o.index, STR("2"), &o.arena, &index));
	assert_int_equal(index.count, 3);
	assert_int_equal(index.parts[0].parent, -1);
	assert_int_equal(index.parts[2].parent, 0);
	assert_str(index.parts[2].path, "2.1.2");
	close_mail(&o);
}

/* Reading on costs nothing more; going back and forth ends. */
static void test_reading_back_is_bounded(void **state)
{
	struct opened o = {0};
	struct str filler = {arena_alloc(&o.arena, MAIL_BYTES / 8), MAIL_BYTES / 8};
	char data[100];
	size_t got;

	(void)state;
	mime_init();
	memset((char *)(uintptr_t)filler.ptr, 'x', filler.len);
	struct str inner = arena_printf(&o.arena, "Subject: x\r\n\r\n%.*s", STR_ARG(filler));
	open_mail(&o, arena_printf(&o.arena, BASE64_MAIL "%.*s", STR_ARG(base64(&o, inner))));
	struct reader bytes = mime_inside_bytes(o.inside);
	uint64_t begin = bytes.size - inner.len;
	int tries = -1;
	enum result result = RESULT_OK;
	for (; result == RESULT_OK && tries < 1000; tries++) {
		assert_ok(reader_read(&bytes, bytes.size - sizeof(data), data, sizeof(data), &got, NULL));
		result = reader_read(&bytes, begin, data, sizeof(data), &got, NULL);
	}
	assert_int_equal(result, RESULT_TOO_LARGE);
	assert_in_range(tries, LIMIT_INSIDE_READ_BACK_TIMES,
		LIMIT_INSIDE_READ_BACK_TIMES + 1 + LIMIT_INSIDE_READ_BACK_BYTES / (int)inner.len);
	close_mail(&o);
}

static void test_no_more_is_opened_than_the_caller_allows(void **state)
{
	struct str text = STR("Subject: x\r\n\r\none two three");

	(void)state;
	mime_init();
	for (uint64_t less = 0; less < 2; less++) {
		struct opened o = {0};
		open_mail(&o, arena_printf(&o.arena, BASE64_MAIL "%.*s", STR_ARG(base64(&o, text))));
		mime_inside_free(o.inside);
		assert_ok(mime_inside_open(
			reader_of_bytes(&o.bytes), o.index, text.len - less, &o.inside, NULL));
		assert_int_equal(mime_inside_index(o.inside)->count, 2 - less);
		close_mail(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_encoded_mails_join_the_index),
		cmocka_unit_test(test_a_mail_in_a_mail_has_an_index_of_its_own),
		cmocka_unit_test(test_no_more_is_opened_than_the_caller_allows),
		cmocka_unit_test(test_reading_back_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
