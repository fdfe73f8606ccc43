/* Destinations: domains of others to which an account's mail goes by verified TLS only (R2). */
#ifndef STORE_DESTINATION_H
#define STORE_DESTINATION_H

#include "base/arena.h"
#include "db/db.h"

struct destination {
	struct str domain; /* lower case */
	int64_t created_at;
};

/* Whether the account asks for verified TLS to the domain, given in any case. */
enum result destination_has(
	struct tx *tx, struct id account_id, struct str domain, bool *ret, struct err *err) must_check;

enum result destination_list(struct tx *tx, struct id account_id, struct arena *arena,
	struct destination **ret, size_t *ret_count, struct err *err) must_check;

#endif
