#include "tests/unit/unit.h"

#include "web/view.h"

#include <string.h>

static void test_strings(void **state)
{
	static const struct {
		struct str given;
		const char *shown;
	} cases[] = {
#define CASE(given, shown) {{(given), sizeof(given) - 1}, (shown)}
		CASE("", ""),
		CASE("caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80"),
		CASE("a\xff"
		     "b",
			"a\xef\xbf\xbd"
			"b"),
		CASE("\xc3", "\xef\xbf\xbd"),
		CASE("\xc3\xa9\xc3", "\xc3\xa9\xef\xbf\xbd"),
		CASE("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"),
		CASE("\xed\xa0\x80x", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"),
		CASE("a\0b", "a\xef\xbf\xbd"
			     "b"),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json_t *string = view_string(cases[i].given);
		assert_string_equal(json_string_value(string), cases[i].shown);
		json_decref(string);
	}
	json_t *none = view_string(STR_NONE);
	assert_string_equal(json_string_value(none), "");
	json_decref(none);
}

#define LITERAL(text)                                                                                        \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}

static void test_render(void **state)
{
	static const struct template_source sources[] = {{LITERAL("page"),
		LITERAL("{{language}} {{direction}} {{path}} [{{csrf}}] {{#person}}{{name}}{{/person}}"
			"{{^person}}nobody{{/person}}: {{subject}}{{#rows}} {{n}}{{/rows}} {{flag}}")}};
	static const struct language_source english = {
		LITERAL("en"), LITERAL("{\"language.tag\": \"en\", \"language.name\": \"English\", "
				       "\"language.direction\": \"ltr\"}")};
	cleanup(template_set_free_at) struct template_set *templates = NULL;
	cleanup(languages_free_at) struct languages *languages = NULL;
	cleanup(arena_done) struct arena arena = {0};
	cleanup(response_done) struct response response;
	struct request request = {.arena = &arena, .target = STR("/inbox")};
	struct err err = {0};

	(void)state;
	if (template_set_new(sources, 1, TEMPLATE_MISSING_REFUSED, &templates, &err) != RESULT_OK ||
		languages_new(&english, 1, &languages, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	response_init(&response, &arena);
	json_t *view = json_object();
	view_set(view, "subject", STR("<b>\xff"));
	view_set_flag(view, "flag", true);
	json_t *rows = view_add_list(view, "rows");
	view_set_number(view_append(rows), "n", 1);
	view_set_number(view_append(rows), "n", 2);
	struct view_site site = {.templates = templates};
	struct view_common common = {.language = languages_at(languages, 0), .csrf = STR("token")};
	enum result result = view_render(&site, "page", view, &common, &request, &response);
	assert_int_equal(result, RESULT_OK);
	assert_str(buf_str(&response.body), "en ltr /inbox [token] nobody: &lt;b&gt;\xef\xbf\xbd 1 2 true");
	assert_str(pairs_get(&response.headers, "Content-Type"), "text/html; charset=utf-8");
	assert_int_equal(view_render(&site, "nothing", view, &common, &request, &response), RESULT_INTERNAL);
	json_decref(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_render),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
