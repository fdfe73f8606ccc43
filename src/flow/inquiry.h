/* inquiry: one of the account's people asks an address outside for a message or files, by a link that is good
 * for that address only, until a time, for so many bytes, until it is closed. What comes is a message of
 * whoever was asked, to the asker. It does not count for the sending limit (R11). */
#ifndef FLOW_INQUIRY_H
#define FLOW_INQUIRY_H

#include "flow/open.h"
#include "flow/reply.h"
#include "store/inquiry.h"

struct inquiry_form {
	struct str to;		 /* an address outside the account */
	struct str purpose;	 /* one line, as the asked person reads it */
	int64_t days;		 /* 1 to LIMIT_INQUIRY_DAYS */
	int64_t mb;		 /* 1 to LIMIT_INQUIRY_MB, and not more than a mail may have */
	struct id definition_id; /* what answers are sent with, published to the asker; none: the first */
};

/* DENIED: the asker is from outside, or the account has no requests. INVALID with code "inquiry-to",
 * "inquiry-internal", "inquiry-purpose", "inquiry-days", "inquiry-mb" or "inquiry-definition"; BUSY after
 * LIMIT_INQUIRIES_A_DAY. */
enum result inquiry_make(struct flow *flow, const struct actor *actor, const struct inquiry_form *form,
	int64_t now, struct id *ret_id, struct err *err) must_check;

/* By the asker, or with no person an administrator. NOT_FOUND: not theirs; CONFLICT: it has ended. */
enum result inquiry_close(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

/* An inquiry as its asker and the person asked see it. */
struct inquiry_facts {
	struct inquiry inquiry;
	struct open_person asker;
	struct str purpose;
	struct definition definition;
	int64_t signed_in_at; /* the person asked, since then; 0: not yet */
	struct id *copies;    /* the asker's, of what came */
	size_t copy_count;
};

/* The actor's own, newest first; with no person all of the account. LIMIT_INQUIRIES_SHOWN at most. */
enum result inquiry_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct inquiry_facts **ret, size_t *ret_count, struct err *err) must_check;

/* Closed or expired: nothing can be sent by it any more. */
bool inquiry_has_ended(const struct inquiry *inquiry, int64_t now);
/* For whoever answers: it has ended, or was answered as often as one may be. */
bool inquiry_takes_no_more(const struct inquiry *inquiry, int64_t now);

/* For the person asked; NOT_FOUND for everybody else (R15). Ended ones are found as well. */
enum result inquiry_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct inquiry_facts *ret, struct err *err) must_check;

/* Part of the transaction that keeps an answer of so many bytes: counts it. GONE with code
 * "inquiry-ended", TOO_LARGE with "inquiry-full". */
enum result inquiry_take_answer(struct tx *tx, struct id id, struct id asked_id, struct id message_id,
	int64_t bytes, const struct actor *actor, int64_t now, struct err *err) must_check;

/* What answers are sent with; the asker's first definition when it was removed meanwhile. */
enum result inquiry_definition(struct tx *tx, const struct inquiry *inquiry, struct arena *arena,
	struct definition *ret, struct err *err) must_check;

/* Opens the purpose; empty when it is damaged. */
struct str inquiry_purpose(
	const struct flow_account *account, const struct inquiry *inquiry, struct arena *arena);

/* Sends what the person asked has written. NOT_FOUND as inquiry_open; results as
 * inquiry_take_answer and reply_send; INVALID with code "text-missing" when there is neither text nor file.
 */
enum result inquiry_answer(struct flow *flow, const struct actor *actor, struct id id, struct id form_id,
	const struct written *written, int64_t now, struct id *ret_copy_id, struct err *err) must_check;

#endif
