/* Who has still to be told of what becomes of a message, and that they were: one row's time each, set once.
 */
#ifndef STORE_TELLING_WRITE_H
#define STORE_TELLING_WRITE_H

#include "base/arena.h"
#include "db/db.h"

/* A first reading of a message that asks for a receipt. */
struct telling_read {
	struct id copy_id, account_id, message_id, person_id;
	int64_t read_at;
};

/* Readings that nobody was told of, up to `limit`. */
enum result telling_list_read(struct tx *tx, int64_t limit, struct arena *arena, struct telling_read **ret,
	size_t *ret_count, struct err *err) must_check;

/* Readings that nobody wants to be told of are done, up to `limit`. */
enum result telling_skip_read(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

/* *ret: this transaction is the one that tells. */
enum result telling_claim_read(
	struct tx *tx, struct id copy_id, int64_t now, bool *ret, struct err *err) must_check;

/* What people are told of a message once. */
enum telling {
	TELLING_ENDS_SOON, /* ends after `from` and at `until` or before, and lasts longer than between them
			    */
	TELLING_UNREAD,	   /* sent at `until` or before, and still to be read at `from` */
	TELLING_EXPIRED	   /* ended at `until` or before */
};

/* The messages of an account whose time has come, up to `limit`. */
enum result telling_list(struct tx *tx, enum telling telling, struct id account_id, int64_t from,
	int64_t until, int64_t limit, struct arena *arena, struct id **ret, size_t *ret_count,
	struct err *err) must_check;

/* *ret: this transaction is the one that tells. */
enum result telling_claim(struct tx *tx, enum telling telling, struct id message_id, int64_t now, bool *ret,
	struct err *err) must_check;

/* A recipient in the portal to whom the body was never shown. */
struct telling_person {
	struct id copy_id, person_id;
	struct str address;
	bool can_read; /* not denied, not deleted, with a key, and the notification went out */
};

enum result telling_list_unread(struct tx *tx, struct id message_id, struct arena *arena,
	struct telling_person **ret, size_t *ret_count, struct err *err) must_check;

#endif
