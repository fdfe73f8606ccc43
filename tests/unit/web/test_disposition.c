#include "tests/unit/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "web/disposition.h"
#include "web/syntax.h"

#include <string.h>

static void test_names(void **state)
{
	static const struct {
		const char *name, *plain, *encoded;
	} cases[] = {
		{"a.pdf", "a.pdf", "a.pdf"},
		{"two words.pdf", "two words.pdf", "two%20words.pdf"},
		{"\xe2\x82\xac rates.pdf", "_ rates.pdf", "%E2%82%AC%20rates.pdf"},
		{"100%.txt", "100_.txt", "100%25.txt"},
		{"a\"b;c=d.txt", "a_b;c=d.txt", "a_b%3Bc%3Dd.txt"},
		{"../../etc/passwd", "_.._.._etc_passwd", "_.._.._etc_passwd"},
		{"..\\..\\x", "_.._.._x", "_.._.._x"},
		{"C:\\a.txt", "C__a.txt", "C__a.txt"},
		{".htaccess", "_.htaccess", "_.htaccess"},
		{"-rf", "_-rf", "_-rf"},
		{"a\r\nSet-Cookie: x=y", "a__Set-Cookie_ x=y", "a__Set-Cookie_%20x%3Dy"},
		{"a.pdf\xe2\x80\xae"
		 "fdp.exe",
			"a.pdf_fdp.exe", "a.pdf_fdp.exe"},
		{"a\xe2\x80\xa8"
		 "b",
			"a_b", "a_b"},
		{"a\xc2\x85"
		 "b",
			"a_b", "a_b"},
		{"\xff\xfe", "__", "__"},
		{"a.txt. . ", "a.txt", "a.txt"},
		{"", "file", "file"},
		{" ", "file", "file"},
		{"..", "file", "file"},
		{"CON", "_CON", "_CON"},
		{"nul.txt", "_nul.txt", "_nul.txt"},
		{"lpt1.x.y", "_lpt1.x.y", "_lpt1.x.y"},
		{"console.log", "console.log", "console.log"},
		{"com10", "com10", "com10"},
		{"'quote'", "'quote'", "%27quote%27"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct str wanted = arena_printf(&arena, "attachment; filename=\"%s\"; filename*=UTF-8''%s",
			cases[i].plain, cases[i].encoded);
		assert_str(disposition_attachment(&arena, str_of(cases[i].name)), wanted.ptr);
	}
}

static void test_length(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	char name[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	memcpy(name + sizeof(name) - 4, ".pdf", 4);
	struct str clean = file_name_clean(&arena, (struct str){name, sizeof(name)});
	assert_true(clean.len <= LIMIT_FILE_NAME_BYTES);
	assert_true(str_ends_nocase(clean, STR("\xc3\xa4.pdf")));
	assert_true(str_is_utf8(clean));
	/* No extension to keep. */
	memset(name, 'a', sizeof(name));
	assert_int_equal(
		file_name_clean(&arena, (struct str){name, sizeof(name)}).len, LIMIT_FILE_NAME_BYTES);
	assert_true(field_value_is_valid(disposition_attachment(&arena, (struct str){name, sizeof(name)})));
}

/* Whatever byte a name holds, the header stays one, and reads back as one parameter. */
static void test_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		cleanup(arena_done) struct arena arena = {0};
		char name[] = {'a', (char)c, 'b'};
		struct str field = disposition_attachment(&arena, (struct str){name, sizeof(name)});
		struct str value = STR_NONE;
		assert_true(field_value_is_valid(field) && str_is_utf8(field));
		assert_ok(field_parameter(&arena, field, "filename", &value));
		assert_int_equal(value.len, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
