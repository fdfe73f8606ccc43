/* The charset that an HTML text says of itself. */
#ifndef MIME_HTML_CHARSET_H
#define MIME_HTML_CHARSET_H

#include "base/str.h"

/* As much of a text is looked at (WHATWG HTML, "prescan a byte stream to determine its encoding"). */
#define MIME_HTML_CHARSET_BYTES 1024

/* The name within a <meta> element of the begin of a text, in whose bytes it lies; empty when there is none,
 * or one that cannot be true of bytes in which it could be read. */
struct str mime_html_charset(struct str begin);

#endif
