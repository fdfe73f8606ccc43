/* Where the content of an HTML text begins. */
#ifndef MIME_HTML_BODY_H
#define MIME_HTML_BODY_H

#include "base/str.h"

/* Behind <body …>, or before the first content where a browser opens the body by itself. What stands in
 * comments (as Outlook's conditions do) or in quotes is no tag. *ret_sure: false when more text could tell
 * another place; the one returned is behind <html …> then, where whatever is put is shown too. */
size_t html_body_start(struct str html, bool *ret_sure);

#endif
