/* Wraps: message keys, each sealed for one holder (seal/key.h). Destroying a holder's wrap ends its access.
 */
#ifndef STORE_WRAP_H
#define STORE_WRAP_H

#include "base/arena.h"
#include "db/db.h"

/* The holder's wrap of the message's key; GONE when it was destroyed or never was. The holder is a copy, or
 * the message itself while the queue needs its content; a draft and a quote have one of their own, and stand
 * for both. */
enum result wrap_find(struct tx *tx, struct id holder_id, struct id message_id, struct arena *arena,
	struct bytes *ret, struct err *err) must_check;

/* Any wrap of the message and its holder; GONE when the last one was destroyed. */
enum result wrap_find_any(struct tx *tx, struct id message_id, struct arena *arena, struct id *ret_holder_id,
	struct bytes *ret, struct err *err) must_check;

#endif
