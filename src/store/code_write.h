#ifndef STORE_CODE_WRITE_H
#define STORE_CODE_WRITE_H

#include "store/code.h"

/* Earlier codes of the same browser end. */
enum result code_add(struct tx *tx, const struct code *code, struct err *err) must_check;

/* Takes one try and tells how many are left. GONE when the code expired, was used, or has no try left; so
 * tries in parallel cannot be more than there are. */
enum result code_take_try(
	struct tx *tx, struct id id, int64_t now, int64_t *ret_left, struct err *err) must_check;

/* Uses the code up. GONE when somebody else did. */
enum result code_use(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;

/* Those that expired before `now`, `limit` at most. */
enum result code_remove_expired(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

#endif
