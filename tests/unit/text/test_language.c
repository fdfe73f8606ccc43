#include "tests/unit/unit.h"

#include "text/language.h"
#include "text/language_private.h"

#define HEAD(tag, direction)                                                                                 \
	"{\"language.tag\": \"" tag "\", \"language.name\": \"Name of " tag                                  \
	"\", \"language.direction\": \"" direction "\""

static const struct language_source sources[] = {
	{{"de", 2}, {0}},
	{{"en", 2}, {0}},
	{{"he", 2}, {0}},
};

static const char *const files[] = {
	HEAD("de", "ltr") ", \"hello\": \"Hallo {name}\","
			  " \"new\": {\"one\": \"{count} neue\", \"other\": \"{count} neue Nachrichten\"}}",
	HEAD("en",
		"ltr") ", \"hello\": \"Hello {name}!\", \"only\": \"Only English\", \"date.long\": \"{day}\","
		       " \"ask\": \"Ask {name}. Thanks.\","
		       " \"new\": {\"one\": \"{count} new message\", \"other\": \"{count} new messages\"}}",
	HEAD("he", "rtl") ", \"hello\": \"שלום {name}\"}",
};

static struct languages *languages_of_test(void)
{
	struct language_source all[COUNT_OF(sources)];
	struct languages *languages = NULL;
	struct err err = {0};

