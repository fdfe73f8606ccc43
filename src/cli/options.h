/* Options of the commands: long ones, described in a table from which --help is printed. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/str.h"

#define OPTIONS_WORDS_MAX 64

struct option_row {
	const char *name;  /* without the hyphens */
	const char *value; /* what it takes, for --help; NULL: a switch */
	const char *help;
	const char **text; /* where the value goes; or … */
	bool *flag;	   /* … where the switch goes */
};

struct options {
	const char *usage; /* "domain add DOMAIN --next-hop HOST:PORT" */
	const char *takes; /* the usage from the verb on: names what is missing; may be NULL */
	const struct option_row *rows;
	size_t count;
	uint64_t given;			      /* bit i: rows[i] */
	const char *words[OPTIONS_WORDS_MAX]; /* what is no option, in order */
	int word_count;
};

/* --help or -h */
bool options_is_help(const char *word);

/* -1 when the command goes on; otherwise the exit code: 0 after --help, EXIT_USAGE after telling what is
 * wrong. Every command takes --help; least and most: how many words it takes. Options with a value that
 * `takes` names outside of brackets must be given. argv[0] is not looked at. */
int options_read(struct options *options, int argc, char **argv, int least, int most);

#endif
