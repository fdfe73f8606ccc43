/* Subject tags: [secure], (secure), {secure} in any case anywhere in a subject; [secure:name] names a
 * definition. */
#ifndef POLICY_TAG_H
#define POLICY_TAG_H

#include "base/arena.h"

struct subject_tag {
	bool found;
	struct str definition; /* as written; empty: the first of the sender's list */
	struct str subject;    /* without the tags, blanks tidied */
};

/* Of several tags the first that names a definition counts, else the first; all are removed. */
struct subject_tag subject_tag_find(struct str subject, struct arena *arena);

#endif
