/* keep house: what must happen without anybody asking: events get their place in the account's chain, and
 * what has ended is forgotten. Run every few seconds on every node; a little each time. */
#ifndef FLOW_KEEP_HOUSE_H
#define FLOW_KEEP_HOUSE_H

#include "flow/flow.h"

enum result keep_house(struct flow *flow, int64_t now, struct err *err) must_check;

/* Deletes blobs that no message knows and that are too old to be of one still coming in. Goes through the
 * whole store: once a day. *ret_count: how many. */
enum result keep_house_blobs(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

#endif
