#include "web/server_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Held while libmicrohttpd is never called; workers take it after the job queue's lock is released. */
#define SERVER_LOCK_RANK 300
/* Of one connection: request head, and body bytes on their way. */
#define CONNECTION_MEMORY_BYTES ((size_t)2 * LIMIT_HTTP_HEADER_BYTES)

/* Connections. */

void connection_set_phase(struct connection *connection, enum phase phase)
{
	atomic_store(&connection->bytes, 0);
	atomic_store(&connection->since, clock_monotonic());
	atomic_store(&connection->phase, (int)phase);
}

static void open_connection(struct server *server, struct MHD_Connection *mhd, void **context)
{
	struct connection *connection = mem_new(sizeof(*connection));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

	connection->server = server;
	connection->fd = info->connect_fd;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	(void)peer_of_sockaddr(info->client_addr, &connection->peer);
	connection_set_phase(connection, PHASE_HEAD);
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session = info ? (gnutls_session_t)info->tls_session : NULL;

	LOCKED(&server->lock);
	if (session) {
		connection->credentials = tls_credentials_ref(server->credentials);
		tls_credentials_use(connection->credentials, session);
		(void)gnutls_session_ticket_enable_server(session, &server->ticket_key);
	}
	connection->next = server->connections;
	if (connection->next)
		connection->next->previous = connection;
	server->connections = connection;
	*context = connection;
}

static void close_connection(struct server *server, struct connection *connection)
{
	lock_take(&server->lock);
	if (connection->next)
		connection->next->previous = connection->previous;
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		server->connections = connection->next;
	lock_release(&server->lock);
	tls_credentials_unref(connection->credentials);
	free(connection);
}

static void on_connection(
	void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_connection(cls, mhd, context);
	else if (*context)
		close_connection(cls, *context);
}

/* Listening. */

static enum result bind_failed(const struct server_listen *listener, int error, struct err *err)
{
	enum result result = error == EADDRINUSE      ? RESULT_CONFLICT
			     : error == EACCES	      ? RESULT_DENIED
			     : error == EADDRNOTAVAIL ? RESULT_INVALID
						      : RESULT_UNAVAILABLE;

	return err_set(err, result, "cannot listen on %s port %u: %s", listener->address, listener->port,
		error == EADDRINUSE ? "the port is taken; choose another" : strerror(error));
}

/* A listening socket, and the port it got. */
static enum result open_socket(
	const struct server_listen *listener, int *ret_fd, uint16_t *ret_port, struct err *err)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct addrinfo *found = NULL;
	char port[8];
	int on = 1;

	(void)snprintf(port, sizeof(port), "%u", listener->port);
	if (getaddrinfo(listener->address, port, &hints, &found))
		return err_set(
			err, RESULT_INVALID, "\"%s\" is not an address to listen on", listener->address);
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		      bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, SOMAXCONN) ||
		      getsockname(fd, (struct sockaddr *)&bound, &len);
	int error = errno;
	freeaddrinfo(found);
	if (failed) {
		fd_close_at(&fd);
		return bind_failed(listener, error, err);
	}
	*ret_port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
						     : ((struct sockaddr_in6 *)&bound)->sin6_port);
	*ret_fd = fd;
	return RESULT_OK;
}

static void on_mhd_log(void *cls, const char *format, va_list arguments)
{
	char text[512];

	(void)cls;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)vsnprintf(text, sizeof(text), format, arguments);
#pragma GCC diagnostic pop
	log_debug("web", "%.*s", STR_ARG(str_trim(str_of(text))));
}

/* The target is decoded by ourselves. */
static size_t on_unescape(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static enum result start_daemon(struct server *server, const struct server_listen *listener, struct err *err)
{
	const struct server_options *options = &server->options;
	/* Not epoll: with it libmicrohttpd 0.9.75 spins as long as a TLS handshake is half done, so three
	 * bytes from a stranger would cost a whole core. */
	unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	unsigned int per_address = options->trusted_proxy_count ? 0 : options->limits.connections_per_address;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0,
			listener->tls ? (void *)tls_credentials_certificate_pem(server->credentials) : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0,
			listener->tls ? (void *)tls_credentials_key_pem(server->credentials) : NULL},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES_WEB},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	uint16_t port = 0;
	int fd = -1;

	/* At strictness 1 the library answers a missing Host itself, twice; all it would check is checked
	 * here (head.c, request_check_head). */
	TRY(open_socket(listener, &fd, &port, err));
	struct MHD_Daemon *daemon = MHD_start_daemon(flags | (listener->tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		exchange_on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, options->event_threads,
		MHD_OPTION_CONNECTION_LIMIT, options->limits.connections, MHD_OPTION_CONNECTION_TIMEOUT,
		options->limits.idle_s, MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 0,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_on_completed, server, MHD_OPTION_URI_LOG_CALLBACK, exchange_on_target, server,
		MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_ARRAY, listener->tls ? tls : none,
		MHD_OPTION_END);
	if (!daemon) {
		fd_close_at(&fd);
		return err_set(err, RESULT_UNAVAILABLE, "cannot start the HTTP server");
	}
	server->ports[server->daemon_count] = port;
	server->daemons[server->daemon_count++] = daemon;
	return RESULT_OK;
}

/* Starting and stopping. */

