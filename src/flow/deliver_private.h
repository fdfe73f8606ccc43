/* What the files of deliver share. */
#ifndef FLOW_DELIVER_PRIVATE_H
#define FLOW_DELIVER_PRIVATE_H

#include "flow/deliver.h"

/* Whether a delivery of this kind is the mail itself. */
bool deliver_carries_content(enum delivery_kind kind);

/* The last delivery that needed the content is done: the queue's key goes; of a relayed mail that was the
 * only one. */
enum result deliver_release_content(
	struct tx *tx, const struct delivery *delivery, struct err *err) must_check;

#endif
