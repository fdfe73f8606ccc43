/* not mine: somebody with a notification's link says that the address is not that of the person it was meant
 * for. The sender learns of it; nothing is taken from the address, since a link proves nothing about who
 * holds it. */
#ifndef FLOW_NOT_MINE_H
#define FLOW_NOT_MINE_H

#include "flow/flow.h"

/* The first time for a copy it is an event, a sign on the owner's page and a mail to the owner; afterwards
 * nothing happens, with the same OK. NOT_FOUND for what is no link; BUSY after too many from one network. */
enum result not_mine(
	struct flow *flow, struct id copy_id, struct str origin, int64_t now, struct err *err) must_check;

#endif
