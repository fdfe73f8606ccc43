#include "base/mem.h"
#include "mime/words.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct {
	const char *name, *text, *words;
} cases[] = {
	{"each once, in the order in which they come", "Hello, World! hello WORLD again",
		" hello world again"},
	{"digits are words", "42.5 % of 42", " 42 5 of"},
	{"one that begins another is not that one", "offered offer", " offered offer"},
	{"accents, composed or not, are left out", "caf\xc3\xa9 CAFE\xcc\x81 cafe", " cafe"},
	{"one case, also where it has more letters",
		"Stra\xc3\x9f"
		"e STRASSE",
		" strasse"},
	{"letters that are drawn as one", "\xef\xac\x81n fin", " fin"},
	{"other scripts", "\xd0\x9f\xd1\x80\xd0\x98\xd0\x92\xd0\xb5\xd1\x82 \xe6\x97\xa5\xe6\x9c\xac",
		" \xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xe6\x97\xa5\xe6\x9c\xac"},
	{"an accent alone is nothing", "\xcc\x81 a", " a"},
	{"what is no UTF-8 parts words",
		"a\xff"
		"b\xc3 c\xe2\x82",
		" a b c"},
	{"nothing", "", ""},
	{"no word", " -- \r\n\t", ""},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));
		words->out = &out;
		mime_words_add(words, str_of(cases[i].text));
		if (!str_equal(buf_str(&out), str_of(cases[i].words)))
			fail_msg("%s: '%.*s' and not '%s'", cases[i].name, STR_ARG(buf_str(&out)),
				cases[i].words);
	}
}

static void test_texts_share_one_list(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(1000);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	words->out = &out;
	mime_words_add(words, STR("one two"));
	mime_words_add(words, STR("two three"));
	assert_true(str_equal(buf_str(&out), STR(" one two three")));
	assert_int_equal(words->count, 3);
}

static void test_a_word_that_does_not_fit_is_left_out_whole(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(8);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	words->out = &out;
	mime_words_add(words, STR("abc defghijkl m"));
	assert_true(str_equal(buf_str(&out), STR(" abc")));
}

static void test_the_list_ends_where_half_its_slots_are_used(void **state)
{
	cleanup(buf_done) struct buf text = buf_new(1 << 20), out = buf_new(60000);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	words->out = &out;
	for (int i = 0; i < 2 * WORDS_SLOTS; i++)
		buf_printf(&text, "w%d ", i);
	mime_words_add(words, buf_str(&text));
	assert_int_equal(words->count, WORDS_SLOTS / 2);
	size_t len = out.len;
	mime_words_add(words, STR("w1 more"));
	assert_int_equal(out.len, len);
}

static void test_a_word_without_an_end_comes_in_pieces(void **state)
{
	char text[1000];
	cleanup(buf_done) struct buf out = buf_new(10000);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	memset(text, 'a', sizeof(text));
	words->out = &out;
	mime_words_add(words, (struct str){text, sizeof(text)});
	/* Three alike of 256 bytes, and the rest. */
	assert_int_equal(words->count, 2);
	assert_int_equal(out.len, 1 + 256 + 1 + 1000 - 3 * 256);
}

/* Texts are taken in pieces, of which the words know nothing. */
static void test_a_long_text_has_the_words_of_its_parts(void **state)
{
	cleanup(buf_done) struct buf text = buf_new(1 << 20), out = buf_new(60000);
	cleanup(buf_done) struct buf expected = buf_new(1 << 20);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	words->out = &out;
	for (int i = 0; i < 2000; i++) {
		const char *umlaut = i % 3 == 0 ? "\xc3\x96" : "O", *folded = "o";
		buf_printf(&text, "%s%dW%s, ", umlaut, i, i % 2 ? umlaut : "");
		buf_printf(&expected, " %s%dw%s", folded, i, i % 2 ? folded : "");
	}
	mime_words_add(words, buf_str(&text));
	assert_int_equal(words->count, 2000);
	assert_true(str_equal(buf_str(&out), buf_str(&expected)));
}

static void test_another_list_begins_behind_the_first(void **state)
{
	cleanup(buf_done) struct buf out = buf_new(1000);
	cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));

	(void)state;
	words->out = &out;
	mime_words_add(words, STR("one two"));
	buf_add_char(&out, '\n');
	mime_words_begin(words);
	mime_words_add(words, STR("two two three"));
	assert_true(str_equal(buf_str(&out), STR(" one two\n two three")));
	assert_int_equal(words->count, 2);
}

/* Bytes are looked at eight at once: a word may end anywhere in them, and its neighbours differ. */
static void test_a_word_of_any_length_ends_where_it_ends(void **state)
{
	static const char *const behind[] = {"", " b", "\x01", "-b c", "\xc3\x9f b", "\xff"};
	static const char *const rest[] = {"", " b", "", " b c", "ss b", ""};

	(void)state;
	for (size_t len = 1; len <= 40; len++)
		for (size_t i = 0; i < COUNT_OF(behind); i++) {
			cleanup(buf_done) struct buf out = buf_new(1000), text = buf_new(1000),
						     expected = buf_new(1000);
			cleanup(mem_free_at) struct mime_words *words = mem_new(sizeof(*words));
			buf_add_char(&expected, ' ');
			for (size_t k = 0; k < len; k++) {
				buf_add_char(&text, (char)('A' + k % 26));
				buf_add_char(&expected, (char)('a' + k % 26));
			}
			buf_add(&text, str_of(behind[i]));
			buf_add(&expected, str_of(rest[i]));
			words->out = &out;
			mime_words_add(words, buf_str(&text));
			if (!str_equal(buf_str(&out), buf_str(&expected)))
				fail_msg("%zu letters before %zu: '%.*s'", len, i, STR_ARG(buf_str(&out)));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_texts_share_one_list),
		cmocka_unit_test(test_a_word_that_does_not_fit_is_left_out_whole),
		cmocka_unit_test(test_the_list_ends_where_half_its_slots_are_used),
		cmocka_unit_test(test_a_long_text_has_the_words_of_its_parts),
		cmocka_unit_test(test_another_list_begins_behind_the_first),
		cmocka_unit_test(test_a_word_without_an_end_comes_in_pieces),
		cmocka_unit_test(test_a_word_of_any_length_ends_where_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
