#include "base/mem.h"
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"init", cmd_init, "make keys, folders, certificate and database of a new node"},
	{"serve", cmd_serve, "run the node: mail in, mail out, portal"},
	{"demo", cmd_demo, "make a demonstration and run it"},
	{"check", cmd_check, "look at configuration, keys, database and ports, and say how to mend"},
	{"account", cmd_account, "accounts and their settings: add, list, show, set"},
	{"destination", cmd_destination, "domains of others to which mail goes by verified TLS only"},
	{"domain", cmd_domain, "the mail domains of an account and their next hops"},
	{"user", cmd_user, "internal users: add, list, sign out everywhere, remove a second factor"},
	{"source", cmd_source, "who may hand in mail"},
	{"definition", cmd_definition,
		"secure message definitions, their folders, and to whom they are published"},
	{"group", cmd_group, "groups of users, to whom definitions are published"},
	{"licence", cmd_licence, "who may send secure messages, and to how many people a month"},
	{"policy", cmd_policy, "which mail is secured, with which definition"},
	{"request", cmd_request, "what the account's people asked of others: list, close"},
	{"queue", cmd_queue, "outgoing mail: list, retry, drop"},
	{"message", cmd_message,
		"messages: list, show, recall, extend, new access code, notify again; events"},
	{"node", cmd_node, "the nodes that run, and what they are sending"},
	{"destructions", cmd_destructions,
		"keys that were destroyed: list them in a file, repeat them after a restore"},
	{"migrate", cmd_migrate, "bring the database to this program's version"},
	{"version", cmd_version, "print the version"},
};

static void print_commands(FILE *to)
{
	(void)fprintf(to, "Usage: sealpost COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		(void)fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(to, "\nsealpost COMMAND --help tells more of one.\n");
}

/* Keys and mail must not end up in a core dump. */
static void forbid_core_dumps(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	forbid_core_dumps();
	if (argc < 2 || options_is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		print_commands(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(argc - 1, argv + 1);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	(void)fprintf(stderr, "sealpost: there is no command %s; sealpost --help lists them\n", argv[1]);
	return EXIT_USAGE;
}
