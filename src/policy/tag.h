/* Subject tags: [secure], (secure), {secure} in any case anywhere in a subject; [secure:name] names a
 * definition. Blanks around the words do not matter, and [secure name] counts when there is a definition of
 * that name, so that a slip of the pen sends nothing in clear; any other "(secure parking)" is just text. */
#ifndef POLICY_TAG_H
#define POLICY_TAG_H

#include "base/arena.h"

#define SUBJECT_TAGS_MAX 20

struct subject_tags {
	/* What each names, as written; {NULL}: nothing is named, the first of the sender's list is meant; an
	 * empty name that is not NULL: "[secure:]". Those past SUBJECT_TAGS_MAX are found and removed too. */
	struct str names[SUBJECT_TAGS_MAX];
	size_t count;
	struct str subject; /* without the tags, blanks tidied */
};

/* `known`: the names of the account's definitions. */
struct subject_tags subject_tags_find(
	struct str subject, const struct str *known, size_t known_count, struct arena *arena);

#endif
