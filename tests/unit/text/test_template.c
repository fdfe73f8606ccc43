#include "tests/unit/unit.h"

#include "base/limits.h"
#include "text/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char english[] =
	"{\"language.tag\": \"en\", \"language.name\": \"English\", \"language.direction\": \"ltr\","
	" \"hello\": \"Hello & {person.name}!\","
	" \"new\": {\"one\": \"{count} new\", \"other\": \"{count} new ones\"},"
	" \"files\": {\"by\": \"files\", \"one\": \"one file\", \"other\": \"{files} files\"}}";

/* A view from JSON with ' for ". */
static json_t *view_of(const char *text)
{
	char *json = strdup(text);
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *view = json_loads(json, JSON_DECODE_ANY, NULL);
	free(json);
	assert_non_null(view);
	return view;
}

struct file {
	const char *name, *text;
};

static enum result render_files(const struct file *files, size_t count, const char *name,
	const char *view_text, const struct language *language, struct buf *out, struct err *err)
{
	struct template_source sources[8];
	struct template_set *set = NULL;

	for (size_t i = 0; i < count; i++)
		sources[i] = (struct template_source){str_of(files[i].name), str_of(files[i].text)};
	enum result result = template_set_new(sources, count, TEMPLATE_MISSING_REFUSED, &set, err);
	if (result != RESULT_OK)
		return result;
	json_t *view = view_of(view_text);
	result = template_render(set, name, view, language, out, err);
	json_decref(view);
	template_set_free(set);
	return result;
}

static void fills_values(void **state)
{
	static const struct {
		const char *template, *view, *expected;
	} cases[] = {
		{"a{{x}}b", "{'x': '<\\u0027&>'}", "a&lt;&#39;&amp;&gt;b"},
		{"{{{x}}}|{{&x}}", "{'x': '<b>'}", "<b>|<b>"},
		{"{{#n}}shown{{/n}}{{^n}}hidden{{/n}}", "{'n': 0}", "hidden"},
		{"{{#n}}shown{{/n}}{{^n}}hidden{{/n}}", "{'n': ''}", "hidden"},
		{"{{#n}}{{.}}{{/n}}", "{'n': [0, '', 1.5, true]}", "01.5true"},
		{"{{a.b.c}}", "{'a': {'b': {'c': 9007199254740993}}}", "9007199254740993"},
		{"{{x}}", "{'x': {'y': 1}}", ""},
		{"{{! {{no }}yes", "{}", "yes"},
		{"  {{#a}}\r\n  x\r\n  {{/a}}\r\n", "{'a': true}", "  x\r\n"},
		{"{{t.hello}}", "{'t': {'hello': 'data'}}", "data"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		struct err err = {0};
		struct file file = {"page", cases[i].template};
		if (render_files(&file, 1, "page", cases[i].view, NULL, &out, &err) != RESULT_OK)
			fail_msg("%s: %s", cases[i].template, err.text);
		assert_str(buf_str(&out), cases[i].expected);
	}
}

static void escapes_pages_but_not_text_mails(void **state)
{
	static const struct file files[] = {
		{"mail.txt", "{{x}} {{>part}}"}, {"mail.html", "{{x}} {{>part}}"}, {"part", "{{x}}"}};

	(void)state;
	cleanup(buf_done) struct buf out = buf_new(1000);
	assert_ok(render_files(files, 3, "mail.txt", "{'x': '<&>'}", NULL, &out, NULL));
	assert_str(buf_str(&out), "<&> <&>");
	buf_clear(&out);
	assert_ok(render_files(files, 3, "mail.html", "{'x': '<&>'}", NULL, &out, NULL));
	assert_str(buf_str(&out), "&lt;&amp;&gt; &lt;&amp;&gt;");
}

static void shows_texts_of_the_language(void **state)
{
	static const struct {
		const char *name, *template, *view, *expected;
	} cases[] = {
		{"page", "{{t.hello}}", "{'person': {'name': '<Al>'}}", "Hello &amp; &lt;Al&gt;!"},
		{"page", "{{{t.hello}}}", "{'person': {'name': '<Al>'}}", "Hello &amp; &lt;Al&gt;!"},
		{"page.txt", "{{t.hello}}", "{'person': {'name': '<Al>'}}", "Hello & <Al>!"},
		{"page", "{{#inbox}}{{t.new}}{{/inbox}}", "{'inbox': {'count': 1}}", "1 new"},
		{"page", "{{#inbox}}{{t.new}}{{/inbox}}", "{'inbox': {'count': 7}}", "7 new ones"},
		{"page", "{{#rows}}{{t.files}} {{/rows}}", "{'rows': [{'files': 1}, {'files': 2}]}",
			"one file 2 files "},
		{"page", "{{t.hello}}", "{}", "Hello &amp; !"},
		{"page", "{{t.not_there}}", "{}", "not_there"},
	};
	struct language_source source = {STR("en"), str_of(english)};
	cleanup(languages_free_at) struct languages *languages = NULL;

	(void)state;
	assert_ok(languages_new(&source, 1, &languages, NULL));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		struct file file = {cases[i].name, cases[i].template};
		assert_ok(render_files(
			&file, 1, file.name, cases[i].view, languages_at(languages, 0), &out, NULL));
		assert_str(buf_str(&out), cases[i].expected);
	}
}

