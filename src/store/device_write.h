/* Browsers that somebody signed in with, by a cookie kept only as a hash. One is known for the addresses that
 * proved themselves there; it grants nothing, but strangers' tries do not count against it. */
#ifndef STORE_DEVICE_WRITE_H
#define STORE_DEVICE_WRITE_H

#include "db/db.h"

/* Notes that the address signed in with the browser. */
enum result device_note(struct tx *tx, struct bytes cookie_hash, struct str address_key, int64_t now,
	struct err *err) must_check;

/* Whether it did since `since`. */
enum result device_is_known(struct tx *tx, struct bytes cookie_hash, struct str address_key, int64_t since,
	bool *ret, struct err *err) must_check;

/* Those last used before `before`, `limit` at most. */
enum result device_remove_unused(struct tx *tx, int64_t before, int64_t limit, struct err *err) must_check;

/* No browser is known for the address any more. */
enum result device_forget(struct tx *tx, struct str address_key, struct err *err) must_check;

#endif
