/* bounce: delivery failures told in words, by servers that write no RFC 3464 report: qmail, Exim and those
 * made after them, Exchange of before 2000. */
#ifndef MIME_BOUNCE_H
#define MIME_BOUNCE_H

#include "base/str.h"

/* No more of a text is looked at. */
#define MIME_BOUNCE_TEXT_MAX ((size_t)16 * 1024)

struct mime_bounce {
	struct str status; /* "5.1.1" within the text, or a general one */
};

/* Whether the mail says that an earlier one failed for good: its header block and the text of its first plain
 * part. A warning that something is late says no such thing, and what a copy of our own mail says at its end
 * is left aside. Only for mail with the null return path: people quote such words. */
bool mime_bounce_read(struct str header, struct str text, struct mime_bounce *ret);

#endif
