#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "web/form.h"

/* Writes down what a sink is told: <field|name|type:bytes>. */
static enum result note_begin(void *context, struct str field, struct str name, struct str type,
	const struct pairs *fields, struct err *err)
{
	(void)err;
	buf_printf(
		context, "<%.*s|%.*s|%.*s|%zu:", STR_ARG(field), STR_ARG(name), STR_ARG(type), fields->count);
	return RESULT_OK;
}

static enum result note_write(void *context, const void *data, size_t size, struct err *err)
{
	if (size && *(const char *)data == '!')
		return err_set(err, RESULT_BUSY, "no more");
	buf_add_bytes(context, data, size);
	return RESULT_OK;
}

static enum result note_end(void *context, struct err *err)
{
	(void)err;
	buf_add(context, STR(">"));
	return RESULT_OK;
}

/* Reads a whole form in pieces of `step` bytes, and writes fields as name=value; behind what the sink noted.
 */
static enum result read_form(struct str type, struct str body, size_t step, bool with_sink, struct buf *out)
{
	cleanup(arena_done) struct arena arena = {0};
	struct upload_sink sink = {note_begin, note_write, note_end, NULL, out};
	struct form *form = NULL;
	struct pairs fields = {0};
	struct err err = {0};
	enum result result = form_new(&arena, type, with_sink ? &sink : NULL, &form, &err);

	for (struct str rest = body; result == RESULT_OK && rest.len; rest = str_from(rest, step)) {
		/* A copy of exactly the piece, so that reading past it is seen. */
		struct str piece = str_sub(rest, 0, step);
		char *copy = mem_resize(NULL, piece.len, 1);
		for (size_t i = 0; i < piece.len; i++)
			copy[i] = piece.ptr[i];
		result = form_push(form, copy, piece.len, &err);
		free(copy);
	}
	if (result == RESULT_OK)
		result = form_finish(form, &fields, &err);
	form_free(form);
	for (size_t i = 0; result == RESULT_OK && i < fields.count; i++)
		buf_printf(out, "%.*s=%.*s;", STR_ARG(fields.items[i].name), STR_ARG(fields.items[i].value));
	return result;
}

#define DISPOSITION "Content-Disposition: form-data; name="
#define MULTIPART "multipart/form-data; boundary=XX"

