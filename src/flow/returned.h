/* returned: mail to one of our own tagged return addresses: bounces, automatic answers, and people who write
 * to a notification's address. What comes back becomes an event; its content is dropped. */
#ifndef FLOW_RETURNED_H
#define FLOW_RETURNED_H

#include "flow/content.h"
#include "flow/flow.h"
#include "store/delivery.h"

/* DENIED, after its event is kept, for what somebody wrote who is not told by a mail of ours: whoever is not
 * its recipient, or was told already. */
enum result returned_mail(struct flow *flow, const struct delivery *delivery, struct str sender,
	struct content *content, struct str origin, int64_t now, struct err *err) must_check;

#endif
