#include "cli/exit.h"

#include <stdio.h>

static const int codes[RESULT_COUNT] = {
	[RESULT_OK] = 0,
	[RESULT_INTERNAL] = 1,
	[RESULT_NOT_FOUND] = 3,
	[RESULT_DENIED] = 4,
	[RESULT_CONFLICT] = 5,
	[RESULT_INVALID] = 6,
	[RESULT_GONE] = 7,
	[RESULT_TOO_LARGE] = 8,
	[RESULT_BUSY] = 9,
	[RESULT_UNAVAILABLE] = 10,
};

int exit_code(enum result result)
{
	return codes[result];
}

int exit_with(enum result result, const struct err *err)
{
	if (result != RESULT_OK)
		(void)fprintf(stderr, "sealpost: %s\n", err->text[0] ? err->text : result_name(result));
	return exit_code(result);
}
