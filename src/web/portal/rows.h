/* The rows of a folder, on its own page and beside an open message. */
#ifndef WEB_PORTAL_ROWS_H
#define WEB_PORTAL_ROWS_H

#include "web/portal/filters.h"

/* As it is called in URLs and in at_…: "inbox", "sent" or "deleted". */
const char *rows_folder_name(enum folder folder) __attribute__((returns_nonnull));

/* Where the page of a list begins, by its query; a place that makes no sense is the newest page. */
struct copy_cursor rows_cursor(const struct request *request);

/* What was just done to messages of the list, by its query: the fields of the partial list_told. */
void rows_set_told(struct request *request, json_t *view);

/* The query of a list, for its row of routes. */
#define ROWS_QUERY                                                                                           \
	{PARAMETER_QUERY, "after", CURSOR_BYTES, 0, "the row before the first one shown"},                   \
		{PARAMETER_QUERY, "before", CURSOR_BYTES, 0, "the row behind the last one shown"},           \
		{PARAMETER_QUERY, "told", 10, 0, "what was just done to messages of the list"},              \
		{PARAMETER_QUERY, "count", 3, 0, "to how many"},                                             \
	{                                                                                                    \
		PARAMETER_QUERY, "undo", ID_TEXT_LEN, 0, "the one that was deleted"                          \
	}

/* The fields of the partial list; `current` is the copy that is open, or NULL. */
void rows_set(const struct request *request, json_t *view, const struct open_folder *page,
	const struct filters *filters, const struct copy *current);

/* The page of the list that begins at this place; empty for the first one. */
struct str rows_url(
	const struct request *request, const struct filters *filters, const struct copy_cursor *cursor);

#endif
