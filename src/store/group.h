/* Groups of an account's own people, to whom folders of definitions are published. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "base/arena.h"
#include "db/db.h"

struct group {
	struct id id;
	struct id account_id;
	struct str name; /* compared without case */
	int64_t created_at;
	int64_t member_count;
};

/* NOT_FOUND when the account has none of that name. */
enum result group_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct group *ret, struct err *err) must_check;

/* By name. */
enum result group_list(struct tx *tx, struct id account_id, struct arena *arena, struct group **ret,
	size_t *ret_count, struct err *err) must_check;

/* The members' addresses, in order. */
enum result group_list_members(struct tx *tx, struct id group_id, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
