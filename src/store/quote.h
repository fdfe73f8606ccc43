/* Quotes that answers hold as references: sealed apart from the answer, so that they go with what they quote.
 */
#ifndef STORE_QUOTE_H
#define STORE_QUOTE_H

#include "base/arena.h"
#include "db/db.h"

struct quote {
	struct id id;	      /* holds the wrap of its key, under the account's key */
	struct id message_id; /* the answer */
	struct id quoted_id;  /* whose text it is */
	int64_t position;     /* in the answer, from 0 on */
	struct bytes box;     /* its text under its own key, and that under the answer's, "quote" */
};

/* Those of an answer, in order. */
enum result quote_list(struct tx *tx, struct id message_id, struct arena *arena, struct quote **ret,
	size_t *ret_count, struct err *err) must_check;

enum result quote_any(struct tx *tx, struct id message_id, bool *ret, struct err *err) must_check;

/* When the quotes of this message were taken out of its answers; 0: they were not. */
enum result quote_recalled_at(struct tx *tx, struct id message_id, int64_t *ret, struct err *err) must_check;

#endif
