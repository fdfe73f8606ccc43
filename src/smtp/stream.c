#include "smtp/stream.h"

#include "base/clock.h"
#include "base/network.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_FLUSH_BYTES ((size_t)32 * 1024)
#define OUT_BYTES_MAX ((size_t)256 * 1024)
#define GOODBYE_MS 1000
#define DRAIN_PIECES 64

struct smtp_stream {
	int fd;
	gnutls_session_t tls;
	struct tls_credentials *credentials;
	struct tls_facts facts;
	int64_t deadline;
	size_t in_start, in_end;
	char *in;
	struct buf out;
	bool broken;
};

struct smtp_stream *smtp_stream_new(int fd)
{
	struct smtp_stream *stream = mem_new(sizeof(*stream));

	stream->fd = fd;
	stream->in = mem_new_raw(SMTP_STREAM_IN_BYTES);
	stream->out = buf_new(OUT_BYTES_MAX);
	return stream;
}

/* Closing with unread input would reset the connection, and the peer lose our last words. */
static void drain(int fd)
{
	char piece[4096];

	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < DRAIN_PIECES && recv(fd, piece, sizeof(piece), MSG_DONTWAIT) > 0; i++)
		;
}

void smtp_stream_free(struct smtp_stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->tls) {
		stream->deadline = clock_monotonic() + GOODBYE_MS;
		if (!stream->broken)
			(void)gnutls_bye(stream->tls, GNUTLS_SHUT_WR);
		gnutls_deinit(stream->tls);
	}
	tls_credentials_unref(stream->credentials);
	drain(stream->fd);
	(void)close(stream->fd);
	explicit_bzero(stream->in, SMTP_STREAM_IN_BYTES);
	free(stream->in);
	buf_done(&stream->out);
	free(stream);
}

void smtp_stream_set_deadline(struct smtp_stream *stream, int64_t deadline)
{
	stream->deadline = deadline;
}

const struct tls_facts *smtp_stream_tls(const struct smtp_stream *stream)
{
	return stream->tls ? &stream->facts : NULL;
}

static enum result wait_for(struct smtp_stream *stream, short events, struct err *err)
{
	struct pollfd poll_fd = {.fd = stream->fd, .events = events};

	for (;;) {
		int64_t left = stream->deadline - clock_monotonic();
		if (left <= 0)
			return err_code(err, RESULT_BUSY, "timeout", "no answer in time");
		int ready = poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
		if (ready > 0)
			return RESULT_OK;
		if (ready < 0 && errno != EINTR)
			return err_set(err, RESULT_UNAVAILABLE, "connection: %s", strerror(errno));
	}
}

static enum result closed(struct smtp_stream *stream, struct err *err)
{
	stream->broken = true;
	return err_code(err, RESULT_GONE, "closed", "the other side closed the connection");
}

/* Reads without TLS; 0 bytes: would block. */
static enum result read_plain(
	struct smtp_stream *stream, char *data, size_t size, size_t *ret, struct err *err)
{
	ssize_t got = recv(stream->fd, data, size, MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return closed(stream, err);
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return err_set(err, RESULT_UNAVAILABLE, "connection: %s", strerror(errno));
	*ret = got > 0 ? (size_t)got : 0;
	return RESULT_OK;
}

static enum result read_tls(struct smtp_stream *stream, char *data, size_t size, size_t *ret, struct err *err)
{
	ssize_t got = gnutls_record_recv(stream->tls, data, size);

	if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED) {
		*ret = 0;
		return RESULT_OK;
	}
	if (got <= 0)
		return closed(stream, err);
	*ret = (size_t)got;
	return RESULT_OK;
}

/* Adds what has arrived to the input, which may be nothing. */
static enum result read_some(struct smtp_stream *stream, size_t *ret, struct err *err)
{
	if (stream->in_start > 0) {
		memmove(stream->in, stream->in + stream->in_start, stream->in_end - stream->in_start);
		stream->in_end -= stream->in_start;
		stream->in_start = 0;
	}
	char *to = stream->in + stream->in_end;
	size_t room = SMTP_STREAM_IN_BYTES - stream->in_end;
	*ret = 0;
	TRY(stream->tls ? read_tls(stream, to, room, ret, err) : read_plain(stream, to, room, ret, err));
	stream->in_end += *ret;
	return RESULT_OK;
}

