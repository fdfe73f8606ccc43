/* The header of one part: above all, every file name that some mail program might show. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/header.h"
#include "mime/part_header.h"
#include "tests/unit/unit.h"

#include <string.h>

/* The names of a part with this header, "a|b", or what it is refused for. */
static struct str names_of(const char *block, struct arena *arena)
{
	struct mime_part part = {0};
	struct str boundary, names = STR("");

	switch (mime_part_read_header(&part, str_of(block), false, arena, &boundary)) {
	case MIME_PART_HEADER_PARAMETERS:
		return STR("too many parameters");
	case MIME_PART_HEADER_NAMES:
		return STR("too many names");
	case MIME_PART_HEADER_OK:
		break;
	}
	for (size_t i = 0; i < part.name_count; i++)
		names = arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(names), i ? "|" : "", STR_ARG(part.names[i]));
	return names;
}

static void test_every_name_is_a_candidate(void **state)
{
	static const struct {
		const char *block, *names;
	} table[] = {
		{"Content-Disposition: attachment; filename=\"a.exe\"; filename=\"b.pdf\"; "
		 "filename*=utf-8''c.html\r\n"
		 "Content-Type: application/pdf; name=d.pdf; name=e.pdf\r\n",
			"a.exe|b.pdf|c.html|d.pdf|e.pdf"},
		{"Content-Disposition: attachment; filename=a.pdf\r\nContent-Disposition: attachment; "
		 "filename=b.exe\r\n",
			"a.pdf|b.exe"},
		{"Content-Disposition: attachment; filename*0=a; filename*1=.pdf; filename*3=.exe\r\n",
			"a.pdf|a.pdf.exe"},
		{"Content-Disposition: attachment; filename*2=.exe; filename*1=a\r\n", "a.exe"},
		{"Content-Disposition: attachment; filename*1=b; filename*0=a; filename*0=c.exe\r\n",
			"ab|c.exe"},
		{"Content-Disposition: attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac.exe\r\n",
			"\xe2\x82\xac.exe"},
		{"Content-Disposition: attachment; filename==?utf-8?q?=C3=BC=2Eexe?=\r\n", "\xc3\xbc.exe"},
		{"Content-Disposition: attachment; filename(a comment)=a.exe\r\n", "a.exe"},
		{"Content-Type: application/pdf\r\n name=a.exe\r\n", "a.exe"},
		{"Content-Disposition: attachment; filename*0=inv; filename*4294967297=.exe\r\n",
			"too many parameters"},
		{"Content-Disposition: attachment; filename*0=inv; filename*100=.exe\r\n",
			"too many parameters"},
		{"Content-Disposition: a; filename=1; filename=2; filename=3; filename=4; filename=5; "
		 "filename=6\r\n"
		 "Content-Type: a/b; name=7; name=8; name=1\r\n",
			"1|2|3|4|5|6|7|8"},
		{"Content-Disposition: a; filename=1; filename=2; filename=3; filename=4; filename=5; "
		 "filename=6\r\n"
		 "Content-Type: a/b; name=7; name=8; name=9\r\n",
			"too many names"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		cleanup(arena_done) struct arena arena = {0};
		assert_str(names_of(table[i].block, &arena), table[i].names);
	}
}

/* What is between the parameters ends, whatever it is. */
static void test_a_nul_ends_the_search(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mime_parameters p = mime_parameters_parse(STR("a/b; \0; x\0y=1; z\0; =; (; name=c"), &arena);

	(void)state;
	assert_int_equal(p.count, 1);
	assert_str(p.items[0].value, "1");
}

static void test_no_name_hides_behind_parameters(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(buf_done) struct buf block = buf_new(10000);

	(void)state;
	buf_add(&block, STR("Content-Disposition: attachment"));
	for (int i = 1; i < LIMIT_MIME_PARAMETERS; i++)
		buf_printf(&block, "; a%d=b", i);
	buf_add(&block, STR("; filename=a.exe"));
	assert_str(names_of(block.data, &arena), "a.exe");
	buf_add(&block, STR("; filename=b.exe"));
	assert_str(names_of(block.data, &arena), "too many parameters");
}

/* A name of 20,000 bytes keeps its extension, whole characters, and the limit; a path and marks that turn the
 * direction of text are not in it as such. */
static void test_a_long_name_keeps_its_extension(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(buf_done) struct buf block = buf_new(30000);

	(void)state;
	buf_add(&block, STR("Content-Disposition: attachment; filename=\""));
	for (int i = 0; i < 10000; i++)
		buf_add(&block, STR("\xc3\xbc"));
	buf_add(&block, STR(".exe\"\r\n"));
	struct str name = names_of(block.data, &arena);
	assert_int_equal(name.len, LIMIT_FILE_NAME_BYTES - 1);
	assert_true(str_is_utf8(name) && str_ends_nocase(name, STR("\xc3\xbc.exe")));
	assert_str(names_of("Content-Disposition: a; filename*=utf-8''a%E2%80%AEfdp.exe%0D%0Ab\r\n", &arena),
		"a fdp.exeb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_name_is_a_candidate),
		cmocka_unit_test(test_a_nul_ends_the_search),
		cmocka_unit_test(test_no_name_hides_behind_parameters),
		cmocka_unit_test(test_a_long_name_keeps_its_extension)};

	mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
