/* What the files of deliver share. */
#ifndef FLOW_DELIVER_PRIVATE_H
#define FLOW_DELIVER_PRIVATE_H

#include "flow/deliver.h"

/* Whether a delivery of this kind is the mail itself. */
bool deliver_carries_content(enum delivery_kind kind);

/* Whose wrap opens the message of a delivery: the queue's own where the mail carries content; a notification
 * sees no more than its recipient may. */
struct id deliver_holder(const struct delivery *delivery);

/* Before the end of a delivery is written down: what a transaction that joins its message adds is seen, or
 * waits for us. *ret_kind gets the message's kind, 0 when the delivery does not carry it. */
enum result deliver_hold(struct tx *tx, const struct delivery *delivery, enum message_kind *ret_kind,
	struct err *err) must_check;

/* The last delivery that needed the content is done: the queue's key goes. Of a relayed mail that is the only
 * one, and the rest of its recipients may still come: it goes with the content, by keep_house. */
enum result deliver_release_content(
	struct tx *tx, const struct delivery *delivery, enum message_kind held, struct err *err) must_check;

#endif
