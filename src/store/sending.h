/* Sending: how many different people outside an account's person has written to in a month, and what raises
 * the limit (R11). */
#ifndef STORE_SENDING_H
#define STORE_SENDING_H

#include "base/arena.h"
#include "db/db.h"

/* More recipients for one person between two moments. */
struct pack {
	struct id id;
	struct id account_id;
	struct id person_id;
	struct str address; /* of the person, when listed */
	int64_t more;
	int64_t starts_at, ends_at;
	int64_t created_at;
};

/* month: years * 12 + months from 0. */
enum result sending_count(
	struct tx *tx, struct id person_id, int64_t month, int64_t *ret, struct err *err) must_check;

/* What the packs that are in force give together. */
enum result sending_packs(
	struct tx *tx, struct id person_id, int64_t now, int64_t *ret, struct err *err) must_check;

/* The oldest first. */
enum result pack_list(struct tx *tx, struct id account_id, struct arena *arena, struct pack **ret,
	size_t *ret_count, struct err *err) must_check;

/* Whoever has written to somebody outside in the month, by address. */
struct sending_use {
	struct id person_id;
	struct str address;
	int64_t count;
};

enum result sending_list(struct tx *tx, struct id account_id, int64_t month, struct arena *arena,
	struct sending_use **ret, size_t *ret_count, struct err *err) must_check;

#endif