/* The same, waiting when there is nothing. */
static enum result fill(struct smtp_stream *stream, struct err *err)
{
	size_t got = 0;

	for (;;) {
		TRY(read_some(stream, &got, err));
		if (got > 0)
			return RESULT_OK;
		TRY(wait_for(stream, POLLIN, err));
	}
}

static struct str input(const struct smtp_stream *stream)
{
	return (struct str){stream->in + stream->in_start, stream->in_end - stream->in_start};
}

bool smtp_stream_has_input(const struct smtp_stream *stream)
{
	return stream->in_end > stream->in_start;
}

bool smtp_stream_is_readable(struct smtp_stream *stream)
{
	size_t got = 0;

	/* A readable socket under TLS may hold a message of TLS itself, so only reading tells. */
	if (smtp_stream_has_input(stream) || stream->broken || read_some(stream, &got, NULL) != RESULT_OK)
		return true;
	return got > 0;
}

void smtp_stream_drop(struct smtp_stream *stream, size_t len)
{
	stream->in_start += len;
	if (stream->in_start == stream->in_end)
		stream->in_start = stream->in_end = 0;
}

enum result smtp_stream_peek(struct smtp_stream *stream, struct str *ret, struct err *err)
{
	if (!smtp_stream_has_input(stream))
		TRY(fill(stream, err));
	*ret = input(stream);
	return RESULT_OK;
}

/* Drops everything up to the next line feed. */
static enum result skip_line(struct smtp_stream *stream, struct err *err)
{
	for (;;) {
		struct str in = input(stream);
		ptrdiff_t at = str_find_char(in, '\n');
		smtp_stream_drop(stream, at < 0 ? in.len : (size_t)at + 1);
		if (at >= 0)
			return err_code(err, RESULT_TOO_LARGE, "line-too-long", "the line is too long");
		TRY(fill(stream, err));
	}
}

static bool is_clean(struct str line)
{
	return str_find_char(line, '\r') < 0 && str_find_char(line, '\0') < 0;
}

enum result smtp_stream_line(
	struct smtp_stream *stream, size_t limit, struct str *ret, bool *ret_clean, struct err *err)
{
	ptrdiff_t at;

	while ((at = str_find_char(input(stream), '\n')) < 0) {
		if (input(stream).len > limit + 2)
			return skip_line(stream, err);
		TRY(fill(stream, err));
	}
	struct str line = str_sub(input(stream), 0, (size_t)at);
	bool crlf = line.len > 0 && line.ptr[line.len - 1] == '\r';
	line.len -= crlf;
	/* The bytes stay where they are until the next read. */
	stream->in_start += (size_t)at + 1;
	if (line.len > limit)
		return err_code(err, RESULT_TOO_LARGE, "line-too-long", "the line is too long");
	*ret = line;
	if (ret_clean)
		*ret_clean = crlf && is_clean(line);
	return RESULT_OK;
}

static enum result write_some(struct smtp_stream *stream, struct str data, size_t *ret, struct err *err)
{
	ssize_t done = stream->tls ? gnutls_record_send(stream->tls, data.ptr, data.len)
				   : send(stream->fd, data.ptr, data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	bool again = stream->tls ? done == GNUTLS_E_AGAIN || done == GNUTLS_E_INTERRUPTED
				 : done < 0 && (errno == EAGAIN || errno == EINTR);

	*ret = 0;
	if (again)
		return RESULT_OK;
	if (done <= 0)
		return closed(stream, err);
	*ret = (size_t)done;
	return RESULT_OK;
}

static enum result send_out(struct smtp_stream *stream, size_t *ret_sent, struct err *err)
{
	struct str left = buf_str(&stream->out);

	while (left.len > 0) {
		size_t done;
		TRY(write_some(stream, left, &done, err));
		left = str_from(left, done);
		*ret_sent += done;
		if (done == 0)
			TRY(wait_for(stream, POLLOUT, err));
	}
	return RESULT_OK;
}

enum result smtp_stream_flush(struct smtp_stream *stream, struct err *err)
{
	size_t sent = 0;
	enum result result = send_out(stream, &sent, err);

