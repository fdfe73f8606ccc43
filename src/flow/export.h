/* export: a part of a person's folder as one ZIP file of whole messages, as far as the account allows it and
 * each message's definition lets it be saved. Made while it is read, one message at a time. */
#ifndef FLOW_EXPORT_H
#define FLOW_EXPORT_H

#include "flow/open.h"

struct export_file;

/* The number of parts that a folder of so many messages has. */
int64_t export_parts(int64_t messages);

/* Part 1 holds the newest messages. DENIED: the account allows no export. NOT_FOUND: no such part, or nothing
 * in it may be saved. TOO_LARGE: 4 GiB or more. `clock` tells the time of later reads, when a message may
 * have ended: reading fails then. */
enum result export_begin(struct flow *flow, const struct actor *actor, enum folder folder, int64_t part,
	int64_t now, int64_t (*clock)(void), struct export_file **ret, struct err *err) must_check;
void export_free(struct export_file *file);
DEFINE_CLEANUP(struct export_file *, export_free)

/* Each recipient's message counts as saved when its first bytes are read. */
struct reader export_bytes(struct export_file *file);

#endif
