#include "tests/unit/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/encode.h"
#include "mime/header.h"

#include <string.h>

/* Long words, long lines, foreign letters: what is written is read back, and every line of it is one. */
static void test_text_comes_back(void **state)
{
	static const char *const texts[] = {
		"short",
		"Re: Offer 4711 for the new building in Hamburg, second draft with corrections",
		"Re: "
		"a-word-that-is-longer-than-any-line-may-be-and-cannot-be-folded-anywhere-at-all-whatever-we-"
		"do "
		"and more words behind it that go on for a while until the next line is full as well, and on",
		"Angebot f\xc3\xbcr den Neubau in Hamburg, zweiter Entwurf mit \xc3\x84nderungen und "
		"Erg\xc3\xa4nzungen",
		"two  blanks in a text that is long enough to be folded somewhere near the end of its first "
		"line",
	};

	(void)state;
	mime_init();
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct str encoded = mime_encode_text(str_of(texts[i]), &arena);
		for (struct str rest = encoded; rest.ptr;) {
			struct str line = str_cut(&rest, '\n');
			assert_true(line.len < 130);
			assert_true(line.ptr == encoded.ptr || line.ptr[0] == ' ');
			assert_true(!rest.ptr || line.ptr[line.len - 1] == '\r');
		}
		assert_str(mime_header_text(encoded, LIMIT_SUBJECT_BYTES, &arena), texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
