/* expire: what ends without anybody asking. The check at access is exact; here the keys go soon after: those
 * of recipients when a message expires, all of them and the content when it is kept no longer. */
#ifndef FLOW_EXPIRE_H
#define FLOW_EXPIRE_H

#include "flow/flow.h"

/* Run every few seconds on every node; does a limited number of messages. */
enum result expire_messages(struct flow *flow, int64_t now, struct err *err) must_check;

/* Wipes the bytes of destroyed keys out of the database's files, when there are any; the same. BUSY: not now.
 * *ret_log: false when the database server did not let us end its log, true otherwise. */
enum result expire_wipe_keys(struct flow *flow, int64_t now, bool *ret_log, struct err *err) must_check;

#endif
