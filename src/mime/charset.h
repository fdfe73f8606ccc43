/* Text of any charset as UTF-8. */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include "base/buf.h"
#include "base/io.h"

struct mime_charset;

/* What mail programs mean by a name when that is more than the C library knows by it; else NULL. */
const char *mime_charset_meant(struct str name);

/* Whether the name says nothing of bytes beyond ASCII. */
bool mime_charset_is_silent(struct str name);

/* A converter from the named charset. An unknown one is read as windows-1252 (ASCII with letters: what 8-bit
 * mail mostly is), and so are the bytes that are no UTF-8 of what has no name or says us-ascii. Names mean
 * what they do in mail programs: "gb2312" has all of GB 18030, "iso-8859-1" the signs of windows-1252. */
struct mime_charset *mime_charset_new(struct str name);
void mime_charset_free(struct mime_charset *charset);

/* Converts a piece; sequences cut at its end are kept for the next one. What cannot be read becomes U+FFFD.
 */
void mime_charset_add(struct mime_charset *charset, struct str piece, struct buf *utf8);
void mime_charset_end(struct mime_charset *charset, struct buf *utf8);

/* Whether something of what was added is guessed or lost: the charset is unknown, or the bytes are not of it.
 */
bool mime_charset_is_lossy(const struct mime_charset *charset);

#endif
