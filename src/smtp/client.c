/* Connecting, greeting, securing: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 8314 (implicit TLS). */
#include "smtp/client_private.h"

#include "base/clock.h"
#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUIT_MS 1000
#define COMMAND_BYTES 1024

static enum result protocol(struct smtp_client *client, struct err *err, const char *text)
{
	client->broken = true;
	return err_code(err, RESULT_UNAVAILABLE, "protocol", "%s", text);
}

enum result smtp_client_read(struct smtp_client *client, int64_t wait_ms, struct err *err)
{
	struct smtp_stream *stream = client->stream;
	bool whole = false, clean = false;
	struct str line;

	smtp_reply_clear(&client->reply);
	smtp_stream_set_deadline(stream, clock_monotonic() + wait_ms);
	enum result result = smtp_stream_flush(stream, err);
	while (result == RESULT_OK && !whole) {
		result = smtp_stream_line(stream, LIMIT_SMTP_REPLY_LINE_BYTES, &line, &clean, err);
		if (result == RESULT_OK && !clean)
			return protocol(client, err, "a line of the answer does not end in CR LF");
		if (result == RESULT_OK)
			result = smtp_reply_add(&client->reply, line, &whole, err);
	}
	if (result == RESULT_INVALID || result == RESULT_TOO_LARGE) {
		client->broken = true;
		return err_code(err, RESULT_UNAVAILABLE, "protocol", "the answer is no SMTP reply");
	}
	/* After 421 the server closes. */
	client->broken |= result != RESULT_OK || client->reply.code == 421;
	return result;
}

enum result smtp_client_check_silence(struct smtp_client *client, struct err *err)
{
	return smtp_stream_has_input(client->stream)
		       ? protocol(client, err, "the server answers before it is asked")
		       : RESULT_OK;
}

enum result smtp_client_ask(struct smtp_client *client, struct str line, int64_t wait_ms, struct err *err)
{
	TRY(smtp_client_check_silence(client, err));
	enum result result = smtp_stream_write(client->stream, line, err);
	if (result == RESULT_OK)
		result = smtp_stream_write(client->stream, STR("\r\n"), err);
	if (result != RESULT_OK) {
		client->broken = true;
		return result;
	}
	return smtp_client_read(client, wait_ms, err);
}

static enum result refused(struct smtp_client *client, const char *code, const char *what, struct err *err)
{
	char text[300];

	smtp_reply_print(&client->reply, text, sizeof(text));
	return err_code(err, client->reply.code >= 500 ? RESULT_DENIED : RESULT_UNAVAILABLE, code, "%s: %s",
		what, text);
}

static void read_offer(struct str line, struct smtp_offers *offers)
{
	struct str rest = line;
	struct str word = str_cut(&rest, ' ');

	offers->starttls |= str_equal_nocase(word, STR("STARTTLS"));
	offers->pipelining |= str_equal_nocase(word, STR("PIPELINING"));
	offers->eight_bit |= str_equal_nocase(word, STR("8BITMIME"));
	offers->smtputf8 |= str_equal_nocase(word, STR("SMTPUTF8"));
	offers->dsn |= str_equal_nocase(word, STR("DSN"));
	if (str_equal_nocase(word, STR("SIZE"))) {
		offers->size = true;
		(void)str_to_uint(str_trim(rest), INT64_MAX, &offers->size_max);
	}
	if (str_equal_nocase(word, STR("AUTH")))
		while (rest.ptr)
			offers->auth_plain |= str_equal_nocase(str_cut(&rest, ' '), STR("PLAIN"));
}

/* EHLO, or HELO where that is not known. What was offered before is forgotten. */
static enum result say_hello(struct smtp_client *client, struct err *err)
{
	char line[COMMAND_BYTES];
	static const char *const verbs[] = {"EHLO", "HELO"};

	client->offers = (struct smtp_offers){0};
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		(void)snprintf(line, sizeof(line), "%s %s", verbs[i], client->options->helo);
		TRY(smtp_client_ask(client, str_of(line), client->command_ms, err));
		if (client->reply.code == 250) {
			struct str rest = buf_str(&client->reply.text);
			(void)str_cut(&rest, '\n'); /* the server's name */
			while (i == 0 && rest.ptr)
				read_offer(str_cut(&rest, '\n'), &client->offers);
			return RESULT_OK;
		}
		if (client->reply.code < 500)
			break;
	}
	return refused(client, "greeting-refused", "EHLO was not taken", err);
}

