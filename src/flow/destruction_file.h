/* The list of destroyed keys in a file, beside the backups of the database: lines only come to its end. One
 * line is one key, "HOLDER MESSAGE WHEN", identifiers as text and the time in ms since 1970 UTC; it holds no
 * secrets. Nodes on several machines may append to the same file. */
#ifndef FLOW_DESTRUCTION_FILE_H
#define FLOW_DESTRUCTION_FILE_H

#include "base/result.h"
#include "base/str.h"
#include "store/destruction.h"

/* Reads a line, without its end; false when it is not one, such as one that a crash cut. */
bool destruction_line_read(struct str line, struct destruction *ret);

/* Appends them and syncs; the file is made when it is not there. *ret_end: its size then. UNAVAILABLE with
 * the reason, when some of them may stand there already. */
enum result destruction_file_append(const char *path, const struct destruction *list, size_t count,
	int64_t *ret_end, struct err *err) must_check;

/* How many bytes it has, 0 when it is not there. UNAVAILABLE. */
enum result destruction_file_size(const char *path, int64_t *ret, struct err *err) must_check;

#define DESTRUCTION_LINES_AT_ONCE 200

/* Reads some lines from the offset *at on and moves *at behind them; at the end it does not move. *ret_count:
 * how many were understood, *ret_bad: how many were not. NOT_FOUND, UNAVAILABLE. */
enum result destruction_file_read(const char *path, int64_t *at,
	struct destruction ret[static DESTRUCTION_LINES_AT_ONCE], size_t *ret_count, size_t *ret_bad,
	struct err *err) must_check;

#endif
