/* What the administrative commands share: the options --config, --account and --json, the opened node, and
 * output. */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/node.h"
#include "cli/options.h"

#include "text/zone.h"

#include <jansson.h>
#include <stdio.h>

struct admin {
	const char *config, *account;
	bool json;
	struct node node;
	struct actor actor; /* with the account's identifier */
	struct arena arena;
	int64_t now;
	FILE *out; /* what a work prints; NULL: standard output */
};

/* The rows of the shared options, to stand first in a command's own table. */
#define ADMIN_ROWS(admin)                                                                                    \
	{"config", "FILE", "configuration of the node", &(admin)->config, NULL},                             \
		{"account", "NAME", "which account; not needed when there is one", &(admin)->account, NULL}, \
	{                                                                                                    \
		"json", NULL, "print JSON", NULL, &(admin)->json                                             \
	}

#define ADMIN_ROWS_MAX 32 /* at most the bits of options.given */

/* One verb of a command: "domain add". Of the command's options it takes those that its usage names. */
struct admin_verb {
	const char *name;
	const char *usage;
	int least, most; /* words it takes */
	bool needs_account;
	enum result (*run)(struct admin *admin, const struct options *options, struct err *err);
};

/* Finds the verb in argv[1], reads the options, opens the node, runs the verb; returns the exit code. */
int admin_run(const char *command, const struct admin_verb *verbs, size_t verb_count,
	const struct option_row *rows, size_t row_count, struct admin *admin, int argc, char **argv);

/* Runs the work in a read-only snapshot; what it prints comes out once it is through. */
enum result admin_read(struct admin *admin, db_work work, void *context, struct err *err) must_check;
FILE *admin_out(const struct admin *admin);

/* Prints a list of objects: as JSON, or as a table of the columns named (NULL at the end). Takes the list. */
void admin_print(const struct admin *admin, json_t *list, const char *const *columns);

/* Prints one object: as JSON, or the text for it. Takes the object. */
void admin_print_one(const struct admin *admin, json_t *object, const char *text);
void admin_print_id(const struct admin *admin, struct id id); /* of what was made */

json_t *admin_text(struct str text);
json_t *admin_id(struct id id);
json_t *admin_time(int64_t when); /* "2026-11-23T10:00:00Z", null for 0 */

/* The account's time zone, in which moments are said; it lives as long as the node. */
enum result admin_zone(struct admin *admin, const struct zone **ret, struct err *err) must_check;

/* A line of standard input without its end, for passwords. */
enum result admin_read_line(struct admin *admin, struct str *ret, struct err *err) must_check;

#endif
