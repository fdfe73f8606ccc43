/* Subject tags: [secure], (secure), {secure} in any case anywhere in a subject; [secure:name] names a
 * definition. Neither blanks of any kind about the words matter nor the full-width signs of East Asian
 * keyboards, and [secure name] counts when there is a definition of that name, so that a slip of the pen
 * sends nothing in clear; any other "(secure parking)" is just text. */
#ifndef POLICY_TAG_H
#define POLICY_TAG_H

#include "base/arena.h"

#define SUBJECT_TAGS_MAX 20

struct subject_tags {
	/* What each names, as subject_tag_name has it; {NULL}: nothing is named, the first of the sender's
	 * list is meant; an empty name that is not NULL: "[secure:]". */
	struct str names[SUBJECT_TAGS_MAX];
	size_t count;
	bool more;	    /* than that many, which are removed too */
	struct str subject; /* without the tags, blanks tidied */
};

/* A name as it is compared, but for its case: without blanks about it, and with one plain blank where others
 * are. */
struct str subject_tag_name(struct str name, struct arena *arena);

/* `known`: the names of the account's definitions, by subject_tag_name. */
struct subject_tags subject_tags_find(
	struct str subject, const struct str *known, size_t known_count, struct arena *arena);

#endif
