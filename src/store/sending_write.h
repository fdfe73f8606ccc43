#ifndef STORE_SENDING_WRITE_H
#define STORE_SENDING_WRITE_H

#include "store/sending.h"

/* Holds the person's month for this transaction: others that count in it wait. */
enum result sending_hold(struct tx *tx, struct id person_id, int64_t month, struct err *err) must_check;

/* Notes a recipient of the month, which is to be held; *ret_is_new: was not there yet. */
enum result sending_add(struct tx *tx, struct id person_id, int64_t month, struct id recipient_id,
	int64_t now, bool *ret_is_new, struct err *err) must_check;

/* Counts `more` in the month; *ret false: that would pass the limit, and nothing is counted. */
enum result sending_take(struct tx *tx, struct id person_id, int64_t month, int64_t more, int64_t limit,
	bool *ret, struct err *err) must_check;

/* Who was counted before that moment; the counts stay. */
enum result sending_forget(struct tx *tx, int64_t before, int64_t limit, struct err *err) must_check;

enum result pack_add(struct tx *tx, const struct pack *pack, struct err *err) must_check;

/* NOT_FOUND when the account has no such pack. */
enum result pack_remove(struct tx *tx, struct id account_id, struct id id, struct err *err) must_check;

#endif
