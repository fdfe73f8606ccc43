/* What owners of messages are told together, in one mail a day: which matters of which messages are due, each
 * told once. */
#ifndef STORE_SUMMARY_WRITE_H
#define STORE_SUMMARY_WRITE_H

#include "base/arena.h"
#include "db/db.h"

/* In the order in which a mail lists them. */
enum summary_matter {
	SUMMARY_FAILED = 1, /* a notification did not arrive */
	SUMMARY_EXPIRED,    /* … before somebody read it */
	SUMMARY_ENDS_SOON,  /* and somebody has not read it */
	SUMMARY_UNREAD,	    /* for long */
	SUMMARY_MATTERS = SUMMARY_UNREAD
};

struct summary_due {
	struct id owner_id, message_id;
	enum summary_matter matter;
};

/* What makes something due; an empty range: that matter never is. All in ms. */
struct summary_range {
	struct id account_id;
	int64_t day; /* since 1970, of the account's zone: owners whose summary of this day was told are left
		      * out */
	int64_t now;
	int64_t failed_until;
	int64_t expired_from, expired_until; /* after …, at or before … */
	int64_t ends_until, ends_within;     /* that last longer than the latter */
	int64_t unread_from, unread_until;   /* of sending */
};

/* Owner by owner, matters in their order, `limit` at most. */
enum result summary_list(struct tx *tx, const struct summary_range *range, int64_t limit, struct arena *arena,
	struct summary_due **ret, size_t *ret_count, struct err *err) must_check;

/* *ret: this transaction is the one that tells the owner that day; *ret_wanted: and the owner wants it. */
enum result summary_claim(struct tx *tx, struct id owner_id, int64_t day, bool *ret, bool *ret_wanted,
	struct err *err) must_check;

/* The same for one matter of one message. */
enum result summary_claim_matter(
	struct tx *tx, const struct summary_due *due, int64_t now, bool *ret, struct err *err) must_check;

/* A notification failed: its owner's next summary tells it. */
enum result summary_set_failed(struct tx *tx, struct id message_id, int64_t now, struct err *err) must_check;

/* The addresses to which the message's notification did not arrive. */
enum result summary_list_failed(struct tx *tx, struct id message_id, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err) must_check;

/* Whether the person wants summaries. NOT_FOUND. */
enum result summary_set_wanted(struct tx *tx, struct id person_id, bool wanted, struct err *err) must_check;

#endif