static enum result greeting(struct smtp_client *client, struct err *err)
{
	TRY(smtp_client_read(client, client->command_ms, err));
	if (client->reply.code != 220)
		return refused(client, "greeting-refused", "the server does not take mail now", err);
	return say_hello(client, err);
}

static enum result handshake(struct smtp_client *client, struct err *err)
{
	const struct smtp_client_options *options = client->options;

	smtp_stream_set_deadline(client->stream, clock_monotonic() + client->command_ms);
	enum result result = smtp_stream_connect_tls(client->stream, options->trust, options->tls_name,
		options->tls == SMTP_CLIENT_TLS_VERIFIED, err);
	client->broken |= result != RESULT_OK;
	return result;
}

/* TLS is not to be had here. */
static enum result without_tls(const struct smtp_client *client, const char *why, struct err *err)
{
	if (client->options->tls != SMTP_CLIENT_TLS_VERIFIED)
		return RESULT_OK;
	return err_code(err, RESULT_DENIED, "tls-required", "TLS is required, but %s", why);
}

static enum result start_tls(struct smtp_client *client, struct err *err)
{
	if (!client->offers.starttls)
		return without_tls(client, "the server does not offer it", err);
	TRY(smtp_client_ask(client, STR("STARTTLS"), client->command_ms, err));
	if (client->reply.code != 220)
		return without_tls(client, "the server offers it and then refuses", err);
	/* What came in plain text behind the answer could have been put there by anybody. */
	TRY(smtp_client_check_silence(client, err));
	TRY(handshake(client, err));
	return say_hello(client, err);
}

/* AUTH PLAIN, only under TLS. The password does not stay in memory of ours. */
static enum result sign_in(struct smtp_client *client, struct err *err)
{
	const struct smtp_client_options *options = client->options;
	char plain[COMMAND_BYTES], line[COMMAND_BYTES * 2];
	gnutls_datum_t encoded = {0};

	if (smtp_stream_tls(client->stream) == NULL)
		return err_code(err, RESULT_DENIED, "tls-required", "the password is only given under TLS");
	if (!client->offers.auth_plain)
		return err_code(err, RESULT_UNAVAILABLE, "auth-refused", "AUTH PLAIN is not offered");
	int len = snprintf(plain, sizeof(plain), "%c%s%c%s", 0, options->user, 0, options->password);
	if (len < 0 || (size_t)len >= sizeof(plain))
		return err_code(err, RESULT_UNAVAILABLE, "auth-refused", "the user name is too long");
	gnutls_datum_t text = {(unsigned char *)plain, (unsigned)len};
	if (gnutls_base64_encode2(&text, &encoded) != 0)
		abort();
	(void)snprintf(line, sizeof(line), "AUTH PLAIN %.*s", (int)encoded.size, (char *)encoded.data);
	enum result result = smtp_client_ask(client, str_of(line), client->command_ms, err);
	explicit_bzero(encoded.data, encoded.size);
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(line, sizeof(line));
	gnutls_free(encoded.data);
	if (result == RESULT_OK && client->reply.code != 235) {
		(void)refused(client, NULL, "the user name or password was not taken", err);
		if (err)
			err->code = "auth-refused";
		return RESULT_UNAVAILABLE; /* a matter of configuration, not of the mails that wait */
	}
	return result;
}

static enum result wait_connected(int fd, int64_t deadline, struct err *err)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int failed = 0;
	socklen_t len = sizeof(failed);

	for (;;) {
		int64_t left = deadline - clock_monotonic();
		if (left <= 0)
			return err_code(err, RESULT_UNAVAILABLE, "timeout", "no connection in time");
		int ready = poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
		if (ready > 0)
			break;
		if (ready < 0 && errno != EINTR)
			return err_set(err, RESULT_UNAVAILABLE, "connection: %s", strerror(errno));
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0 || failed != 0)
		return err_code(
			err, RESULT_UNAVAILABLE, "connect-failed", "no connection: %s", strerror(failed));
	return RESULT_OK;
}