#define DEFAULT(value, otherwise) (value) = (value) ? (value) : (otherwise)

static void fill_defaults(struct server_options *options)
{
	struct server_limits *limits = &options->limits;

	DEFAULT(options->event_threads, 2);
	DEFAULT(limits->workers, 8);
	DEFAULT(limits->connections, LIMIT_HTTP_CONNECTIONS);
	DEFAULT(limits->connections_per_address, LIMIT_HTTP_CONNECTIONS_PER_ADDRESS);
	DEFAULT(limits->waiting, LIMIT_HTTP_WAITING);
	DEFAULT(limits->idle_s, LIMIT_HTTP_IDLE_S);
	DEFAULT(limits->head_ms, LIMIT_HTTP_HEAD_MS);
	DEFAULT(limits->grace_ms, LIMIT_HTTP_GRACE_MS);
	DEFAULT(limits->rate, LIMIT_HTTP_RATE);
}

static enum result read_rules(struct server *server, struct err *err)
{
	const struct server_options *options = &server->options;
	struct str *origins = arena_array(&server->arena, struct str, options->origin_count + 1);

	for (size_t i = 0; i < options->origin_count; i++)
		origins[i] = arena_str(&server->arena, options->origins[i]);
	server->rules = (struct request_rules){origins, options->origin_count};
	server->trusted = arena_array(&server->arena, struct peer_range, options->trusted_proxy_count + 1);
	for (size_t i = 0; i < options->trusted_proxy_count; i++) {
		struct str text = options->trusted_proxies[i];
		if (!peer_range_parse(text, &server->trusted[i]))
			return err_set(err, RESULT_INVALID,
				"\"%.*s\" is not an address or range of addresses", STR_ARG(text));
	}
	return RESULT_OK;
}

static enum result start(struct server *server, struct err *err)
{
	const struct server_options *options = &server->options;
	bool wants_tls = false;

	TRY(read_rules(server, err));
	for (size_t i = 0; i < options->listen_count; i++)
		wants_tls |= options->listen[i].tls;
	if (wants_tls && !options->credentials)
		return err_set(err, RESULT_INVALID, "listening with TLS needs a certificate");
	if (options->credentials)
		server->credentials = tls_credentials_ref(options->credentials);
	if (gnutls_session_ticket_key_generate(&server->ticket_key))
		return err_set(err, RESULT_UNAVAILABLE, "cannot make a key for TLS sessions");
	TRY(jobs_new(options->limits.workers, options->limits.waiting, &server->jobs, err));
	TRY(thread_start(&server->sweeper, "web sweeper", slow_sweep, server));
	server->has_sweeper = true;
	server->daemons = arena_array(&server->arena, struct MHD_Daemon *, options->listen_count + 1);
	server->ports = arena_array(&server->arena, uint16_t, options->listen_count + 1);
	for (size_t i = 0; i < options->listen_count; i++)
		TRY(start_daemon(server, &options->listen[i], err));
	return RESULT_OK;
}

enum result server_start(const struct server_options *options, struct server **ret, struct err *err)
{
	struct server *server = mem_new(sizeof(*server));

	server->options = *options;
	fill_defaults(&server->options);
	lock_init(&server->lock, "web server", SERVER_LOCK_RANK);
	signal_init(&server->changed);
	enum result result = start(server, err);
	if (result != RESULT_OK) {
		server_stop(server, 0);
		return result;
	}
	*ret = server;
	return RESULT_OK;
}

void server_set_credentials(struct server *server, struct tls_credentials *credentials)
{
	lock_take(&server->lock);
	struct tls_credentials *old = server->credentials;
	server->credentials = tls_credentials_ref(credentials);
	lock_release(&server->lock);
	tls_credentials_unref(old);
}

/* Waits until what is in hand is done, or the deadline; then has nothing handed to workers any more, and
 * waits until they gave back what they have. */
static void wind_down(struct server *server, int64_t deadline)
{
	LOCKED(&server->lock);
	while (server->exchanges && signal_wait_until(&server->changed, &server->lock, deadline)) {
	}
	server->is_aborting = true;
	while (server->suspended)
		signal_wait(&server->changed, &server->lock);
	server->sweeper_ends = true;
	signal_all(&server->changed);
}

void server_stop(struct server *server, int64_t limit_ms)
{
	if (!server)
		return;
	atomic_store(&server->is_stopping, true);
	for (size_t i = 0; i < server->daemon_count; i++) {
		int fd = MHD_quiesce_daemon(server->daemons[i]);
		fd_close_at(&fd);
	}
	wind_down(server, clock_monotonic() + limit_ms);
	if (server->has_sweeper)
		(void)pthread_join(server->sweeper, NULL);
	for (size_t i = 0; i < server->daemon_count; i++)
		MHD_stop_daemon(server->daemons[i]);
	jobs_free(server->jobs);
	tls_credentials_unref(server->credentials);
	if (server->ticket_key.data)
		gnutls_memset(server->ticket_key.data, 0, server->ticket_key.size);
	gnutls_free(server->ticket_key.data);
	signal_done(&server->changed);
	lock_done(&server->lock);
	arena_done(&server->arena);
	free(server);
}

uint16_t server_port(const struct server *server, size_t index)
{
	return index < server->daemon_count ? server->ports[index] : 0;
}
