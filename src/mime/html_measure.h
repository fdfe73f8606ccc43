/* What HTML would cost to parse, told from its tags alone. */
#ifndef MIME_HTML_MEASURE_H
#define MIME_HTML_MEASURE_H

#include "base/str.h"

/* Whether the HTML may go to the parser: it has at most LIMIT_HTML_NODES tags, and LIMIT_HTML_OPEN elements
 * without an end. The tree is then no deeper than a small multiple of the latter, whatever the markup. */
bool html_is_bounded(struct str html);

#endif
