/* remind: what people are told because time passes: a recipient that an unread message ends soon, its owner
 * that it is unread for long or ended unread; each once, of an end that was moved once more, by a worker. */
#ifndef FLOW_REMIND_H
#define FLOW_REMIND_H

#include "flow/flow.h"

/* Queues what is due in all accounts. *ret_count gets how many mails. */
enum result remind_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

#endif
