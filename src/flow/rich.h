/* rich: a formatted text as a browser sends it is never trusted: it is made harmless here, as foreign mail
 * is, and the plain text that always goes with it is made from it. */
#ifndef FLOW_RICH_H
#define FLOW_RICH_H

#include "base/arena.h"
#include "base/result.h"
#include "base/str.h"

#define RICH_BYTES_MAX ((size_t)512 * 1024) /* of the HTML, and of its text */

struct rich {
	struct str html; /* clean, without <html> and <body>; empty when the text says all of it */
	struct str text;
};

/* Both in the arena. TOO_LARGE with code "text-too-long"; INVALID when it is no UTF-8. Empty is empty. */
enum result rich_read(struct str html, struct arena *arena, struct rich *ret, struct err *err) must_check;

/* A plain text as HTML that shows it with its lines. In the arena. */
struct str rich_of_plain(struct str text, struct arena *arena);

#endif
