/* Declarations of style attributes and sheets made harmless: only declarations that lay out text are kept,
 * and none that could load something or leave its place. */
#ifndef MIME_HTML_STYLE_H
#define MIME_HTML_STYLE_H

#include "base/buf.h"

enum html_style_place {
	HTML_STYLE_ATTRIBUTE,
	HTML_STYLE_SHEET /* "!important" is kept: rules for small screens need it against attributes */
};

/* Appends the declarations that are kept, "color:red;margin:0;". Returns how many would have loaded
 * something. */
size_t html_style_clean(struct str style, enum html_style_place place, struct buf *out);

#endif
