/* Compressed RTF (MS-OXRTFCP), as Outlook keeps the text of a mail, taken apart in pieces. */
#ifndef MIME_RTF_H
#define MIME_RTF_H

#include "base/buf.h"

#define MIME_RTF_GROWTH_MAX 8 /* one byte becomes at most so many */

struct mime_rtf;

struct mime_rtf *mime_rtf_new(void);
void mime_rtf_free(struct mime_rtf *rtf);

/* What the piece becomes goes to out, NULL only counts; at most LIMIT_RTF_BYTES of all. Returns the number of
 * bytes. Behind the end, or once something is wrong, there is nothing more. */
size_t mime_rtf_add(struct mime_rtf *rtf, struct str piece, struct buf *out);

/* Whether nothing was wrong so far, and the end was seen. */
bool mime_rtf_is_whole(const struct mime_rtf *rtf);

#endif
