/* A streaming reader of multipart bodies as browsers send them (RFC 7578, RFC 2046 section 5.1.1): bytes are
 * pushed in as they come, parts come out in pieces. Stricter than mail: the body begins with a delimiter,
 * lines end in CRLF, and the closing delimiter must be there. Memory: one piece and one header block. */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include "base/buf.h"
#include "base/result.h"

#define MULTIPART_BOUNDARY_MAX 200 /* RFC 2046 allows 70; some programs make more */

/* A failure of any of them ends the reading with its result. */
struct multipart_events {
	/* The header block of a part, lines with CRLF, without the empty line. */
	enum result (*part_begin)(void *context, struct str headers, struct err *err);
	enum result (*part_data)(void *context, struct str data, struct err *err);
	enum result (*part_end)(void *context, struct err *err);
	void *context;
};

/* Where the reader stands; its transitions are set_state's alone. */
enum multipart_state {
	MULTIPART_START,   /* the first delimiter has not been seen */
	MULTIPART_AFTER,   /* behind a delimiter: CRLF begins a part, "--" ends the body */
	MULTIPART_HEADERS, /* in the header block of a part */
	MULTIPART_DATA,	   /* in the body of a part */
	MULTIPART_END,	   /* behind the closing delimiter; the rest is ignored */
};

struct multipart {
	enum multipart_state state;
	struct multipart_events events;
	struct buf delimiter; /* CRLF "--" boundary */
	struct buf pending;   /* what is not decided yet */
};

/* INVALID when the boundary is empty, too long or holds what none may. */
enum result multipart_init(struct multipart *multipart, struct str boundary,
	const struct multipart_events *events, struct err *err) must_check;
void multipart_done(struct multipart *multipart);

/* INVALID: not multipart; TOO_LARGE: a header block past LIMIT_HTTP_PART_HEADER_BYTES; or what an event said.
 */
enum result multipart_push(
	struct multipart *multipart, const void *data, size_t size, struct err *err) must_check;

/* INVALID when the closing delimiter has not been seen. */
enum result multipart_finish(const struct multipart *multipart, struct err *err) must_check;

#endif