static void inherits_a_layout(void **state)
{
	static const struct file files[] = {
		{"layout", "<main>\n  {{$main}}{{/main}}\n</main>\n"},
		{"page", "{{<layout}}\n{{$main}}\n{{#rows}}\n<p>{{.}}</p>\n{{/rows}}\n{{/main}}\n{{/"
			 "layout}}\n"},
	};

	(void)state;
	cleanup(buf_done) struct buf out = buf_new(1000);
	assert_ok(render_files(files, 2, "page", "{'rows': [1, 2]}", NULL, &out, NULL));
	assert_str(buf_str(&out), "<main>\n  <p>1</p>\n  <p>2</p>\n\n</main>\n");
}

static void says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"line\n{{name", "error/page.mustache:2: a tag is not closed: {{name"},
		{"\n\n{{#a}}x", "error/page.mustache:3: a section is not closed: a"},
		{"{{#a}}{{/b}}", "error/page.mustache:1: this end tag closes nothing: b"},
		{"x{{/b}}", "error/page.mustache:1: this end tag closes nothing: b"},
		{"\n{{>nothing}}", "error/page.mustache:2: there is no template \"nothing\""},
		{"\n{{#x}}\n{{<nothing}}{{/nothing}}{{/x}}",
			"error/page.mustache:3: there is no template \"nothing\""},
		{"{{<page}}\n{{x}}{{/page}}",
			"error/page.mustache:2: only blocks may stand inside a parent: x"},
		{"{{<page}}\n", "error/page.mustache:1: a parent is not closed: page"},
		{"{{}}", "error/page.mustache:1: a tag has no name"},
		{"{{a b}}", "error/page.mustache:1: a name has white space: a b"},
		{"{{=x}}", "error/page.mustache:1: delimiters are changed by {{=open close=}}"},
		{"{{=x=}}", "error/page.mustache:1: these are no two delimiters: x"},
		{"{{= =}}", "error/page.mustache:1: delimiters are changed by {{=open close=}}"},
		{"caf\xe9", "error/page.mustache:1: the text is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		struct err err = {0};
		struct file file = {"error/page", cases[i].text};
		assert_int_equal(render_files(&file, 1, file.name, "{}", NULL, &out, &err), RESULT_INVALID);
		assert_string_equal(err.text, cases[i].says);
	}
}

static void refuses_names_given_twice(void **state)
{
	static const struct file files[] = {{"a", ""}, {"b", ""}, {"a", ""}};

	(void)state;
	cleanup(buf_done) struct buf out = buf_new(1000);
	struct err err = {0};
	assert_int_equal(render_files(files, 3, "a", "{}", NULL, &out, &err), RESULT_INVALID);
	assert_string_equal(err.text, "a.mustache: given twice");
}