	if (result == RESULT_OK)
		buf_clear(&stream->out);
	else /* nothing is sent twice, whatever the caller tries next */
		buf_drop(&stream->out, sent);
	return result;
}

enum result smtp_stream_write(struct smtp_stream *stream, struct str data, struct err *err)
{
	while (data.len > 0) {
		struct str piece = str_sub(data, 0, OUT_FLUSH_BYTES);
		buf_add(&stream->out, piece);
		if (stream->out.len >= OUT_FLUSH_BYTES)
			TRY(smtp_stream_flush(stream, err));
		data = str_from(data, piece.len);
	}
	return RESULT_OK;
}

static ssize_t push(gnutls_transport_ptr_t context, const void *data, size_t size)
{
	const struct smtp_stream *stream = context;

	return send(stream->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t pull(gnutls_transport_ptr_t context, void *data, size_t size)
{
	const struct smtp_stream *stream = context;

	return recv(stream->fd, data, size, MSG_DONTWAIT);
}

static enum result handshake(struct smtp_stream *stream, struct err *err)
{
	gnutls_transport_set_ptr(stream->tls, stream);
	gnutls_transport_set_push_function(stream->tls, push);
	gnutls_transport_set_pull_function(stream->tls, pull);
	for (;;) {
		int code = gnutls_handshake(stream->tls);
		if (code == GNUTLS_E_SUCCESS)
			break;
		if (code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED && gnutls_error_is_fatal(code)) {
			stream->broken = true;
			return err_code(
				err, RESULT_UNAVAILABLE, "tls-failed", "TLS: %s", gnutls_strerror(code));
		}
		TRY(wait_for(stream, gnutls_record_get_direction(stream->tls) ? POLLOUT : POLLIN, err));
	}
	(void)snprintf(stream->facts.version, sizeof(stream->facts.version), "%s",
		gnutls_protocol_get_name(gnutls_protocol_get_version(stream->tls)));
	(void)snprintf(stream->facts.cipher, sizeof(stream->facts.cipher), "%s",
		gnutls_cipher_get_name(gnutls_cipher_get(stream->tls)));
	return RESULT_OK;
}

static void begin_session(struct smtp_stream *stream, unsigned flags)
{
	if (gnutls_init(&stream->tls, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0 ||
		gnutls_priority_set_direct(stream->tls, TLS_PRIORITIES_MAIL, NULL) != 0)
		abort(); /* out of memory, or our text of priorities is wrong */
}

enum result smtp_stream_accept_tls(
	struct smtp_stream *stream, struct tls_credentials *credentials, struct err *err)
{
	stream->credentials = tls_credentials_ref(credentials);
	begin_session(stream, GNUTLS_SERVER);
	tls_credentials_use(credentials, stream->tls);
	return handshake(stream, err);
}

/* Whether the peer's certificate is good and for this host; fills the facts. */
static void verify(struct smtp_stream *stream, const char *host)
{
	unsigned status = 0;
	gnutls_datum_t text = {0};

	int failed = gnutls_certificate_verify_peers3(stream->tls, host, &status);
	stream->facts.verified = failed == 0 && status == 0;
	if (stream->facts.verified)
		return;
	if (failed == 0 &&
		gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0) {
		(void)snprintf(
			stream->facts.why_not, sizeof(stream->facts.why_not), "%s", (const char *)text.data);
		gnutls_free(text.data);
	} else {
		(void)snprintf(stream->facts.why_not, sizeof(stream->facts.why_not), "%s",
			failed ? gnutls_strerror(failed) : "not verified");
	}
}

static bool is_ip(const char *host)
{
	struct network ignored;

	return network_parse(str_of(host), &ignored);
}

enum result smtp_stream_connect_tls(struct smtp_stream *stream, const struct tls_trust *trust,
	const char *host, bool must_verify, struct err *err)
{
	begin_session(stream, GNUTLS_CLIENT);
	tls_trust_use(trust, stream->tls);
	if (host && !is_ip(host)) /* RFC 6066: no addresses in SNI */
		(void)gnutls_server_name_set(stream->tls, GNUTLS_NAME_DNS, host, strlen(host));
	TRY(handshake(stream, err));
	verify(stream, host);
	if (must_verify && !stream->facts.verified)
		return err_code(err, RESULT_DENIED, "tls-unverified", "certificate of %s: %s",
			host ? host : "the server", stream->facts.why_not);
	return RESULT_OK;
}
