/* Runs another program: bytes in at its standard input, bytes out at its standard output, nothing else of
 * ours.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/io.h"

/* argv[0] is its full path, a NULL ends argv. It has no environment, its error output is dropped, and it is
 * killed when it has not ended within `most_ms`, or writes more than out's limit. What it leaves unread of
 * the input is no failure. *ret_status: its exit code, or -1 when a signal ended it. UNAVAILABLE when it
 * cannot be started, or was killed for its time; TOO_LARGE for its output; results of the input's reader. */
enum result process_run(const char *const argv[], const struct reader *input, int64_t most_ms,
	struct buf *out, int *ret_status, struct err *err) must_check;

#endif
