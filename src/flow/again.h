/* again: gives the content of a message that a person sent once more, as a draft that goes out when its
 * writer sends it, as any other does. The only way to give the content of a recalled message again (R6). */
#ifndef FLOW_AGAIN_H
#define FLOW_AGAIN_H

#include "flow/flow.h"

/* A draft with the text (of HTML what is written here has, and its words), the files and the subject of the
 * person's own copy `copy_id`, with the definition it had, and to the same people if `to_same`. NOT_FOUND;
 * DENIED when it is not the person's own message; CONFLICT with code "too-many-drafts" and TOO_LARGE with
 * "drafts-full" as draft_save.
 */
enum result again_as_new(struct flow *flow, const struct actor *actor, struct id copy_id, bool to_same,
	int64_t now, struct id *ret_draft_id, struct err *err) must_check;

struct correction {
	struct id copy_id; /* the sender's own */
	struct str wrong;  /* a recipient of it */
	struct str right;
};

/* In one step recalls the message from the wrong address, and makes a draft of it to the right one.
 * *ret_recalled: false when there was nothing to recall, because the mail itself went to that address, or the
 * message was taken from it before, or has expired. As again_as_new and recall_message; INVALID with code
 * "recipient-invalid" when the right address is none, or is the wrong one. */
enum result again_to_right(struct flow *flow, const struct actor *actor, const struct correction *correction,
	int64_t now, struct id *ret_draft_id, bool *ret_recalled, struct err *err) must_check;

#endif
