#ifndef STORE_DESTRUCTION_WRITE_H
#define STORE_DESTRUCTION_WRITE_H

#include "store/destruction.h"

/* In a transaction before the wiping: marks what it is for. What is destroyed meanwhile waits for the next.
 */
enum result destruction_begin_wipe(struct tx *tx, struct err *err) must_check;

/* And in one after it: what was marked is wiped. */
enum result destruction_end_wipe(struct tx *tx, int64_t now, struct err *err) must_check;

#endif
