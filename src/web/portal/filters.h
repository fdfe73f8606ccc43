/* Which messages of a folder a list shows and in which order, as its URL says:
 * "/inbox?show=unread,files&sort=oldest". */
#ifndef WEB_PORTAL_FILTERS_H
#define WEB_PORTAL_FILTERS_H

#include "web/portal/page.h"

struct filters {
	const char *folder; /* as rows_folder_name */
	bool soon;
	struct copy_choice choice; /* what the flags above and the order come to */
	const char *sort;	   /* as in the URL, "" as the usual one */
};

/* By the request's query; what makes no sense there is left out. Without an order messages that end soon
 * come in the order in which they end, others the newest first. Conversations are one row when the person has
 * chosen that. */
struct filters filters_read(const struct request *request, const char *folder);

/* Whether some messages are left out. */
bool filters_any(const struct filters *filters);

/* "/inbox?show=…", or of an open message's page with its own path. */
struct str filters_url(const struct request *request, const char *path, const struct filters *filters);

/* The fields of the partial filters. */
void filters_set(const struct request *request, json_t *view, const struct filters *filters);

/* For rows of routes. */
#define FILTERS_QUERY                                                                                        \
	{PARAMETER_QUERY, "show", 20, 0, "of unread, files and soon those that are shown only"},             \
	{                                                                                                    \
		PARAMETER_QUERY, "sort", 10, 0, "the order of the list"                                      \
	}

#endif
