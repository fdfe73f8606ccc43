/* Replies of an SMTP server as a client reads them (RFC 5321 4.2, 2034): lines in, one struct out; pure. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"
#include "base/result.h"

/* One line of a reply: "250-text", "250 text", "250". False when it is none. */
struct smtp_reply_line {
	int code; /* 200 to 599 */
	bool more;
	struct str text;
};
bool smtp_reply_line_parse(struct str line, struct smtp_reply_line *ret);

/* A reply of one or more lines. */
struct smtp_reply {
	int code;	 /* 0 before the first line */
	struct buf text; /* the lines without their codes, joined by LF */
	size_t lines;
};

void smtp_reply_init(struct smtp_reply *reply);
void smtp_reply_done(struct smtp_reply *reply);

/* Forgets it, for the next one. */
void smtp_reply_clear(struct smtp_reply *reply);

/* Takes the next line, without its line end. *ret_whole: it was the last. INVALID when it is no line of this
 * reply, or there are too many. */
enum result smtp_reply_add(
	struct smtp_reply *reply, struct str line, bool *ret_whole, struct err *err) must_check;

/* The enhanced status code (RFC 3463) that the text begins with when its class fits the reply's; otherwise
 * "2.0.0", "4.0.0" or "5.0.0". */
struct smtp_status {
	char s[12];
};
struct smtp_status smtp_reply_status(int code, struct str text);

/* The whole reply in one printable ASCII line of at most `size` - 1 bytes, NUL-terminated: "550 5.1.1 no such
 * user". */
void smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size);

#endif
