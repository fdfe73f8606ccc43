#ifndef STORE_DELIVERY_WRITE_H
#define STORE_DELIVERY_WRITE_H

#include "store/delivery.h"

/* A delivery of the same message, kind and recipient that is there already stays; *ret_is_new (may be NULL)
 * tells. */
enum result delivery_add(
	struct tx *tx, const struct delivery *delivery, bool *ret_is_new, struct err *err) must_check;

/* Takes up to `limit` waiting deliveries that are due, that nobody holds, and that go to none of the busy
 * destinations, oldest due first: they are the holder's until it writes down their end, releases them, or its
 * run ends. Counts the attempt. */
enum result delivery_hold(struct tx *tx, struct id holder_id, int64_t now, const struct str *busy,
	size_t busy_count, int64_t limit, struct arena *arena, struct delivery **ret, size_t *ret_count,
	struct err *err) must_check;

enum result delivery_set_destination(
	struct tx *tx, struct id id, struct str destination, struct err *err) must_check;

/* All that a run held is due at once, for anybody; *ret_count gets how many. */
enum result delivery_release_all(
	struct tx *tx, struct id holder_id, int64_t now, int64_t *ret_count, struct err *err) must_check;

/* Gives one back untried (the attempt is not counted), due at `next_try_at`. Nothing happens when its holder
 * has it no more. */
enum result delivery_release(
	struct tx *tx, const struct delivery *delivery, int64_t next_try_at, struct err *err) must_check;

/* What an attempt led to. */
struct delivery_outcome {
	enum delivery_state state; /* DELIVERY_WAITING: try again at next_try_at */
	struct id holder_id;	   /* who tried; none: whoever holds it */
	int64_t next_try_at;
	struct str reply;
	struct str host;
	struct str tls_version;
	struct str tls_cipher;
	struct str tls_verified;
};

/* CONFLICT when the delivery is not waiting any more, or that holder has it no more. */
enum result delivery_finish(struct tx *tx, struct id id, const struct delivery_outcome *outcome, int64_t now,
	struct err *err) must_check;

/* Ends a waiting delivery by an administrator's word. CONFLICT when it does not wait, or somebody holds it:
 * what is being sent at this moment may arrive. */
enum result delivery_drop(
	struct tx *tx, struct id id, struct str reason, int64_t now, struct err *err) must_check;

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

/* The notification or reminder of a copy waits again, as a mail of its own. CONFLICT ("still-waits") when it
 * waits, or there is none. */
enum result delivery_send_again(struct tx *tx, enum delivery_kind kind, struct id message_id,
	struct id copy_id, int64_t now, int64_t give_up_at, struct id *ret_id, struct err *err) must_check;

#endif
