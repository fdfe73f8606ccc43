/* outsider: new messages of people from outside to those of the account, as far as the account's settings
 * allow. Answers are no concern of it. */
#ifndef FLOW_OUTSIDER_H
#define FLOW_OUTSIDER_H

#include "flow/keep.h"
#include "store/person.h"

/* Whether the writer may send a new message to all of these. DENIED: to nobody. INVALID with code
 * "recipient-not-allowed" and the first address in question as the text: outside the account, unknown there
 * or not allowed, which all look the same (R15). */
enum result outsider_check(struct tx *tx, const struct flow_account *account, const struct person *writer,
	const struct keep_recipient *recipients, size_t count, struct err *err) must_check;

/* Counts one new message of that person. BUSY with code "outsider-limit" beyond what the account allows a
 * day. */
enum result outsider_count(struct tx *tx, const struct flow_account *account, struct id writer_id,
	int64_t now, struct err *err) must_check;

/* How much such a message may hold. */
int64_t outsider_bytes_max(const struct flow *flow, const struct account_settings *settings);

#endif
