/* Policies as rows. What they mean is decided in src/policy; scopes are its numbers. */
#ifndef STORE_POLICY_ROW_H
#define STORE_POLICY_ROW_H

#include "base/arena.h"
#include "db/db.h"

struct policy_row {
	struct id id;
	struct id account_id;
	struct str narrative;
	struct id definition_id; /* none: take no action */
	int64_t based_on;
	int64_t from_scope;
	struct str from_value;
	int64_t to_scope;
	struct str to_value;
	bool enabled;
	int64_t starts_at; /* 0: eternal */
	int64_t ends_at;   /* 0: eternal */
	bool is_override;
	bool sender_may_replace;
	bool bidirectional;
	struct str source_networks; /* CIDR ranges with spaces between; empty: any */
	int64_t created_at;
};

/* All policies of an account, oldest first. */
enum result policy_row_list(struct tx *tx, struct id account_id, struct arena *arena, struct policy_row **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
