#include "build_config.h"
#include "cli/command.h"
#include "cli/options.h"

#include <stdio.h>

int cmd_version(int argc, char **argv)
{
	struct options options = {.usage = "version"};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	(void)printf("sealpost %s\n", SEALPOST_VERSION);
	return 0;
}
