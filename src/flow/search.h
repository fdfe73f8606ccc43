/* search: the person's own messages by words of sender, subject and text, and by their state. Nothing on disk
 * can be read for it: the boxes of words of one folder after the other are opened, newest first, and looked
 * into. What was recalled, deleted for good, or has expired is not found. */
#ifndef FLOW_SEARCH_H
#define FLOW_SEARCH_H

#include "flow/open.h"

struct search {
	struct str text;    /* every word of it must be part of a word of the message; empty: any message */
	enum folder folder; /* FOLDER_NONE: all */
	bool unread;
	bool files;
	bool ends_soon; /* within SEARCH_SOON_MS */
	struct copy_cursor from;
};

#define SEARCH_SOON_MS (7 * MS_DAY)

/* One page of at most `limit` rows, newest first; *ret_is_cut: a folder holds more than
 * LIMIT_SEARCH_MESSAGES, and older ones were not looked at. */
enum result search_messages(struct flow *flow, const struct actor *actor, const struct search *search,
	int64_t limit, int64_t now, struct arena *arena, struct open_folder *ret, bool *ret_is_cut,
	struct err *err) must_check;

#endif
