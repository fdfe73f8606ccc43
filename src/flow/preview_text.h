/* preview_text: what a file of an opened message says, where that is text or RTF: its words alone, to be
 * escaped like any other text. */
#ifndef FLOW_PREVIEW_TEXT_H
#define FLOW_PREVIEW_TEXT_H

#include "flow/open.h"

/* Whether the part is such a file, and not too large (LIMIT_PREVIEW_SOURCE_BYTES). */
bool preview_is_text(const struct mime_part *part);

/* Appends its words in UTF-8, up to the limit of `text`; *ret_cut: there was more. INVALID when there are
 * none; results of reading the message. */
enum result preview_text(const struct open_message *message, const struct mime_part *part, struct buf *text,
	bool *ret_cut, struct err *err) must_check;

#endif
