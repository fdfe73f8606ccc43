/* The content of a mail on the wire: dot-unstuffing and what may not be in it. Only <CRLF>.<CRLF> ends DATA;
 * pure. */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include "base/io.h"

struct smtp_data {
	bool normalise; /* bare CR and LF are mended instead of refused; NUL becomes a blank */
	bool ended;	/* the end was seen */
	bool bare_newline;
	bool nul;
	int state;
};

void smtp_data_init(struct smtp_data *data, bool normalise);

/* Takes bytes of the wire up to the end, passes the content on, and returns how many bytes it took in
 * *ret_used. Results are those of the writer. Content that holds what it may not is still read to its true
 * end. */
enum result smtp_data_add(struct smtp_data *data, struct str wire, const struct writer *out, size_t *ret_used,
	struct err *err) must_check;

/* The same checks for a BDAT chunk, which has no dots; the last chunk is told by `last`. */
enum result smtp_chunk_add(struct smtp_data *data, struct str wire, bool last, const struct writer *out,
	struct err *err) must_check;

/* The other way: content with CRLF line ends becomes DATA, dots stuffed. */
struct smtp_stuffer {
	int state;
	bool refused; /* a bare CR, LF or NUL was met */
};

void smtp_stuffer_init(struct smtp_stuffer *stuffer);

/* INVALID with code "bare-newline" at a bare CR, LF or NUL, none of which is ever written; results of the
 * writer. */
enum result smtp_stuffer_add(struct smtp_stuffer *stuffer, struct str content, const struct writer *out,
	struct err *err) must_check;

/* Ends the last line when it is open, and the mail. */
enum result smtp_stuffer_end(
	struct smtp_stuffer *stuffer, const struct writer *out, struct err *err) must_check;

#endif
