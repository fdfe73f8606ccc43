/* Style attributes made harmless: only declarations that lay out text are kept, and none that could load
 * something or leave its place. */
#ifndef MIME_HTML_STYLE_H
#define MIME_HTML_STYLE_H

#include "base/buf.h"

/* Appends the declarations that are kept, "color:red;margin:0;". Returns how many would have loaded
 * something. */
size_t html_style_clean(struct str style, struct buf *out);

#endif