	for (size_t i = 0; i < COUNT_OF(sources); i++)
		all[i] = (struct language_source){sources[i].tag, str_of(files[i])};
	if (languages_new(all, COUNT_OF(all), &languages, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return languages;
}

static void fills_texts(void **state)
{
	cleanup(languages_free_at) struct languages *languages = languages_of_test();
	cleanup(arena_done) struct arena arena = {0};
	const struct language *de = language_find(languages, STR("de"));
	const struct language *en = languages_at(languages, 0);

	(void)state;
	assert_str(language_tag(en), "en");
	assert_str(language_format(&arena, de, "hello", {"name", STR("Änne")}), "Hallo Änne");
	assert_str(language_format(&arena, en, "hello", {"other", STR("x")}), "Hello !");
	assert_str(language_format(&arena, de, "new", {"count", .number = 1}), "1 neue");
	assert_str(language_format(&arena, de, "new", {"count", .number = 0}), "0 neue Nachrichten");
	assert_str(language_format(&arena, en, "new", {"count", .number = 2}), "2 new messages");
	assert_str(language_text(de, "hello"), "Hallo {name}");
	assert_str(language_name(de), "Name of de");
}

static void falls_back_to_english_then_to_the_key(void **state)
{
	cleanup(languages_free_at) struct languages *languages = languages_of_test();
	const struct language *de = language_find(languages, STR("DE"));

	(void)state;
	assert_str(language_text(de, "only"), "Only English");
	assert_false(language_has(de, "only"));
	assert_true(language_has(de, "hello"));
	assert_str(language_text(de, "no.such.key"), "no.such.key");
}

static void ends_a_sentence_once_behind_a_full_stop(void **state)
{
	cleanup(languages_free_at) struct languages *languages = languages_of_test();
	cleanup(arena_done) struct arena arena = {0};
	const struct language *en = languages_at(languages, 0);

	(void)state;
	assert_str(language_format(&arena, en, "ask", {"name", STR("Acme Inc.")}), "Ask Acme Inc. Thanks.");
	assert_str(language_format(&arena, en, "ask", {"name", STR("Acme")}), "Ask Acme. Thanks.");
	assert_str(language_format(&arena, en, "ask", {"name", STR("")}), "Ask . Thanks.");
	assert_str(language_format(&arena, en, "hello", {"name", STR("Acme Inc.")}), "Hello Acme Inc.!");
}

static void isolates_values_in_right_to_left_texts(void **state)
{
	cleanup(languages_free_at) struct languages *languages = languages_of_test();
	cleanup(arena_done) struct arena arena = {0};
	const struct language *he = language_find(languages, STR("he"));

	(void)state;
	assert_true(language_is_rtl(he));
	assert_str(language_format(&arena, he, "hello", {"name", STR("Al")}), "שלום \u2068Al\u2069");
}

static void makes_a_pseudo_language(void **state)
{
	cleanup(languages_free_at) struct languages *languages = languages_of_test();
	cleanup(arena_done) struct arena arena = {0};
	const struct language *pseudo = language_find(languages, STR(LANGUAGE_PSEUDO));

	(void)state;
	assert_true(language_is_pseudo(pseudo) && language_is_rtl(pseudo));
	assert_str(language_text(pseudo, "language.direction"), "rtl");
	assert_str(language_text(pseudo, "date.long"), "{day}");
	assert_str(language_format(&arena, pseudo, "hello", {"name", STR("Al")}),
		"\u200f[Héĺĺó \u2068Al\u2069!]\u200f");
}

static void picks_what_the_person_and_the_browser_want(void **state)
{
	static const struct {
		const char *accept, *preferred, *tag;
	} cases[] = {
		{"", "", "en"},
		{"de", "", "de"},
		{"de-AT,en;q=0.5", "", "de"},
		{"en;q=0.5, de;q=0.9", "", "de"},
		{"fr, de;q=0.1", "", "de"},
		{"fr-CA, *;q=0.5", "", "en"},
		{"de;q=0", "", "en"},
		{"de", "he", "he"},
		{"de", "fr", "de"},
		{"en-XA, de;q=0.3", "", "en"},
		{"en-XB", "", "en-XB"},
		{"en", "en-xb", "en-XB"},
		{";;q=,,=;q", "", "en"},
		{"de;q=9", "", "en"},
		{"de;q=0.1234, he;q=0.5", "", "he"},
	};
	cleanup(languages_free_at) struct languages *languages = languages_of_test();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_str(language_tag(language_pick(
				   languages, str_of(cases[i].accept), str_of(cases[i].preferred))),
			cases[i].tag);
}

static void refuses_broken_files(void **state)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{"[]", "xx: line 1: not one object"},
		{"{", "xx: line 1: string or '}' expected near end of file"},
		{"{}", "xx: language.tag: is not \"xx\""},
		{HEAD("yy", "ltr") "}", "xx: language.tag: is not \"xx\""},
		{HEAD("xx", "ltr") ", \"hello\": 1}", "xx: hello: neither a text nor forms of one"},
		{HEAD("xx", "ltr") ", \"hello\": \"{name\"}",
			"xx: hello: a placeholder is a name in { and }"},
		{HEAD("xx", "ltr") ", \"hello\": \"{}\"}", "xx: hello: a placeholder is a name in { and }"},
		{HEAD("xx", "ltr") ", \"hello\": \"{Name}\"}",
			"xx: hello: a placeholder is a name in { and }"},
		{HEAD("xx", "ltr") ", \"hello\": \"{who}\"}", "xx: hello: English has no placeholder {who}"},
		{HEAD("xx", "ltr") ", \"new\": {\"one\": \"x\"}}", "xx: new: the form \"other\" is missing"},
		{HEAD("xx", "ltr") ", \"new\": {\"lots\": \"x\"}}", "xx: new: \"lots\" is no plural form"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct language_source both[] = {
			{STR("en"), str_of(files[1])}, {STR("xx"), str_of(cases[i].json)}};
		struct languages *languages = NULL;
		struct err err = {0};
		assert_int_equal(languages_new(both, 2, &languages, &err), RESULT_INVALID);
		assert_string_equal(err.text, cases[i].says);
	}
}

static void counts_as_each_language_does(void **state)
{
	static const struct {
		const char *tag;
		int64_t number;
		enum plural form;
	} cases[] = {
		{"en", 1, PLURAL_ONE},
		{"en", -1, PLURAL_ONE},
		{"de-AT", 0, PLURAL_OTHER},
		{"fr", 0, PLURAL_ONE},
		{"ja", 1, PLURAL_OTHER},
		{"ru", 21, PLURAL_ONE},
		{"ru", 11, PLURAL_MANY},
		{"ru", 22, PLURAL_FEW},
		{"ru", 12, PLURAL_MANY},
		{"pl", 21, PLURAL_MANY},
		{"pl", 104, PLURAL_FEW},
		{"cs", 5, PLURAL_OTHER},
		{"ar", 0, PLURAL_ZERO},
		{"ar", 2, PLURAL_TWO},
		{"ar", 103, PLURAL_FEW},
		{"ar", 111, PLURAL_MANY},
		{"ar", 100, PLURAL_OTHER},
		{"en", INT64_MIN, PLURAL_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(language_plural(str_of(cases[i].tag), cases[i].number), cases[i].form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_texts),
		cmocka_unit_test(falls_back_to_english_then_to_the_key),
		cmocka_unit_test(ends_a_sentence_once_behind_a_full_stop),
		cmocka_unit_test(isolates_values_in_right_to_left_texts),
		cmocka_unit_test(makes_a_pseudo_language),
		cmocka_unit_test(picks_what_the_person_and_the_browser_want),
		cmocka_unit_test(refuses_broken_files),
		cmocka_unit_test(counts_as_each_language_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
