/* delete: what a person does with copies of their own: to Deleted and back, and away for good (R9). Nobody
 * else's copy of the message changes. */
#ifndef FLOW_DELETE_H
#define FLOW_DELETE_H

#include "flow/flow.h"

enum delete_verb {
	DELETE_TO_FOLDER, /* from Inbox or Sent to Deleted */
	DELETE_UNDO,	  /* from Deleted to where it was */
	DELETE_FOR_GOOD	  /* out of Deleted: the key of the person's copy is destroyed */
};

/* *ret_done: how many moved; copies that are elsewhere, because another window or a recall was faster, stay
 * as they are. NOT_FOUND, and nothing moves: one is not the person's. INVALID: more than
 * LIMIT_CHOSEN_MESSAGES. */
enum result delete_copies(struct flow *flow, const struct actor *actor, enum delete_verb verb,
	const struct id *copies, size_t count, int64_t now, size_t *ret_done, struct err *err) must_check;

/* What deleting for good would end, to ask before. */
struct delete_facts {
	size_t count; /* copies that are in Deleted */
	size_t own;   /* of them the person's own messages that recipients can read still */
};

/* Results as above. */
enum result delete_look(struct flow *flow, const struct actor *actor, const struct id *copies, size_t count,
	int64_t now, struct delete_facts *ret, struct err *err) must_check;

#endif
