/* Portal sessions. Their tokens are kept only as hashes. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "base/arena.h"
#include "db/db.h"

/* What was shown at sign-in, as bits. */
enum session_proof { PROOF_CODE = 1, PROOF_PASSWORD = 2 };

struct session {
	struct bytes token_hash;
	struct id account_id;
	struct id person_id;
	int64_t created_at;
	int64_t used_at; /* last use by the person's own request */
	int64_t ends_at; /* absolute limit */
	int64_t proof;
	struct str origin; /* address it was begun from */
};

/* Ended or not. NOT_FOUND when there is none. */
enum result session_find(struct tx *tx, struct bytes token_hash, struct arena *arena, struct session *ret,
	struct err *err) must_check;

#endif
