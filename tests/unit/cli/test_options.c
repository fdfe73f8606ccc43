#include "tests/unit/unit.h"

#include "base/mem.h"
#include "cli/exit.h"
#include "cli/options.h"

#include <string.h>

#define ARGUMENTS_MAX 8

static void reads_what_it_should(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS_MAX];
		int code;
		const char *name;
		bool all;
		const char *word;
	} cases[] = {
		{{"one"}, -1, NULL, false, "one"},
		{{"one", "--name", "a"}, -1, "a", false, "one"},
		{{"--name=a", "one", "--all"}, -1, "a", true, "one"},
		{{"--name=", "one"}, -1, "", false, "one"},
		{{"--name", "--all", "one"}, -1, "--all", false, "one"},
		{{"--name=a=b", "one"}, -1, "a=b", false, "one"},
		{{"--", "--all"}, -1, NULL, false, "--all"},
		{{"-1"}, -1, NULL, false, "-1"},
		{{"--help"}, 0, NULL, false, NULL},
		{{"-h"}, 0, NULL, false, NULL},
		{{"-x"}, EXIT_USAGE, NULL, false, NULL},
		{{"--all=yes", "one"}, EXIT_USAGE, NULL, false, NULL},
		{{"one", "--name"}, EXIT_USAGE, NULL, false, NULL},
		{{"one", "--nam", "a"}, EXIT_USAGE, NULL, false, NULL},
		{{"one", "two"}, EXIT_USAGE, NULL, false, NULL},
		{{NULL}, EXIT_USAGE, NULL, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *name = NULL;
		bool all = false;
		const struct option_row rows[] = {
			{"name", "NAME", "a name", &name, NULL}, {"all", NULL, "all", NULL, &all}};
		struct options options = {.usage = "test WORD", .rows = rows, .count = COUNT_OF(rows)};
		char *argv[ARGUMENTS_MAX + 1] = {(char[]){"test"}};
		int argc = 1;

		for (; argc <= ARGUMENTS_MAX && cases[i].arguments[argc - 1]; argc++)
			argv[argc] = (char *)(uintptr_t)cases[i].arguments[argc - 1];
		assert_int_equal(options_read(&options, argc, argv, 1, 1), cases[i].code);
		if (cases[i].code != -1)
			continue;
		assert_string_equal(options.words[0], cases[i].word);
		assert_int_equal(all, cases[i].all);
		assert_string_equal(name ? name : "none", cases[i].name ? cases[i].name : "none");
	}
}

static void every_result_has_a_code_of_its_own(void **state)
{
	bool seen[RESULT_COUNT + 2] = {false};

	(void)state;
	for (int result = 0; result < RESULT_COUNT; result++) {
		int code = exit_code((enum result)result);
		assert_in_range(code, 0, RESULT_COUNT);
		assert_int_not_equal(code, EXIT_USAGE);
		assert_false(seen[code]);
		seen[code] = true;
	}
	assert_int_equal(exit_code(RESULT_OK), 0);
	assert_int_equal(exit_code(RESULT_INTERNAL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_should),
		cmocka_unit_test(every_result_has_a_code_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
