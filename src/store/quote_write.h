#ifndef STORE_QUOTE_WRITE_H
#define STORE_QUOTE_WRITE_H

#include "store/quote.h"

enum result quote_add(struct tx *tx, const struct quote *quote, struct err *err) must_check;

/* Holds the message that is quoted until the transaction ends, so that quoting it and taking its quotes away
 * go one after the other. *ret_may: false when they were taken away. */
enum result quote_hold_quoted(struct tx *tx, struct id quoted_id, bool *ret_may, struct err *err) must_check;

/* From now on the message is quoted no more. Gives the identifiers of its quotes, whose keys are the caller's
 * to destroy. */
enum result quote_recall(struct tx *tx, struct id quoted_id, int64_t now, struct arena *arena,
	struct id **ret, size_t *ret_count, struct err *err) must_check;

#endif
