#ifndef STORE_DELIVERY_WRITE_H
#define STORE_DELIVERY_WRITE_H

#include "store/delivery.h"

/* A delivery of the same message, kind and recipient that is there already stays; *ret_is_new (may be NULL)
 * tells. */
enum result delivery_add(
	struct tx *tx, const struct delivery *delivery, bool *ret_is_new, struct err *err) must_check;

/* Leases up to `limit` waiting deliveries that are due and go to none of the busy destinations, oldest due
 * first: nobody else gets them until `lease_until` (ms), when they are due again. Counts the attempt. */
enum result delivery_lease(struct tx *tx, int64_t now, int64_t lease_until, const struct str *busy,
	size_t busy_count, int64_t limit, struct arena *arena, struct delivery **ret, size_t *ret_count,
	struct err *err) must_check;

/* Makes a lease last until then; nothing happens when it ended and another node has the delivery. */
enum result delivery_renew(
	struct tx *tx, const struct delivery_claim *claim, int64_t lease_until, struct err *err) must_check;

enum result delivery_set_destination(
	struct tx *tx, struct id id, struct str destination, struct err *err) must_check;

/* Ends all leases: at the start of the only node. */
enum result delivery_release_all(struct tx *tx, int64_t now, struct err *err) must_check;

/* Gives the lease of that attempt back untried (it is not counted), due at `next_try_at`. Nothing happens
 * when it ended and another node has the delivery. */
enum result delivery_release(
	struct tx *tx, struct id id, int64_t attempts, int64_t next_try_at, struct err *err) must_check;

/* What an attempt led to. */
struct delivery_outcome {
	enum delivery_state state; /* DELIVERY_WAITING: try again at next_try_at */
	int64_t attempts;	   /* of the lease that this is the end of; 0: whoever has it */
	int64_t next_try_at;
	struct str reply;
	struct str host;
	struct str tls_version;
	struct str tls_cipher;
	struct str tls_verified;
};

/* CONFLICT when the delivery is not waiting any more, or the lease ended and another node has it. */
enum result delivery_finish(struct tx *tx, struct id id, const struct delivery_outcome *outcome, int64_t now,
	struct err *err) must_check;

/* A mail came back: the delivery counts as failed, also when the end of the try that sent it is not written
 * down yet. *ret_changed: it had not failed and was not dropped before. */
enum result delivery_set_bounced(struct tx *tx, struct id id, struct str reply, int64_t now,
	bool *ret_changed, struct err *err) must_check;

enum result delivery_set_delay_told(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;

/* Due at once. NOT_FOUND when the account (none: any) has no such waiting delivery. */
enum result delivery_retry(
	struct tx *tx, struct id account_id, struct id id, int64_t now, struct err *err) must_check;

/* All of a message that wait are due at once: whoever takes one finds that the message has ended. */
enum result delivery_hurry(struct tx *tx, struct id message_id, int64_t now, struct err *err) must_check;

/* The notification of a copy waits again, as a mail of its own. CONFLICT ("still-waits") when it waits, or
 * there is none. */
enum result delivery_notify_again(struct tx *tx, struct id message_id, struct id copy_id, int64_t now,
	int64_t give_up_at, struct id *ret_id, struct err *err) must_check;

/* Cancels what still waits of one message and kind; *ret_count gets how many. */
enum result delivery_cancel(struct tx *tx, struct id message_id, enum delivery_kind kind, struct str reason,
	int64_t now, int64_t *ret_count, struct err *err) must_check;

#endif
