#ifndef STORE_DRAFT_WRITE_H
#define STORE_DRAFT_WRITE_H

#include "store/draft.h"

/* Holds the draft until the transaction ends, made now when there is none; *ret_is_new. It becomes the next
 * version. CONFLICT ("already-sent") when it was sent or thrown away, waits to leave, or is another person's:
 * what comes late does not revive it; CONFLICT ("draft-newer") when it is based on an older version than
 * there is, and that was saved by another page. */
enum result draft_hold(
	struct tx *tx, const struct draft *draft, bool *ret_is_new, struct err *err) must_check;

enum result draft_set_box(struct tx *tx, struct id id, struct bytes box, struct err *err) must_check;

/* `body`: for files that are kept in the row. */
enum result draft_file_add(
	struct tx *tx, const struct draft_file *file, struct bytes body, struct err *err) must_check;
enum result draft_file_remove(struct tx *tx, struct id draft_id, struct id id, struct err *err) must_check;

/* Sent (as message_id) or thrown away at saved_at, also when it was never saved; nothing happens when it was
 * before, or is another person's. */
enum result draft_close(struct tx *tx, const struct draft *draft, struct err *err) must_check;

/* An open one waits to leave. */
enum result draft_set_leaving(struct tx *tx, struct id id, int64_t leaves_at, struct err *err) must_check;

/* One that waits, as long as leaves_at is still that: waits until another time; was sent at saved_at, as
 * message_id (CONFLICT with code "not-leaving" when it does not wait so any more); is open again, since it
 * could not be sent. */
enum result draft_leave_later(
	struct tx *tx, const struct draft *draft, int64_t until, bool *ret_done, struct err *err) must_check;
enum result draft_left(struct tx *tx, const struct draft *draft, struct err *err) must_check;
enum result draft_refuse(struct tx *tx, const struct draft *draft, const char *code, int64_t now,
	bool *ret_done, struct err *err) must_check;

/* The person's does not wait any more, and is open; *ret_done: it did. */
enum result draft_undo(
	struct tx *tx, struct id person_id, struct id id, bool *ret_done, struct err *err) must_check;
/* Gives a person's drafts to another; with `answered_by` only those that answer what came to that address,
 * or what was asked of it. */
enum result draft_move(
	struct tx *tx, struct id from, struct id to, struct id answered_by, struct err *err) must_check;

/* Throws all of the person's away, also those that wait to leave. */
enum result draft_close_all(struct tx *tx, struct id person_id, int64_t now, struct err *err) must_check;

/* Closes what nobody has saved since `cut`. */
enum result draft_close_old(struct tx *tx, int64_t cut, int64_t now, struct err *err) must_check;

/* Closed ones whose content is still there; `limit` at most. */
enum result draft_list_closed(struct tx *tx, int64_t limit, struct arena *arena, struct id **ret,
	size_t *ret_count, struct err *err) must_check;

/* Removes the content of a closed one; its row stays, so that nothing revives it. The caller destroys the
 * key. */
enum result draft_empty(struct tx *tx, struct id id, struct err *err) must_check;

/* Rows closed before `cut`: no page can be open that still writes them. */
enum result draft_forget(struct tx *tx, int64_t cut, struct err *err) must_check;

#endif
