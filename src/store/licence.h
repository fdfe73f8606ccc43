/* Licences: who of an account's people may send secure messages. */
#ifndef STORE_LICENCE_H
#define STORE_LICENCE_H

#include "base/arena.h"
#include "db/db.h"

struct licence_terms {
	int64_t count;	 /* -1: any number, and nobody needs one */
	int64_t taken;	 /* by how many people */
	bool named_only; /* given by administrators alone, not to whoever sends first */
};

struct licence {
	struct id person_id;
	struct str address;
	int64_t since;
};

enum result licence_terms_find(
	struct tx *tx, struct id account_id, struct licence_terms *ret, struct err *err) must_check;

enum result licence_has(struct tx *tx, struct id person_id, bool *ret, struct err *err) must_check;

/* The oldest first. */
enum result licence_list(struct tx *tx, struct id account_id, struct arena *arena, struct licence **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
