/* The list of destroyed keys in a file, beside the backups of the database: lines only come to its end. It
 * holds no secrets and no content. Nodes on several machines may append to the same file.
 *
 * One line is one key, "HOLDER MESSAGE WHEN", identifiers as text and the time in ms since 1970 UTC. What
 * people did, of which a restored database must know besides, stands in lines of version 2 before the keys
 *that it destroyed; programs of before version 2 do not understand them and go on with the keys:
 *
 *	2 recall RECALL MESSAGE WHEN ACTOR SCOPE REASON
 *	2 taken COPY MESSAGE WHEN RECALL
 *	2 deleted COPY MESSAGE WHEN
 *	2 extended EXTENSION MESSAGE WHEN ACTOR UNTIL
 *
 * ACTOR is a person or "-" for an administrator, SCOPE "some", "all" or "quotes" (all, with what answers
 * quote), REASON the sealed reason in base 32, as the database holds it, or "-". */
#ifndef FLOW_DESTRUCTION_FILE_H
#define FLOW_DESTRUCTION_FILE_H

#include "base/result.h"
#include "base/str.h"
#include "store/act.h"
#include "store/destruction.h"

struct destruction_line {
	bool is_act;
	struct destruction key; /* unless it is an act */
	struct act act;
};

/* Reads a line, without its end; false when it is not one, such as one that a crash cut. Texts in the arena.
 */
bool destruction_line_read(struct str line, struct arena *arena, struct destruction_line *ret);

/* Appends the lines in their order and syncs; the file is made when it is not there. *ret_end: its size then.
 * UNAVAILABLE with the reason, when some of them may stand there already. */
enum result destruction_file_append(const char *path, const struct destruction_line *lines, size_t count,
	int64_t *ret_end, struct err *err) must_check;

/* Whether it can be written, or made. NOT_FOUND, UNAVAILABLE. */
enum result destruction_file_check(const char *path, struct err *err) must_check;

/* How many bytes it has, 0 when it is not there. UNAVAILABLE. */
enum result destruction_file_size(const char *path, int64_t *ret, struct err *err) must_check;

#define DESTRUCTION_LINES_AT_ONCE 200

/* Reads some lines from the offset *at on and moves *at behind them; at the end it does not move. *ret_count:
 * how many were understood, *ret_bad: how many were not. NOT_FOUND, UNAVAILABLE. */
enum result destruction_file_read(const char *path, int64_t *at, struct arena *arena,
	struct destruction_line ret[static DESTRUCTION_LINES_AT_ONCE], size_t *ret_count, size_t *ret_bad,
	struct err *err) must_check;

#endif
