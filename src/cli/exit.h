/* Exit codes of all commands, one table. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

#include "base/result.h"

#define EXIT_USAGE 2

/* 0 ok, 1 internal, 3 not found, 4 denied, 5 conflict, 6 invalid, 7 gone, 8 too large, 9 busy, 10
 * unavailable. */
int exit_code(enum result result);

/* The same, with the reason as one line on standard error when it is not OK. */
int exit_with(enum result result, const struct err *err);

#endif
