/* Destructions: the keys that were destroyed for good. What they opened stays closed, also after an older
 * backup was restored. */
#ifndef STORE_DESTRUCTION_H
#define STORE_DESTRUCTION_H

#include "base/arena.h"
#include "db/db.h"

struct destruction {
	struct id holder_id; /* the copy, or the message itself, whose key it was */
	struct id message_id;
	int64_t destroyed_at;
};

/* Whether bytes of a destroyed key may still be in the database's files. */
enum result destruction_is_to_wipe(struct tx *tx, bool *ret, struct err *err) must_check;

/* At most `limit` that are not in the file of destroyed keys yet. */
enum result destruction_list_unlisted(struct tx *tx, int64_t limit, struct arena *arena,
	struct destruction **ret, size_t *ret_count, struct err *err) must_check;

/* How much of that file, in bytes, this database knows: it has done everything before. */
enum result destruction_seen(struct tx *tx, int64_t *ret, struct err *err) must_check;

#endif
