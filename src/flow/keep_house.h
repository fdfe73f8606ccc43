/* keep house: what must happen without anybody asking: events get their place in the account's chain, and
 * what has ended is forgotten. Run every few seconds on every node; a little each time. */
#ifndef FLOW_KEEP_HOUSE_H
#define FLOW_KEEP_HOUSE_H

#include "flow/flow.h"

enum result keep_house(struct flow *flow, int64_t now, struct err *err) must_check;

#endif
