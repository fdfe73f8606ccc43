/* mail out: queue rows for mail of our own, the way each recipient's mail takes, and the tagged return
 * addresses that bring back what becomes of it. */
#ifndef FLOW_MAIL_OUT_H
#define FLOW_MAIL_OUT_H

#include "flow/flow.h"
#include "flow/report.h"
#include "store/delivery.h"
#include "store/message.h"
#include "store/person.h"

/* Where mail for this address goes now, which a delivery's `destination` follows at each try: the next hop of
 * an internal domain of any account ("host:port"), the smart host, or, for direct delivery, the address's own
 * domain. */
enum result mail_out_destination(struct flow *flow, struct tx *tx, struct str address, struct arena *arena,
	struct str *ret, struct err *err) must_check;

/* A waiting delivery with the account's patience; the caller fills in the rest. */
struct delivery mail_out_delivery(const struct flow_account *account, enum delivery_kind kind, int64_t now);

/* The tagged return address of a delivery: only somebody who got its mail knows it. In the arena. */
struct str return_address(
	struct flow *flow, const struct flow_account *account, struct id delivery_id, struct arena *arena);

/* Which delivery an address is tagged with. NOT_FOUND when it is no tagged address of ours, or a forged one.
 */
enum result return_address_find(struct flow *flow, struct tx *tx, struct str address, struct arena *arena,
	struct delivery *ret, struct err *err) must_check;

/* What marks the copy of a message for its owner's own mailbox: made by us alone. own_copy_is_ours: whether a
 * header block has it. */
#define OWN_COPY_HEADER "X-Sealpost-Own-Copy"
struct str own_copy_tag(const struct flow_account *account, struct id message_id, struct arena *arena);
bool own_copy_is_ours(const struct flow_account *account, struct str header);

/* The From address of our own mails in an account's name. */
struct str notification_address(struct flow *flow, const struct flow_account *account, struct arena *arena);

/* Queues the mail with a sign-in code. */
enum result mail_out_code(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str address, struct str digits, int64_t now, struct err *err) must_check;

/* Queues the mail with the code that proves an address, which the person at `wanted_by` wants to add, or (the
 * address itself) by which somebody who is signed in shows anew who it is; in that person's language (empty:
 * the account's). */
enum result mail_out_address_code(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str address, struct str digits, struct str wanted_by, struct str language, int64_t now,
	struct err *err) must_check;

/* Queues a delivery of kind NOTIFICATION for which message, copy, recipient and what its sender wants to be
 * told (dsn_…) are filled in. */
enum result mail_out_notification(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct delivery *delivery, struct err *err) must_check;

/* Queues an RFC 3464 report about a delivery to the sender of its mail, unless that is the null path or asked
 * for none. */
enum result mail_out_report(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *about, struct str to, const struct report *report, int64_t now,
	struct err *err) must_check;

/* Queues the answer to somebody who wrote to a notification's address. */
enum result mail_out_not_read_here(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *about, struct str to, int64_t now, struct err *err) must_check;

/* Queues the notice to a message's owner that `address` is not that of the person it was meant for. */
enum result mail_out_address_denied(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str owner, struct id owner_copy_id, struct str address, int64_t now,
	struct err *err) must_check;

/* Queues a mail of our own about a message to its owner, with a payload that delivery/compose.c reads. A
 * receipt goes with the null return path (RFC 8098), all others with a tagged one. */
enum result mail_out_notice(struct flow *flow, struct tx *tx, const struct flow_account *account,
	enum delivery_kind kind, struct str owner, struct id owner_copy_id, struct str payload, int64_t now,
	struct err *err) must_check;

/* Queues the mail that tells an owner what became of messages; payload: notices. */
enum result mail_out_summary(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str owner, struct id owner_id, struct str payload, int64_t now, struct err *err) must_check;

/* Queues the mail that asks somebody outside for a message. *ret_id: the delivery. */
enum result mail_out_inquiry(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str to, struct id inquiry_id, struct str payload, int64_t now, struct id *ret_id,
	struct err *err) must_check;

/* Opens a delivery's payload; empty when it has none. */
enum result mail_out_payload(const struct flow_account *account, const struct delivery *delivery,
	struct arena *arena, struct str *ret, struct err *err) must_check;

#endif