/* Each would run for ever or fill the memory. */
static void ends_within_its_limits(void **state)
{
	static const struct {
		struct file files[2];
		const char *view;
	} cases[] = {
		{{{"a", "{{>a}}"}, {"b", ""}}, "{}"},
		{{{"a", "{{#x}}{{>a}}{{>a}}{{/x}}"}, {"b", ""}}, "{'x': [1, 2]}"},
		{{{"a", "{{<b}}{{$c}}{{$c}}{{/c}}{{/c}}{{/b}}"}, {"b", "{{$c}}{{/c}}"}}, "{}"},
		{{{"a", "{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}.{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/"
			"x}}"},
			 {"b", ""}},
			"{'x': [1,2,3,4,5,6,7,8,9]}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1 << 20);
		assert_int_equal(render_files(cases[i].files, 2, "a", cases[i].view, NULL, &out, NULL),
			RESULT_TOO_LARGE);
	}
	cleanup(buf_done) struct buf small = buf_new(3);
	struct file file = {"a", "four"};
	assert_int_equal(render_files(&file, 1, "a", "{}", NULL, &small, NULL), RESULT_TOO_LARGE);
	assert_int_equal(render_files(&file, 1, "b", "{}", NULL, &small, NULL), RESULT_NOT_FOUND);
}

static void refuses_sections_too_deep(void **state)
{
	cleanup(buf_done) struct buf text = buf_new(100000), out = buf_new(1000);

	(void)state;
	for (int i = 0; i <= LIMIT_TEMPLATE_DEPTH; i++)
		buf_add(&text, STR("{{#a}}"));
	for (int i = 0; i <= LIMIT_TEMPLATE_DEPTH; i++)
		buf_add(&text, STR("{{/a}}"));
	struct file file = {"a", text.data};
	assert_int_equal(render_files(&file, 1, "a", "{}", NULL, &out, NULL), RESULT_TOO_LARGE);
}

static void run_specification(const json_t *test, const char *file)
{
	struct template_source sources[16] = {
		{STR("the template"), str_of(json_string_value(json_object_get(test, "template")))}};
	size_t count = 1;
	const char *name;
	json_t *partial;

	json_object_foreach(json_object_get(test, "partials"), name, partial) sources[count++] =
		(struct template_source){str_of(name), str_of(json_string_value(partial))};
	cleanup(template_set_free_at) struct template_set *set = NULL;
	cleanup(buf_done) struct buf out = buf_new(10000);
	struct err err = {0};
	const char *title = json_string_value(json_object_get(test, "name"));
	if (template_set_new(sources, count, TEMPLATE_MISSING_SHOWS_NOTHING, &set, &err) != RESULT_OK ||
		template_render(set, "the template", json_object_get(test, "data"), NULL, &out, &err) !=
			RESULT_OK)
		fail_msg("%s: %s: %s", file, title, err.text);
	const char *expected = json_string_value(json_object_get(test, "expected"));
	if (!str_equal(buf_str(&out), str_of(expected)))
		fail_msg("%s: %s: got \"%.*s\", expected \"%s\"", file, title, STR_ARG(buf_str(&out)),
			expected);
}

static void passes_the_specification(void **state)
{
	static const struct {
		const char *name;
		size_t least; /* tests it must have, so that nothing is skipped unseen */
	} files[] = {{"comments", 12}, {"delimiters", 14}, {"interpolation", 42}, {"inverted", 22},
		{"partials", 12}, {"sections", 34}, {"~dynamic-names", 21}, {"~inheritance", 27}};
	const char *corpora = getenv("SEALPOST_CORPORA");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char path[1000];
		snprintf(path, sizeof(path), "%s/mustache-spec/%s.json", corpora ? corpora : "",
			files[i].name);
		json_t *root = json_load_file(path, 0, NULL), *test;
		size_t index;
		if (!root) {
			print_message("skipped: there is no %s\n", path);
			skip();
		}
		json_t *tests = json_object_get(root, "tests");
		assert_true(json_array_size(tests) >= files[i].least);
		json_array_foreach(tests, index, test) run_specification(test, files[i].name);
		json_decref(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_values),
		cmocka_unit_test(escapes_pages_but_not_text_mails),
		cmocka_unit_test(shows_texts_of_the_language),
		cmocka_unit_test(inherits_a_layout),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(refuses_names_given_twice),
		cmocka_unit_test(ends_within_its_limits),
		cmocka_unit_test(refuses_sections_too_deep),
		cmocka_unit_test(passes_the_specification),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
