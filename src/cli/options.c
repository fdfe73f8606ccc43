#include "cli/options.h"

#include "cli/exit.h"

#include <stdio.h>
#include <string.h>

static void print_help(const struct options *options)
{
	(void)printf("Usage: sealpost %s\n", options->usage);
	for (size_t i = 0; i < options->count; i++) {
		const struct option_row *row = &options->rows[i];
		char left[60];
		(void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? " " : "",
			row->value ? row->value : "");
		(void)printf("  %-28s %s\n", left, row->help);
	}
}

static int usage(const struct options *options, const char *what, const char *which)
{
	(void)fprintf(stderr, "sealpost: %s%s%s\nUsage: sealpost %s\n", what, which[0] ? ": " : "", which,
		options->usage);
	return EXIT_USAGE;
}

static const struct option_row *find_row(const struct options *options, struct str name)
{
	for (size_t i = 0; i < options->count; i++)
		if (str_equal(str_of(options->rows[i].name), name))
			return &options->rows[i];
	return NULL;
}

/* "--name value", "--name=value" or "--switch"; *at moves on past a value. */
static int take_option(struct options *options, int argc, char **argv, int *at)
{
	struct str value = str_of(argv[*at] + 2), name = str_cut(&value, '=');
	const struct option_row *row = find_row(options, name);

	if (row == NULL)
		return usage(options, "no such option", argv[*at]);
	if (row->flag) {
		if (value.ptr)
			return usage(options, "takes no value", argv[*at]);
		*row->flag = true;
		return -1;
	}
	if (value.ptr == NULL && ++*at >= argc)
		return usage(options, "a value is missing", argv[argc - 1]);
	*row->text = value.ptr ? value.ptr : argv[*at];
	return -1;
}

bool options_is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int options_read(struct options *options, int argc, char **argv, int least, int most)
{
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		if (!only_words && options_is_help(argv[i])) {
			print_help(options);
			return 0;
		}
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
			continue;
		}
		if (!only_words && strncmp(argv[i], "--", 2) == 0) {
			int code = take_option(options, argc, argv, &i);
			if (code >= 0)
				return code;
			continue;
		}
		/* Numbers below zero are words. */
		if (!only_words && argv[i][0] == '-' && !(argv[i][1] >= '0' && argv[i][1] <= '9'))
			return usage(options, "no such option", argv[i]);
		if (options->word_count >= most)
			return usage(options, "too many words", argv[i]);
		options->words[options->word_count++] = argv[i];
	}
	return options->word_count < least ? usage(options, "something is missing", "") : -1;
}
