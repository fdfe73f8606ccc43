#include "build_config.h"
#include "cli/command.h"
#include "cli/options.h"

#include <stdio.h>

int cmd_version(int argc, char **argv)
{
	bool as_json = false;
	const struct option_row rows[] = {{"json", NULL, "print JSON", NULL, &as_json}};
	struct options options = {.usage = "version [--json]", .rows = rows, .count = 1};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	(void)printf(as_json ? "{\"version\": \"%s\"}\n" : "sealpost %s\n", SEALPOST_VERSION);
	return 0;
}
