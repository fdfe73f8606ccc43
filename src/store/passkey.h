/* Passkeys of people, and the challenges that answer by one is awaited to. */
#ifndef STORE_PASSKEY_H
#define STORE_PASSKEY_H

#include "base/arena.h"
#include "db/db.h"
#include "seal/passkey.h"

struct passkey_row {
	struct id id;
	struct id account_id;
	struct id person_id;
	struct passkey passkey;
	struct bytes name_box; /* by the account key, context PASSKEY_NAME_FIELD and the row; may be empty */
	int64_t created_at;
	int64_t used_at; /* 0: never */
};

/* The person's, oldest first. */
enum result passkey_list(struct tx *tx, struct id person_id, struct arena *arena, struct passkey_row **ret,
	size_t *ret_count, struct err *err) must_check;

/* By the authenticator's name for it, whoever's it is. NOT_FOUND. */
enum result passkey_find(struct tx *tx, struct bytes credential_id, struct arena *arena,
	struct passkey_row *ret, struct err *err) must_check;

#endif
