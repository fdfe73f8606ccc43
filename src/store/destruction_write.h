#ifndef STORE_DESTRUCTION_WRITE_H
#define STORE_DESTRUCTION_WRITE_H

#include "store/destruction.h"

/* In a transaction before the wiping: marks what it is for. What is destroyed meanwhile waits for the next.
 */
enum result destruction_begin_wipe(struct tx *tx, struct err *err) must_check;

/* And in one after it: what was marked is wiped. */
enum result destruction_end_wipe(struct tx *tx, int64_t now, struct err *err) must_check;

/* It stands in the file of destroyed keys. */
enum result destruction_set_listed(struct tx *tx, struct id holder_id, struct err *err) must_check;
enum result destruction_set_seen(struct tx *tx, int64_t bytes, struct err *err) must_check;

/* All of them are to be listed again: the file is not the one they were written to. */
enum result destruction_list_anew(struct tx *tx, struct err *err) must_check;

/* Destroys again what a restored backup may have brought back, and lists it in any case. *ret_done: whether
 * there was such a key. */
enum result destruction_repeat(struct tx *tx, const struct destruction *destruction, bool is_listed,
	bool *ret_done, struct err *err) must_check;

#endif
