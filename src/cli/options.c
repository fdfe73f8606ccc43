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

static int missing(const struct options *options, const char *name, const char *help)
{
	(void)fprintf(stderr, "sealpost: %s is missing%s%s\nUsage: sealpost %s\n", name, help[0] ? ": " : "",
		help, options->usage);
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
	uint64_t bit = (uint64_t)1 << (row - options->rows);
	if (row->text && options->given & bit)
		return usage(options, "given twice", argv[*at]);
	options->given |= bit;
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

/* The next word of the usage that stands outside of brackets; what is in them may be left out, or is one of
 * several, or an explanation. */
static bool next_word(struct str *rest, struct str *ret)
{
	int depth = 0;

	while (rest->len) {
		struct str word = str_cut(rest, ' ');
		bool is_outside = depth == 0;
		for (size_t i = 0; i < word.len; i++) {
			depth += word.ptr[i] == '[' || word.ptr[i] == '(';
			depth -= word.ptr[i] == ']' || word.ptr[i] == ')';
			is_outside = is_outside && depth == 0;
		}
		if (!is_outside || word.len == 0 || str_equal(word, STR("…")))
			continue;
		*ret = word;
		return true;
	}
	return false;
}

/* Cuts off what stands before the next "|" between words: one of several ways to call a verb. */
static struct str next_way(struct str *rest)
{
	struct str begin = *rest, word;

	while (next_word(rest, &word))
		if (str_equal(word, STR("|")))
			return str_sub(begin, 0, (size_t)(word.ptr - begin.ptr));
	return begin;
}

/* "add" of "member add GROUP": typed as it stands. */
static bool is_typed(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] < 'a' || word.ptr[i] > 'z')
			return false;
	return word.len > 0;
}

static bool is_option_missing(const struct options *options, struct str word, const struct option_row **ret)
{
	const struct option_row *row = find_row(options, str_from(word, 2));

	*ret = row;
	return row && row->text && !(options->given >> (row - options->rows) & 1);
}

/* Tells what this way to call it needs and was not given; -1 when that is nothing, or when it is another way
 * that was begun. */
static int missing_of(const struct options *options, struct str way)
{
	const struct option_row *row;
	struct str word;
	char name[60];
	int at = 0;

	(void)next_word(&way, &word); /* the verb */
	for (bool is_value = false; next_word(&way, &word);) {
		if (str_starts(word, STR("--"))) {
			is_value = (row = find_row(options, str_from(word, 2))) && row->value;
			if (is_option_missing(options, word, &row)) {
				(void)snprintf(name, sizeof(name), "--%s %s", row->name, row->value);
				return missing(options, name, row->help);
			}
		} else if (is_value) {
			is_value = false;
		} else if (at >= options->word_count) {
			(void)snprintf(name, sizeof(name), "%.*s", STR_ARG(word));
			return missing(options, name, "");
		} else if (!str_equal(word, str_of(options->words[at++])) && is_typed(word)) {
			return -1;
		}
	}
	return -1;
}

/* The words that the ways to call the verb begin with, when there are several. */
static bool name_ways(const struct options *options, char *names, size_t size)
{
	struct str rest = str_of(options->takes), word;
	size_t len = 0, ways = 0;

	for (; rest.len && len < size; ways++) {
		struct str way = next_way(&rest);
		if (next_word(&way, &word) && next_word(&way, &word))
			len += (size_t)snprintf(
				names + len, size - len, "%s%.*s", len ? ", " : "", STR_ARG(word));
	}
	return ways > 1;
}

static int check_missing(const struct options *options)
{
	struct str rest = str_of(options->takes);
	char names[100];
	int code = -1;

	if (options->word_count == 0 && name_ways(options, names, sizeof(names)))
		return usage(options, "one of these is missing", names);
	while (code < 0 && rest.len)
		code = missing_of(options, next_way(&rest));
	return code;
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
	int code = options->takes ? check_missing(options) : -1;
	return code < 0 && options->word_count < least ? usage(options, "a word is missing", "") : code;
}
