#include "cli/command.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/run.h"

int cmd_serve(int argc, char **argv)
{
	const char *config = NULL;
	const struct option_row rows[] = {{"config", "FILE", "configuration of the node", &config, NULL}};
	struct options options = {.usage = "serve [--config FILE]", .rows = rows, .count = 1};
	struct node node;
	struct run_hooks hooks = {0};
	struct err err = {0};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	enum result result = node_open(config, true, &node, &err);
	if (result == RESULT_OK) {
		result = run_node(&node, &hooks, &err);
		node_close(&node);
	}
	return exit_with(result, &err);
}
