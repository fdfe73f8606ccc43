/* Writing MIME: header text, parameters, and transfer encodings. */
#ifndef MIME_ENCODE_H
#define MIME_ENCODE_H

#include "base/arena.h"
#include "base/io.h"

/* Text as it may stand in a header field (RFC 2047): ASCII as it is, all else as encoded words. Control
 * characters become blanks, so nothing begins a new field; lines are folded. */
struct str mime_encode_text(struct str text, struct arena *arena);

/* "Name <address>", the name quoted or encoded. An address that cannot be one is left out. */
struct str mime_encode_address(struct str name, struct str address, struct arena *arena);

/* `; name="value"`, extended (RFC 2231) when it is not plain ASCII. */
struct str mime_encode_parameter(const char *name, struct str value, struct arena *arena);

/* "Mon, 23 Nov 2026 10:00:00 +0000" (RFC 5322 3.3). now: ms since 1970 UTC. */
struct str mime_encode_date(int64_t now, struct arena *arena);

/* Base 64 in lines of 76 characters, in constant memory. */
struct mime_base64 {
	struct writer out;
	uint8_t kept[57]; /* of one line */
	size_t kept_len;
};

void mime_base64_init(struct mime_base64 *encoder, struct writer out);
struct writer mime_base64_writer(struct mime_base64 *encoder);
enum result mime_base64_end(struct mime_base64 *encoder, struct err *err) must_check;

/* Quoted-printable (RFC 2045 6.7), with any newlines in becoming CRLF. */
enum result mime_quoted_printable(struct str text, const struct writer *out, struct err *err) must_check;

#endif
