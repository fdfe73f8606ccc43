/* Sending one mail: to the outbox, or to the next server by SMTP. */
#ifndef DELIVERY_SEND_H
#define DELIVERY_SEND_H

#include "delivery/worker.h"

/* Always leaves an outcome; texts in the arena. */
void send_mail(const struct delivery_options *options, const struct deliver_job *job, int64_t now,
	struct arena *arena, struct deliver_attempt *ret);

#endif
