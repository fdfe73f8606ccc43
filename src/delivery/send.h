/* Sending one mail: to the outbox, or to the next server by SMTP. */
#ifndef DELIVERY_SEND_H
#define DELIVERY_SEND_H

#include "delivery/connections.h"
#include "delivery/worker.h"

/* One mail and all who get it in this transaction. */
struct send_request {
	const struct delivery_options *options;
	struct connections *connections;
	struct smtp_cut *cut;
	const struct deliver_job *job; /* of the first delivery */
	const struct delivery *const *deliveries;
	size_t count;
	int64_t now;
	/* Asked before a server (hop_server) is connected to: whether it may be, or has enough to do. */
	bool (*enter)(void *context, const char *server);
	void *enter_context;
};

/* Leaves an outcome for each delivery in attempts, which the caller has zeroed; texts in the arena. False
 * when the server must not be entered now: nothing was tried. */
bool send_mail(const struct send_request *request, struct arena *arena, struct deliver_attempt *attempts);

#endif
