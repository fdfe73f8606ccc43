#ifndef STORE_WRAP_WRITE_H
#define STORE_WRAP_WRITE_H

#include "store/wrap.h"

/* A holder that has one already keeps it. */
enum result wrap_add(struct tx *tx, struct id holder_id, struct id message_id, struct bytes sealed,
	struct err *err) must_check;

/* Overwrites and deletes it; nothing happens when there is none. */
enum result wrap_destroy(
	struct tx *tx, struct id holder_id, struct id message_id, struct err *err) must_check;

/* The same, and lists it as destroyed: its bytes are to be wiped out of the database's files, and a restored
 * backup must not bring it back. */
enum result wrap_destroy_for_good(
	struct tx *tx, struct id holder_id, struct id message_id, int64_t now, struct err *err) must_check;

/* The same of all copies that copy_destroy_all took out of the person's folders at `now`. */
enum result wrap_destroy_all(struct tx *tx, struct id mailbox_id, int64_t now, struct err *err) must_check;

/* The same of the message's own key. It is listed also when the queue has done with it and it is gone: in a
 * backup that is older than that it is not. */
enum result wrap_destroy_of_queue(
	struct tx *tx, struct id message_id, int64_t now, struct err *err) must_check;

#endif
