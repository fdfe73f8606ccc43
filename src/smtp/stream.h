/* A connection as SMTP uses it: lines and bytes in, buffered bytes out, with or without TLS, every wait with
 * a deadline. For one thread. */
#ifndef SMTP_STREAM_H
#define SMTP_STREAM_H

#include "base/buf.h"
#include "tls/tls.h"

#define SMTP_STREAM_IN_BYTES ((size_t)64 * 1024)

struct smtp_stream;

/* Takes over the connected socket. */
struct smtp_stream *smtp_stream_new(int fd);

/* Ends TLS properly when it can, closes the socket. NULL is allowed. */
void smtp_stream_free(struct smtp_stream *stream);
DEFINE_CLEANUP(struct smtp_stream *, smtp_stream_free)

/* Until when the following calls may take (ms of clock_monotonic). Past it: BUSY with code "timeout". */
void smtp_stream_set_deadline(struct smtp_stream *stream, int64_t deadline);

/* The next line up to LF, without its line end, at most `limit` bytes: TOO_LARGE beyond, with the rest of the
 * line skipped. *ret_clean (may be NULL) tells whether it ended in CR LF and held neither bare CR nor NUL.
 * The slice lives until the next call. GONE when the peer closed the connection. */
enum result smtp_stream_line(struct smtp_stream *stream, size_t limit, struct str *ret, bool *ret_clean,
	struct err *err) must_check;

/* Whatever bytes are there, at least one; consume them with smtp_stream_drop. */
enum result smtp_stream_peek(struct smtp_stream *stream, struct str *ret, struct err *err) must_check;
void smtp_stream_drop(struct smtp_stream *stream, size_t len);

/* Whether the peer has sent more already. */
bool smtp_stream_has_input(const struct smtp_stream *stream);

/* Whether more has arrived in the socket or the buffer, or the connection has ended, without waiting. */
bool smtp_stream_is_readable(struct smtp_stream *stream);

/* Buffers; sends when much has gathered. */
enum result smtp_stream_write(struct smtp_stream *stream, struct str data, struct err *err) must_check;
enum result smtp_stream_flush(struct smtp_stream *stream, struct err *err) must_check;

/* Handshakes. Input that came before in plain text is a failure of the caller to check. */
enum result smtp_stream_accept_tls(
	struct smtp_stream *stream, struct tls_credentials *credentials, struct err *err) must_check;

/* host: the name the certificate must be for (NULL: any, unless it must be verified). With `must_verify` a
 * peer that cannot be verified is DENIED before anything is sent to it; otherwise the facts say why. */
enum result smtp_stream_connect_tls(struct smtp_stream *stream, const struct tls_trust *trust,
	const char *host, bool must_verify, struct err *err) must_check;

/* NULL without TLS. */
const struct tls_facts *smtp_stream_tls(const struct smtp_stream *stream);

#endif
