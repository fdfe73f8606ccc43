#include "cli/command.h"
#include "cli/exit.h"
#include "cli/node.h"
#include "cli/options.h"
#include "store/schema.h"

#include <stdio.h>

int cmd_migrate(int argc, char **argv)
{
	const char *config = NULL;
	const struct option_row rows[] = {{"config", "FILE", "configuration of the node", &config, NULL}};
	struct options options = {.usage = "migrate [--config FILE]", .rows = rows, .count = 1};
	struct node node;
	struct err err = {0};
	int from, to, code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	enum result result = node_open(config, false, &node, &err);
	if (result == RESULT_OK) {
		result = schema_migrate(node.db, &from, &to, &err);
		if (result == RESULT_OK)
			(void)printf("the database is at version %d, it was at %d\n", to, from);
		node_close(&node);
	}
	return exit_with(result, &err);
}
