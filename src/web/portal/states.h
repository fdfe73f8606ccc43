/* What became of a message or of one person's copy, as a view for the partial "state". */
#ifndef WEB_PORTAL_STATES_H
#define WEB_PORTAL_STATES_H

#include "web/portal/page.h"

/* Of a message as its reader sees it: in a list only what is near or has happened. */
void states_of_message(
	const struct visit *visit, json_t *view, const struct open_summary *summary, bool is_in_list);

/* Of one that is open. */
void states_of_opened(const struct visit *visit, json_t *view, const struct open_message *message);

/* Of one recipient of a message, for its owner: all signs there are, each by its own name; only a body that
 * was shown counts as read (R13). */
void states_of_recipient(const struct visit *visit, json_t *view, const struct open_message *message,
	const struct open_recipient *recipient);

#endif
