/* Limits on how often something may be done in a window of time, as rows: they hold for all nodes together.
 */
#ifndef STORE_ATTEMPT_WRITE_H
#define STORE_ATTEMPT_WRITE_H

#include "db/db.h"

/* Counts one attempt under the key (a hash of what is limited and its purpose) in a window of window_ms that
 * begins with the first one. *ret_count gets the number in the window, this one included. */
enum result attempt_count(struct tx *tx, struct bytes key, int64_t now, int64_t window_ms, int64_t *ret_count,
	struct err *err) must_check;

/* Takes one attempt back; the window stays. */
enum result attempt_take_back(struct tx *tx, struct bytes key, struct err *err) must_check;

/* Forgets what was counted under the key. */
enum result attempt_clear(struct tx *tx, struct bytes key, struct err *err) must_check;

/* Windows that ended before `now`, `limit` at most. */
enum result attempt_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

#endif
