/* The outbox: a Maildir that takes all outgoing mail instead of the net, for demonstrations and tests. */
#ifndef DELIVERY_OUTBOX_H
#define DELIVERY_OUTBOX_H

#include "base/id.h"
#include "base/io.h"
#include "store/delivery.h"

struct outbox;

/* Makes the Maildir when it is not there. UNAVAILABLE. */
enum result outbox_open(const char *path, struct outbox **ret, struct err *err) must_check;
void outbox_close(struct outbox *outbox);

/* Delivers one mail; its file is named by the delivery, so that trying it again replaces it. The envelope
 * stands in Return-Path and X-Original-To. */
enum result outbox_deliver(struct outbox *outbox, const struct delivery *delivery,
	enum result (*content)(void *context, const struct writer *out, struct err *err), void *context,
	struct err *err) must_check;

#endif
