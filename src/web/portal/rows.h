/* The rows of a folder, on its own page and beside an open message. */
#ifndef WEB_PORTAL_ROWS_H
#define WEB_PORTAL_ROWS_H

#include "web/portal/page.h"

/* As it is called in URLs and in at_…: "inbox", "sent" or "deleted". */
const char *rows_folder_name(enum folder folder) __attribute__((returns_nonnull));

/* The fields of the partial list; `current` is the copy that is open, or NULL. */
void rows_set(const struct request *request, json_t *view, const struct open_folder *page, const char *folder,
	const struct copy *current);

/* The page of the folder that begins at this place; empty for the newest. */
struct str rows_url(const struct request *request, const char *folder, const struct copy_cursor *cursor);

#endif
