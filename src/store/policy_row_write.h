#ifndef STORE_POLICY_ROW_WRITE_H
#define STORE_POLICY_ROW_WRITE_H

#include "store/policy_row.h"

enum result policy_row_add(struct tx *tx, const struct policy_row *policy, struct err *err) must_check;

/* NOT_FOUND when the account has no such policy. */
enum result policy_row_set_enabled(
	struct tx *tx, struct id account_id, struct id id, bool enabled, struct err *err) must_check;
enum result policy_row_remove(struct tx *tx, struct id account_id, struct id id, struct err *err) must_check;

#endif
