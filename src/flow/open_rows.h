/* Rows of lists, opened. */
#ifndef FLOW_OPEN_ROWS_H
#define FLOW_OPEN_ROWS_H

#include "flow/open.h"

struct open_rows {
	const struct actor *actor;
	const struct account_key *key; /* of the actor's account */
	int64_t now;
	struct arena *arena;
};

/* One row of a list as it is shown. */
enum result open_row(struct tx *tx, const struct open_rows *how, const struct copy_row *row,
	struct open_summary *ret, struct err *err) must_check;

#endif
