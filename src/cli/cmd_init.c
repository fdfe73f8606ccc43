#include "cli/command.h"
#include "cli/exit.h"
#include "cli/node.h"
#include "cli/options.h"
#include "cli/setup.h"

#include <stdio.h>

int cmd_init(int argc, char **argv)
{
	const char *file = NULL;
	const struct option_row rows[] = {{"config", "FILE", "configuration of the node", &file, NULL}};
	struct options options = {.usage = "init [--config FILE]", .rows = rows, .count = 1};
	cleanup(config_free_at) struct config *config = NULL;
	struct err err = {0};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	enum result result = config_load(node_config_file(file), &config, &err);
	if (result == RESULT_OK)
		result = setup_node(config, &err);
	if (result == RESULT_OK)
		(void)printf("The node is ready. Next: sealpost account add NAME\n"
			     "Keep a copy of %s in a safe place: without it nothing can be read.\n",
			config->root_key);
	return exit_with(result, &err);
}
