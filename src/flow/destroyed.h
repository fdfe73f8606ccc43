/* destroyed: what was destroyed stays destroyed, also after an older backup was restored. Destroyed keys are
 * listed in a file beside the backups (flow/destruction_file.h), with the recalls and deletions that
 * destroyed them, and extensions; a node that starts does again what its database has not yet seen of the
 * file, which is what a restored backup brought back (R6). */
#ifndef FLOW_DESTROYED_H
#define FLOW_DESTROYED_H

#include "flow/flow.h"

/* Lists what was destroyed since, in the file. Run every few seconds on every node, and once before a node
 * ends. UNAVAILABLE when the file cannot be written. */
enum result destroyed_list(struct flow *flow, const char *path, struct err *err) must_check;

struct destroyed_again {
	size_t lines;	 /* of the file that were read */
	size_t bad;	 /* … that are no such lines */
	size_t keys;	 /* that were there again and are destroyed now */
	size_t acts;	 /* that the database did not know: recalled, extended, deleted again */
	bool is_foreign; /* the file is shorter than the one the database knows: all is listed in it anew */
};

/* At a node's start: what the database has not seen of its own file. No file is an empty one. */
enum result destroyed_catch_up(struct flow *flow, const char *path, int64_t now, struct destroyed_again *ret,
	struct err *err) must_check;

/* The same with the whole of a file: its own, or another's, whose keys then go into its own too. NOT_FOUND
 * when there is none. */
enum result destroyed_repeat(struct flow *flow, const char *path, bool is_own, const struct actor *actor,
	int64_t now, struct destroyed_again *ret, struct err *err) must_check;

#endif
