#include "tests/unit/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "smtp/reply.h"

#include <stdio.h>

static void reads_lines(void **state)
{
	static const struct {
		const char *line;
		int code; /* 0: none */
		bool more;
		const char *text;
	} rows[] = {
		{"250 ok", 250, false, "ok"},
		{"250-first", 250, true, "first"},
		{"250", 250, false, ""},
		{"250-", 250, true, ""},
		{"599 x", 599, false, "x"},
		{"200 x", 200, false, "x"},
		{"199 x", 0, false, ""},
		{"600 x", 0, false, ""},
		{"25 x", 0, false, ""},
		{"2500 x", 0, false, ""},
		{"250_x", 0, false, ""},
		{"", 0, false, ""},
		{" 250 x", 0, false, ""},
		{"+50 x", 0, false, ""},
		{"-25 x", 0, false, ""},
	};
	struct smtp_reply_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		line = (struct smtp_reply_line){0};
		bool is_one = smtp_reply_line_parse(str_of(rows[i].line), &line);
		if (is_one != (rows[i].code != 0) || line.code != rows[i].code || line.more != rows[i].more)
			fail_msg("%s was read as %d", rows[i].line, line.code);
		if (is_one)
			assert_str(line.text, rows[i].text);
	}
}

static void joins_lines(void **state)
{
	struct smtp_reply reply;
	char text[40];
	bool whole;

	(void)state;
	smtp_reply_init(&reply);
	assert_ok(smtp_reply_add(&reply, STR("550-5.1.1 no"), &whole, NULL));
	assert_false(whole);
	assert_ok(
		smtp_reply_add(&reply, STR("550 5.1.1 such user\x1b here and so on, and on"), &whole, NULL));
	assert_true(whole);
	assert_int_equal(reply.code, 550);
	assert_str(str_sub(buf_str(&reply.text), 0, 25), "5.1.1 no\n5.1.1 such user\x1b");
	smtp_reply_print(&reply, text, sizeof(text));
	assert_string_equal(text, "550 5.1.1 no 5.1.1 such user? here and");
	smtp_reply_clear(&reply);
	assert_ok(smtp_reply_add(&reply, STR("250"), &whole, NULL));
	smtp_reply_print(&reply, text, sizeof(text));
	assert_string_equal(text, "250");
	smtp_reply_done(&reply);
}

static void refuses_what_is_no_reply(void **state)
{
	struct smtp_reply reply;
	struct err err = {0};
	bool whole = true;

	(void)state;
	smtp_reply_init(&reply);
	assert_ok(smtp_reply_add(&reply, STR("250-x"), &whole, &err));
	assert_int_equal(smtp_reply_add(&reply, STR("550 y"), &whole, &err), RESULT_INVALID);
	assert_string_equal(err.code, "protocol");
	smtp_reply_clear(&reply);
	for (int i = 0; i < LIMIT_SMTP_REPLY_LINES; i++)
		assert_ok(smtp_reply_add(&reply, STR("250-x"), &whole, &err));
	assert_int_equal(smtp_reply_add(&reply, STR("250 x"), &whole, &err), RESULT_INVALID);
	smtp_reply_done(&reply);
}

static void limits_bytes(void **state)
{
	cleanup(buf_done) struct buf line = buf_new(1 << 20);
	struct smtp_reply reply;
	bool whole;

	(void)state;
	smtp_reply_init(&reply);
	buf_add(&line, STR("250-"));
	for (int i = 0; i < LIMIT_SMTP_REPLY_BYTES / 2; i++)
		buf_add_char(&line, 'x');
	assert_ok(smtp_reply_add(&reply, buf_str(&line), &whole, NULL));
	assert_int_equal(smtp_reply_add(&reply, buf_str(&line), &whole, NULL), RESULT_INVALID);
	smtp_reply_done(&reply);
}

static void finds_status(void **state)
{
	static const struct {
		int code;
		const char *text, *status;
	} rows[] = {
		{550, "5.1.1 no", "5.1.1"},
		{550, "5.1.1", "5.1.1"},
		{550, "5.1.1\nmore", "5.1.1"},
		{451, "4.3.999 x", "4.3.999"},
		{550, "4.1.1 no", "5.0.0"},
		{450, "", "4.0.0"},
		{250, "2.0.0 ok", "2.0.0"},
		{250, "ok", "2.0.0"},
		{550, "5.1", "5.0.0"},
		{550, "5.1.1no", "5.0.0"},
		{550, "5.1234.1 x", "5.0.0"},
		{550, "5..1 x", "5.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(smtp_reply_status(rows[i].code, str_of(rows[i].text)).s, rows[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(joins_lines),
		cmocka_unit_test(refuses_what_is_no_reply),
		cmocka_unit_test(limits_bytes),
		cmocka_unit_test(finds_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
