/* What is done to messages of a list: the ticked ones, or one from its own page. */
#ifndef WEB_PORTAL_CHOSEN_H
#define WEB_PORTAL_CHOSEN_H

#include "web/portal/page.h"

/* The field `return`, or else that path. */
struct str chosen_return_path(const struct request *request, const char *otherwise);

/* The fields `id`. NOT_FOUND when one is none. */
enum result chosen_read(struct request *request, struct id **ret, size_t *ret_count) must_check;

/* Back to the list, which says what was done (rows_set_told) to how many; `undo`, of one that was deleted, or
 * NULL. */
enum result chosen_back(struct request *request, struct response *response, const char *word, size_t count,
	const struct id *undo) must_check;

/* The fields of the form, for its row of routes. */
#define CHOSEN_FIELDS                                                                                        \
	{PARAMETER_FIELD, "id", ID_TEXT_LEN, LIMIT_CHOSEN_MESSAGES, "a message of one's own"},               \
	{                                                                                                    \
		PARAMETER_FIELD, "return", LOCAL_PATH_BYTES, 0, "the list to show afterwards"                \
	}

#endif