static void test_forms(void **state)
{
	static const struct {
		const char *type, *body;
		enum result result;
		const char *read;
	} cases[] = {
		{"application/x-www-form-urlencoded", "a=1&b=+%26", RESULT_OK, "a=1;b= &;"},
		{"application/x-www-form-urlencoded; charset=utf-8", "", RESULT_OK, ""},
		{"application/x-www-form-urlencoded", "a=%ff", RESULT_INVALID, NULL},
		{"text/plain", "a=1", RESULT_INVALID, NULL},
		{"", "a=1", RESULT_INVALID, NULL},
		{"multipart/form-data", "", RESULT_INVALID, NULL},
		{"multipart/form-data; boundary=\"\"", "", RESULT_INVALID, NULL},
		{"multipart/form-data; boundary=\"a b\"", "", RESULT_INVALID, NULL},
		{"multipart/mixed; boundary=XX", "--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX--", RESULT_OK, ""},
		{MULTIPART, "--XX--\r\nepilogue", RESULT_OK, ""},
		{MULTIPART, "--XX\r\n" DISPOSITION "\"a\"\r\n\r\n1\r\n--XX--\r\n", RESULT_OK, "a=1;"},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n\r\n\r\n--XX--\r\n", RESULT_OK, "a=;"},
		{MULTIPART, "--XX\r\ncontent-disposition:form-data;name=a\r\nX-Other: y\r\n\r\n1\r\n--XX--",
			RESULT_OK, "a=1;"},
		{MULTIPART,
			"--XX\r\n" DISPOSITION
			"a\r\n\r\n1\r\n--X\r\n--XY\r\n\r\n\r--XX\r\n-\r\n--XX\r\n" DISPOSITION
			"b\r\n\r\n2\r\n--XX--",
			RESULT_OK, "a=1\r\n--X\r\n--XY\r\n\r\n\r--XX\r\n-;b=2;"},
		{MULTIPART, "--XX\r\n" DISPOSITION "\"%22%0D%0a%41\"\r\n\r\n1\r\n--XX--", RESULT_OK,
			"\"\r\n%41=1;"},
		{MULTIPART,
			"--XX\r\n" DISPOSITION
			"f; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n"
			"\r\n--XX--",
			RESULT_OK, ""},
		{MULTIPART, "--XX\r\n" DISPOSITION "f; filename=\"a.txt\"\r\n\r\n\r\n--XX--", RESULT_OK,
			"<f|a.txt||0:>"},
		{MULTIPART,
			"--XX\r\n" DISPOSITION "a\r\n\r\n1\r\n--XX\r\n" DISPOSITION
			"f; filename=\"../\xc3\xa4.txt\"\r\nContent-Type: "
			"text/plain\r\n\r\nbytes\r\n--XX\r\n" DISPOSITION "b\r\n\r\n2\r\n--XX--",
			RESULT_OK, "<f|_.._\xc3\xa4.txt|text/plain|1:bytes>a=1;b=2;"},
		{MULTIPART, "--XX\r\n" DISPOSITION "f; filename=x\r\n\r\n!\r\n--XX--", RESULT_BUSY, NULL},
		/* Not as browsers send it. */
		{MULTIPART, "", RESULT_INVALID, NULL},
		{MULTIPART, "preamble\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XY--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX", RESULT_INVALID, NULL},
		{MULTIPART, "--XX-", RESULT_INVALID, NULL},
		{MULTIPART, "--XXX\r\n", RESULT_INVALID, NULL},
		{MULTIPART, "--XX \r\n" DISPOSITION "a\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\n" DISPOSITION "a\n\n1\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\n\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n\r\n1\r\n", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n\r\n1\r\n--XX", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XX--",
			RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--", RESULT_INVALID,
			NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a; name=b\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n" DISPOSITION "b\r\n\r\n1\r\n--XX--", RESULT_INVALID,
			NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "f; filename=\"a\r\n\r\n1\r\n--XX--", RESULT_INVALID,
			NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n folded\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\nnonsense\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART,
			"--XX\r\n" DISPOSITION "a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--XX--",
			RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "a\r\n\r\n\xff\r\n--XX--", RESULT_INVALID, NULL},
		{MULTIPART, "--XX\r\n" DISPOSITION "\"\xff\"\r\n\r\n1\r\n--XX--", RESULT_INVALID, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str body = str_of(cases[i].body);
		for (size_t step = 1; step <= body.len + 1; step++) {
			cleanup(buf_done) struct buf out = buf_new(10000);
			enum result result =
				read_form(str_of(cases[i].type), body, step, /* with_sink= */ true, &out);
			if (result != cases[i].result)
				fail_msg("case %zu in pieces of %zu: %s", i, step, result_name(result));
			if (cases[i].read)
				assert_str(buf_str(&out), cases[i].read);
		}
	}
}

static void test_no_files_wanted(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(1000);
	struct str file = STR("--XX\r\n" DISPOSITION "f; filename=\"a\"\r\n\r\n1\r\n--XX--");
	struct str none = STR("--XX\r\n" DISPOSITION "f; filename=\"\"\r\n\r\n\r\n--XX--");

	(void)state;
	assert_int_equal(read_form(STR(MULTIPART), file, 100, /* with_sink= */ false, &out), RESULT_INVALID);
	assert_ok(read_form(STR(MULTIPART), none, 100, /* with_sink= */ false, &out));
}

/* `count` parts, each of them with this header and body. */
static enum result read_many(size_t count, const char *header, size_t body_len)
{
	cleanup(buf_done) struct buf body = buf_new((size_t)64 << 20), out = buf_new((size_t)64 << 20);

	for (size_t i = 0; i < count; i++)
		buf_printf(&body, "--XX\r\n%s\r\n\r\n%0*d\r\n", header, (int)body_len, 0);
	buf_add(&body, STR("--XX--"));
	return read_form(STR(MULTIPART), buf_str(&body), 5000, /* with_sink= */ true, &out);
}

static void test_limits(void **state)
{
	cleanup(buf_done) struct buf header = buf_new(1 << 20), pairs = buf_new(1 << 20),
				     out = buf_new(1 << 20);

	(void)state;
	assert_ok(read_many(LIMIT_HTTP_FORM_FIELDS, DISPOSITION "a", 1));
	assert_int_equal(read_many(LIMIT_HTTP_FORM_FIELDS + 1, DISPOSITION "a", 1), RESULT_TOO_LARGE);
	assert_ok(read_many(LIMIT_HTTP_FILES, DISPOSITION "a; filename=b", 1));
	assert_int_equal(read_many(LIMIT_HTTP_FILES + 1, DISPOSITION "a; filename=b", 1), RESULT_TOO_LARGE);
	assert_ok(read_many(1, DISPOSITION "a", LIMIT_HTTP_FORM_BYTES - 1));
	assert_int_equal(read_many(1, DISPOSITION "a", LIMIT_HTTP_FORM_BYTES + 1), RESULT_TOO_LARGE);
	assert_int_equal(read_many(3, DISPOSITION "a", LIMIT_HTTP_FORM_BYTES / 2), RESULT_TOO_LARGE);
	assert_ok(read_many(2, DISPOSITION "a; filename=b", 3 * LIMIT_HTTP_FORM_BYTES));
	buf_printf(&header, DISPOSITION "a\r\nX: %0*d", LIMIT_HTTP_PART_HEADER_BYTES, 0);
	assert_int_equal(read_many(1, header.data, 1), RESULT_TOO_LARGE);
	for (size_t i = 0; i <= LIMIT_HTTP_FORM_FIELDS; i++)
		buf_add(&pairs, STR("a=1&"));
	assert_int_equal(
		read_form(STR("application/x-www-form-urlencoded"), buf_str(&pairs), 5000, true, &out),
		RESULT_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_no_files_wanted),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
