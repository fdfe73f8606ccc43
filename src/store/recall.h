/* Recalls: who took a message, or some copies of it, away from its recipients, when, and why. */
#ifndef STORE_RECALL_H
#define STORE_RECALL_H

#include "base/arena.h"
#include "db/db.h"

struct recall {
	struct id id;
	struct id message_id;
	int64_t at;
	struct id actor_id;	 /* a person; none: an administrator */
	struct bytes reason_box; /* account key, context "recall-reason" + id; empty: no reason was given */
};

enum result recall_find(
	struct tx *tx, struct id id, struct arena *arena, struct recall *ret, struct err *err) must_check;

#endif
