/* Text with format=flowed (RFC 3676): lines that were broken for the way are put together again. */
#ifndef MIME_FLOWED_H
#define MIME_FLOWED_H

#include "mime/decode.h"

/* Appends the text with one line a paragraph, line ends as LF, quotes as "> " at its begin. joined:
 * DelSp=yes. */
void mime_flowed_text(struct str text, bool joined, struct buf *out);

/* A text/plain part as its writer saw it: as mime_part_text gives it, or put together when it says that it
 * flows. */
enum result mime_part_plain_text(const struct reader *message, const struct mime_part *part, struct buf *utf8,
	bool *ret_cut, struct err *err) must_check;

#endif
