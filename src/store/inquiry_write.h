#ifndef STORE_INQUIRY_WRITE_H
#define STORE_INQUIRY_WRITE_H

#include "store/inquiry.h"

enum result inquiry_add(struct tx *tx, const struct inquiry *inquiry, struct err *err) must_check;

/* Counts an answer of that many bytes by that person, if it is theirs, open, not expired, has room for the
 * bytes and for one more of `most` answers; *ret_done tells. */
enum result inquiry_count_answer(struct tx *tx, struct id id, struct id asked_id, int64_t bytes, int64_t most,
	int64_t now, bool *ret_done, struct err *err) must_check;

enum result inquiry_add_answer(
	struct tx *tx, struct id id, struct id message_id, int64_t now, struct err *err) must_check;

/* For the first time; later ones change nothing. */
enum result inquiry_mark_opened(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;
enum result inquiry_mark_denied(
	struct tx *tx, struct id id, int64_t now, bool *ret_first, struct err *err) must_check;

/* Those that ended before; what came stays. */
enum result inquiry_forget(struct tx *tx, int64_t before, int64_t limit, struct err *err) must_check;

/* *ret_done: it was open. */
enum result inquiry_set_closed(
	struct tx *tx, struct id id, int64_t now, bool *ret_done, struct err *err) must_check;

#endif