static enum result open_socket(int family, int *ret, struct err *err)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return err_set(err, RESULT_UNAVAILABLE, "no socket: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*ret = fd;
	return RESULT_OK;
}

static enum result connect_to(
	int fd, const struct sockaddr *address, socklen_t len, int64_t wait_ms, struct err *err)
{
	if (connect(fd, address, len) == 0)
		return RESULT_OK;
	if (errno != EINPROGRESS)
		return err_code(
			err, RESULT_UNAVAILABLE, "connect-failed", "no connection: %s", strerror(errno));
	return wait_connected(fd, clock_monotonic() + wait_ms, err);
}

static enum result begin(struct smtp_client *client, bool in_clear, struct err *err)
{
	if (client->options->implicit_tls) {
		TRY(handshake(client, err));
		TRY(greeting(client, err));
	} else {
		TRY(greeting(client, err));
		if (!in_clear)
			TRY(start_tls(client, err));
	}
	return client->options->user ? sign_in(client, err) : RESULT_OK;
}

static enum result try_connect(const struct sockaddr *address, socklen_t len,
	const struct smtp_client_options *options, bool in_clear, struct smtp_client **ret, struct err *err)
{
	int64_t connect_ms = options->connect_ms ? options->connect_ms : LIMIT_SMTP_CLIENT_CONNECT_MS;
	int fd = -1;

	TRY(open_socket(address->sa_family, &fd, err));
	struct smtp_client *client = mem_new(sizeof(*client));
	*client = (struct smtp_client){.options = options,
		.stream = smtp_stream_new(fd),
		.cut = options->cut,
		.fd = fd,
		.command_ms = options->command_ms ? options->command_ms : LIMIT_SMTP_CLIENT_GREETING_MS};
	smtp_reply_init(&client->reply);
	enum result result = smtp_cut_add(client->cut, fd, err);
	if (result == RESULT_OK)
		result = connect_to(fd, address, len, connect_ms, err);
	client->broken = result != RESULT_OK;
	if (result == RESULT_OK)
		result = begin(client, in_clear, err);
	if (result != RESULT_OK) {
		smtp_client_free(client);
		return result;
	}
	client->command_ms = options->command_ms ? options->command_ms : LIMIT_SMTP_CLIENT_COMMAND_MS;
	client->data_ms = options->data_ms ? options->data_ms : LIMIT_SMTP_CLIENT_BLOCK_MS;
	client->end_ms = options->data_ms ? options->data_ms : LIMIT_SMTP_CLIENT_END_MS;
	client->options = NULL;
	*ret = client;
	return RESULT_OK;
}

enum result smtp_client_connect(const struct sockaddr *address, socklen_t address_len,
	const struct smtp_client_options *options, struct smtp_client **ret, struct err *err)
{
	struct err why = {0};
	bool in_clear = options->tls == SMTP_CLIENT_TLS_NONE;

	assert(in_clear || options->trust);
	assert(options->tls != SMTP_CLIENT_TLS_VERIFIED || options->tls_name);
	enum result result = try_connect(address, address_len, options, in_clear, ret, &why);
	/* Opportunistic: a server whose TLS is broken gets the mail as one that has none. */
	if (options->tls == SMTP_CLIENT_TLS_OPPORTUNISTIC && !options->implicit_tls && why.code &&
		strcmp(why.code, "tls-failed") == 0)
		result = try_connect(address, address_len, options, true, ret, &why);
	if (result == RESULT_OK)
		return RESULT_OK;
	if (err)
		*err = why;
	return result == RESULT_DENIED ? RESULT_DENIED : RESULT_UNAVAILABLE;
}

void smtp_client_free(struct smtp_client *client)
{
	if (client == NULL)
		return;
	if (!client->broken)
		(void)!smtp_client_ask(client, STR("QUIT"), QUIT_MS, NULL);
	smtp_cut_remove(client->cut, client->fd);
	smtp_stream_free(client->stream);
	smtp_reply_done(&client->reply);
	free(client);
}

const struct tls_facts *smtp_client_tls(const struct smtp_client *client)
{
	return smtp_stream_tls(client->stream);
}

bool smtp_client_has_dsn(const struct smtp_client *client)
{
	return client->offers.dsn;
}

bool smtp_client_is_usable(const struct smtp_client *client)
{
	return !client->broken;
}
