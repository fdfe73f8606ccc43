/* What a mail's RTF says: the HTML or the text that Outlook packed into it (MS-OXRTFEX), as it was, or the
 * text of any other RTF, without its formats and pictures. Takes and gives pieces, in memory that does not
 * grow. */
#ifndef MIME_RTF_TEXT_H
#define MIME_RTF_TEXT_H

#include "base/buf.h"
#include "base/mem.h"

#define MIME_RTF_TEXT_GROWTH_MAX 3  /* one byte becomes at most so many … */
#define MIME_RTF_TEXT_KEPT_MAX 1024 /* … and so many more, of what was kept of pieces before */

enum mime_rtf_kind { MIME_RTF_PLAIN, MIME_RTF_PACKED_TEXT, MIME_RTF_PACKED_HTML };

struct mime_rtf_text;

struct mime_rtf_text *mime_rtf_text_new(void);
void mime_rtf_text_free(struct mime_rtf_text *text); /* NULL is allowed */
DEFINE_CLEANUP(struct mime_rtf_text *, mime_rtf_text_free)

/* What the RTF says goes to out as UTF-8, NULL only counts. Returns the number of bytes. Behind the end of
 * its outermost group there is nothing more. */
size_t mime_rtf_text_add(struct mime_rtf_text *text, struct str piece, struct buf *out);
size_t mime_rtf_text_end(struct mime_rtf_text *text, struct buf *out);

/* Known once something has come out. */
enum mime_rtf_kind mime_rtf_text_kind(const struct mime_rtf_text *text);

#endif
