#ifndef STORE_SHARED_WRITE_H
#define STORE_SHARED_WRITE_H

#include "store/shared.h"

/* *ret_is_new: false when the person was one of them before. */
enum result shared_add(struct tx *tx, struct id address_id, struct id person_id, int64_t now,
	bool *ret_is_new, struct err *err) must_check;

/* Also ends the person's sessions in that mailbox. NOT_FOUND when the person is none of them. */
enum result shared_remove(
	struct tx *tx, struct id address_id, struct id person_id, struct err *err) must_check;

/* All that the one person shares, the other does from now on. */
enum result shared_move(struct tx *tx, struct id from, struct id to, struct err *err) must_check;

#endif
