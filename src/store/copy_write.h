#ifndef STORE_COPY_WRITE_H
#define STORE_COPY_WRITE_H

#include "store/copy.h"

/* Adds the copy and counts it. CONFLICT when the person has one of that message and kind. */
enum result copy_add(struct tx *tx, const struct copy *copy, struct err *err) must_check;

/* Moves what came to one address from one person's folders to another's. Who calls it holds the person row of
 * the address (person_hold), and nothing is in the folders of `to` from that address yet. */
enum result copy_move(
	struct tx *tx, struct id person_id, struct id from, struct id to, struct err *err) must_check;

/* Notes that the body was shown: the first time is kept, the unread mark goes. *ret_is_first (may be NULL)
 * tells whether this was the first time. */
enum result copy_mark_read(
	struct tx *tx, struct id copy_id, int64_t now, bool *ret_is_first, struct err *err) must_check;

/* The person's own mark of a copy that the caller holds; nothing of it is evidence of reading (R13). */
enum result copy_set_unread(struct tx *tx, const struct copy *held, bool unread, struct err *err) must_check;

/* All copies of a message end when it does. */
enum result copy_set_end(struct tx *tx, struct id message_id, int64_t ends_at, struct err *err) must_check;

/* Notes that somebody with the link said that the address is not theirs; the first time is kept. */
enum result copy_mark_denied(
	struct tx *tx, struct id copy_id, int64_t now, bool *ret_is_first, struct err *err) must_check;

/* Holds the copy as it is until the transaction ends, so that what is noted of it, moves of it and a recall
 * go one after the other. */
enum result copy_hold(struct tx *tx, struct id copy_id, struct copy *ret, struct err *err) must_check;

/* Each moves a copy that the caller holds, as copy_hold gave it: from Inbox or Sent to Deleted, from there to
 * where it was, or from there out of every folder for good (its key is the caller's to destroy). */
enum result copy_delete(struct tx *tx, const struct copy *held, struct err *err) must_check;
enum result copy_restore(struct tx *tx, const struct copy *held, struct err *err) must_check;
enum result copy_destroy(struct tx *tx, const struct copy *held, int64_t now, struct err *err) must_check;

/* All that are in the person's folders, out of every folder for good; wrap_destroy_all destroys their keys.
 */
enum result copy_destroy_all(struct tx *tx, struct id mailbox_id, int64_t now, struct err *err) must_check;

/* Takes a recipient's copy away: it leaves its folder and the counts. *ret_done: false when it was taken away
 * before, or is the owner's. */
enum result copy_recall(struct tx *tx, const struct copy *copy, struct id recall_id, bool *ret_done,
	struct err *err) must_check;

/* No list shows it any more. */
enum result copy_leave_folder(struct tx *tx, const struct copy *copy, struct err *err) must_check;

#endif
