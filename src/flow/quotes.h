/* quotes: what an answer quotes, kept beside it instead of in its text where the account wants that
 * (recall_thread). Each quote has a key of its own: recalling what is quoted may destroy it, and the answer
 * stays. To read one takes the answer's key as well. Quotes leave the portal in no way: not with the mail
 * that the account's people get, nor with files. */
#ifndef FLOW_QUOTES_H
#define FLOW_QUOTES_H

#include "flow/flow.h"
#include "seal/key.h"

/* Of one answer: those of a long thread, the newest first. */
#define QUOTES_MAX 20
#define QUOTES_BYTES ((size_t)64 * 1024)

struct quote_text {
	struct id quoted_id;
	struct str text; /* as it stands in the answer, "> " before each line; empty when it was taken away */
};

/* Keeps them with the answer that the same transaction adds. What was recalled meanwhile is kept without its
 * key. */
enum result quotes_add(struct tx *tx, const struct flow_account *account, struct id message_id,
	const struct message_key *key, const struct quote_text *quotes, size_t count, int64_t now,
	struct err *err) must_check;

/* Those of an answer, in order. */
enum result quotes_open(struct tx *tx, const struct flow_account *account, struct id message_id,
	const struct message_key *key, struct arena *arena, struct quote_text **ret, size_t *ret_count,
	struct err *err) must_check;

/* Destroys the keys of all quotes of this message, for good. */
enum result quotes_recall(
	struct tx *tx, struct id quoted_id, int64_t now, size_t *ret_count, struct err *err) must_check;

#endif
