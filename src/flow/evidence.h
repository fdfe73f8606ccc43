/* evidence: the only thing that a GET may cause. Appends to what is known of a recipient's reading, and can
 * do nothing else (decision 7). */
#ifndef FLOW_EVIDENCE_H
#define FLOW_EVIDENCE_H

#include "flow/flow.h"

#define EVIDENCE_SHARED "shared" /* detail of a body shown: by one of several people, who is the actor */

enum evidence {
	EVIDENCE_LINK_OPENED,	  /* somebody opened the link, nobody signed in; the actor has no person */
	EVIDENCE_BODY_SHOWN,	  /* "read": the body was shown to the signed-in recipient */
	EVIDENCE_FILE_DOWNLOADED, /* detail: the path of the part */
	EVIDENCE_FILE_SHOWN,	  /* in the portal; detail: the path of the part */
	EVIDENCE_MESSAGE_SAVED	  /* the whole of it as a file */
};

/* GONE, code "recalled" or "deleted": the sender, or the person in another window, was faster, and what was
 * to be shown may not be.
 * Body shown is kept once per copy as the time of first reading, and once for each of its people where the
 * address is shared, the others once a minute at most. */
enum result evidence_note(struct flow *flow, const struct actor *actor, enum evidence evidence,
	struct id copy_id, struct str detail, int64_t now, struct err *err) must_check;

#endif
