/* returned: mail to one of our own tagged return addresses: bounces, automatic answers, and people who write
 * to a notification's address. What comes back becomes an event; its content is dropped. */
#ifndef FLOW_RETURNED_H
#define FLOW_RETURNED_H

#include "flow/content.h"
#include "flow/flow.h"
#include "store/delivery.h"

/* A mail to tagged addresses, each of which belongs to one of the deliveries. */
struct returned {
	struct flow *flow;
	const struct delivery *deliveries;
	size_t count;
	struct str sender;
	struct str origin;
	int64_t now;
	/* Read by returned_look: */
	bool is_bounce;	   /* a delivery report that says failed */
	bool is_automatic; /* nobody wrote it */
	struct str status; /* of a bounce, "5.1.1", in the arena */
	/* Set by returned_take: for how many somebody wrote who is not told by a mail of ours, being not its
	 * recipient or told already. */
	size_t refused;
};

/* Reads what came back. */
enum result returned_look(
	struct returned *returned, struct content *content, struct arena *arena, struct err *err) must_check;

/* Takes it for all of its deliveries; a db_work, so that it is done with what else becomes of the mail, or
 * not at all. */
enum result returned_take(struct tx *tx, void *returned, struct err *err) must_check;

#endif
