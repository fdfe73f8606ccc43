/* deliver: the queue as its workers and the administrator see it: taking what is due, reading what is to be
 * sent, and what an attempt led to. Who waits, retries, gives up, and is told is decided here. */
#ifndef FLOW_DELIVER_H
#define FLOW_DELIVER_H

#include "base/io.h"
#include "flow/letter.h"
#include "flow/mail_out.h"
#include "store/delivery.h"
#include "store/domain.h"
#include "store/message.h"

/* Takes up to `limit` deliveries that are due and go to none of the busy destinations, for this run of a node
 * (flow/deliver_node.h), which holds them until their end or its own; where they go is looked up now.
 * CONFLICT when the run counts as ended. */
enum result deliver_take(struct flow *flow, struct id run, int64_t now, const struct str *busy,
	size_t busy_count, int64_t limit, struct arena *arena, struct delivery **ret, size_t *ret_count,
	struct err *err) must_check;

/* When something that nobody holds is due next (ms), INT64_MAX for never. */
enum result deliver_next_time(struct flow *flow, int64_t *ret, struct err *err) must_check;

/* Gives deliveries back untried: due at once again, for any node. One that is another's by now stays so. */
enum result deliver_release(struct flow *flow, const struct delivery *const *deliveries, size_t count,
	int64_t now, struct err *err) must_check;

/* Everything a delivery is built from. Hold it while sending; deliver_job_free ends that. */
struct deliver_job {
	struct arena arena;
	struct delivery delivery;
	struct flow_account account;
	struct str payload; /* of the kinds that have one */
	/* Of the message, when the delivery has one and it can still be opened: */
	bool has_message;
	struct message message;
	bool has_quotes; /* beside its text, which go with no mail */
	struct letter letter;
	struct mime_index index;
	bool has_content;
	struct reader content;		      /* the raw mail, when the delivery carries it */
	struct str owner_name, owner_address; /* of the message's owner, the name may be empty */
	struct str recipient_language; /* chosen by the recipient, or the account's; of internal copies always
					  that */
	enum hop_tls hop_tls;	       /* what the account asks of its next hop */
	bool needs_verified_tls;       /* content of a secured message, or the account asks for it (R2) */
	struct deliver_held *held;
};

/* What deliver_unopened makes an attempt of when it fails. */
enum result deliver_open(struct flow *flow, const struct delivery *delivery, int64_t now,
	struct deliver_job **ret, struct err *err) must_check;
void deliver_job_free(struct deliver_job *job);
DEFINE_CLEANUP(struct deliver_job *, deliver_job_free)

/* What an attempt led to. */
struct deliver_attempt {
	enum {
		ATTEMPT_SENT,
		ATTEMPT_REFUSED, /* for good */
		ATTEMPT_LATER,
		ATTEMPT_RECALLED, /* not tried: its message had ended */
		ATTEMPT_EXPIRED
	} outcome;
	struct str reply;  /* of the next server, or our reason; one line */
	struct str status; /* of a refusal (RFC 3463); empty: not known */
	struct str host;
	struct str tls_version, tls_cipher, tls_verified;
	bool reports_success; /* the next server answers DSN success itself */
};

/* The attempt of a delivery that could not be opened: its message was recalled or has expired; the message,
 * its key or its content is lost, which is a failure like another, told to the sender, and one that the
 * caller logs; or the store does not answer now. The reply is in the arena. */
struct deliver_attempt deliver_unopened(enum result result, const struct err *why, struct arena *arena);

/* Writes down what became of deliveries of one message that were sent together, each with its attempt;
 * decides on the next try or the end, tells the sender, and destroys the content's key when nobody needs it
 * any more. */
enum result deliver_finish(struct flow *flow, const struct delivery *const *deliveries,
	const struct deliver_attempt *attempts, size_t count, int64_t now, struct err *err) must_check;

/* A report says that a mail that was sent failed later. Part of a transaction. */
enum result deliver_bounced(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *delivery, struct str status, int64_t now, struct err *err) must_check;

/* The administrator's verbs; with no account of the actor on any account's deliveries. */
enum result deliver_retry(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;
enum result deliver_drop(struct flow *flow, const struct actor *actor, struct id id, struct str reason,
	int64_t now, struct err *err) must_check;

#endif
