/* The delivery workers: take what is due from the queue, send it, write down what it led to. */
#ifndef DELIVERY_WORKER_H
#define DELIVERY_WORKER_H

#include "delivery/compose.h"
#include "delivery/outbox.h"
#include "delivery/resolve.h"
#include "tls/tls.h"

struct delivery_options {
	struct flow *flow;
	struct compose_texts texts;
	struct outbox *outbox;	   /* not NULL: everything goes there, nothing to the net */
	struct resolver *resolver; /* needed without an outbox */
	struct tls_trust *trust;
	bool smart_host_verified; /* TLS with certificate check to the smart host */
	const char *smart_host_user, *smart_host_password;
	int workers;
	int per_destination;
	struct str node;    /* its name, for what it holds (flow/deliver_node.h); must outlive the workers */
	bool is_only_node;  /* on this database */
	int64_t silence_ms; /* after which another node counts as dead */
	/* Called for each mail that went out; may be NULL. For the demonstration, which prints it. */
	void (*sent)(void *context, const struct deliver_job *job);
	void *sent_context;
};

struct delivery_workers;

enum result delivery_start(
	const struct delivery_options *options, struct delivery_workers **ret, struct err *err) must_check;

/* Something was queued: look at once. Any thread; context is the workers. */
void delivery_wake(void *workers);

/* Begins nothing new. NULL is allowed. */
void delivery_begin_stop(struct delivery_workers *workers);

/* Lets what is being sent finish, for so long at most; then the connections are cut, and what was not taken
 * by the next server, or not begun, is due again at once, for any node. NULL is allowed. */
void delivery_stop(struct delivery_workers *workers, int64_t limit_ms);

#endif
