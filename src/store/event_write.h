#ifndef STORE_EVENT_WRITE_H
#define STORE_EVENT_WRITE_H

#include "store/event.h"

/* Adds an event; its identifier is made from `at`, its place in the chain is given later. */
enum result event_record(struct tx *tx, const struct event *event, struct err *err) must_check;

/* Events that are not in their chain yet, oldest first per account; older than `before` (ms) only, so that no
 * earlier one can still come. */
enum result event_list_unchained(struct tx *tx, int64_t before, int64_t limit, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err) must_check;

/* The end of an account's chain; seq 0 and an empty hash when it has none. Holds it for this transaction. */
enum result event_chain_end(struct tx *tx, struct id account_id, struct arena *arena, int64_t *ret_seq,
	struct bytes *ret_hash, struct err *err) must_check;

/* Gives an event its place and moves the chain's end to it. */
enum result event_chain(
	struct tx *tx, const struct event *event, int64_t seq, struct bytes hash, struct err *err) must_check;

#endif
