/* Sign-in codes, kept as hashes: for one person, in the browser that asked, once. */
#ifndef STORE_CODE_H
#define STORE_CODE_H

#include "base/arena.h"
#include "db/db.h"

struct code {
	struct id id;
	struct id account_id; /* none for an address that nobody has: such a code is never right */
	struct id person_id;
	struct bytes browser_hash; /* of the cookie of the browser that asked */
	struct bytes code_hash;	   /* keyed, with the id */
	struct id copy_id;	   /* the message whose link was opened, or none */
	int64_t expires_at;
	int64_t tries_left;
	int64_t used_at;
	struct str adds_address; /* what it proves for the person who wants to add it; empty: it signs in */
};

/* The newest code of that browser for signing in, or (`adds`) for adding an address; used or not. */
enum result code_by_browser(struct tx *tx, struct bytes browser_hash, bool adds, struct arena *arena,
	struct code *ret, struct err *err) must_check;

#endif
