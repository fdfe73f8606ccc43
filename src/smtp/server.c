#include "smtp/server.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/network.h"
#include "smtp/session_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOPIC "smtp"
#define SERVER_RANK 300
#define BACKLOG 512

struct smtp_listener {
	struct smtp_listener *next;
	struct smtp_server *server;
	int fd;
	bool implicit_tls;
	pthread_t thread;
};

#define OR_DEFAULT(value, otherwise) ((value) > 0 ? (value) : (otherwise))

static struct smtp_server_limits with_defaults(const struct smtp_server_limits *given)
{
	return (struct smtp_server_limits){
		.sessions = OR_DEFAULT(given->sessions, LIMIT_SMTP_SESSIONS),
		.sessions_per_network =
			OR_DEFAULT(given->sessions_per_network, LIMIT_SMTP_SESSIONS_PER_NETWORK),
		.strangers = OR_DEFAULT(given->strangers, LIMIT_SMTP_STRANGERS),
		.mails_per_session = OR_DEFAULT(given->mails_per_session, LIMIT_SMTP_MAILS_PER_SESSION),
		.recipients = OR_DEFAULT(given->recipients, LIMIT_SMTP_RECIPIENTS),
		.soft_errors = OR_DEFAULT(given->soft_errors, LIMIT_SMTP_SOFT_ERRORS),
		.soft_delay_ms = OR_DEFAULT(given->soft_delay_ms, LIMIT_SMTP_SOFT_DELAY_MS),
		.errors = OR_DEFAULT(given->errors, LIMIT_SMTP_ERRORS),
		.junk_commands = OR_DEFAULT(given->junk_commands, LIMIT_SMTP_JUNK_COMMANDS),
		.command_ms = OR_DEFAULT(given->command_ms, LIMIT_SMTP_COMMAND_MS),
		.stranger_command_ms = OR_DEFAULT(given->stranger_command_ms, LIMIT_SMTP_STRANGER_COMMAND_MS),
		.data_idle_ms = OR_DEFAULT(given->data_idle_ms, LIMIT_SMTP_DATA_IDLE_MS),
		.data_rate = OR_DEFAULT(given->data_rate, LIMIT_SMTP_DATA_RATE),
		.data_grace_ms = OR_DEFAULT(given->data_grace_ms, LIMIT_SMTP_DATA_GRACE_MS),
		.patience_ms = OR_DEFAULT(given->patience_ms, LIMIT_SMTP_PATIENCE_MS),
		.handshake_ms = OR_DEFAULT(given->handshake_ms, LIMIT_SMTP_HANDSHAKE_MS),
	};
}

struct smtp_server *smtp_server_new(const struct smtp_server_options *options)
{
	struct smtp_server *server = mem_new(sizeof(*server));

	server->options = *options;
	server->limits = with_defaults(&options->limits);
	server->credentials = options->credentials ? tls_credentials_ref(options->credentials) : NULL;
	lock_init(&server->lock, "smtp server", SERVER_RANK);
	signal_init(&server->session_ended);
	return server;
}

void smtp_server_set_credentials(struct smtp_server *server, struct tls_credentials *credentials)
{
	LOCKED(&server->lock);
	tls_credentials_unref(server->credentials);
	server->credentials = tls_credentials_ref(credentials);
}

void smtp_server_let_go(struct smtp_session *session)
{
	LOCKED(&session->server->lock);
	*session->back = session->next;
	if (session->next)
		session->next->back = session->back;
}

static void end_session(struct smtp_session *session)
{
	struct smtp_server *server = session->server;

	lock_take(&server->lock);
	server->session_count--;
	signal_all(&server->session_ended);
	lock_release(&server->lock);
	free(session);
}

static void *session_thread(void *arg)
{
	struct smtp_session *session = arg;

	smtp_session_run(session);
	end_session(session);
	return NULL;
}

static bool is_same_network(const struct network *a, const struct network *b)
{
	return a->bits == b->bits && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool smtp_server_admit_stranger(struct smtp_session *session)
{
	struct smtp_server *server = session->server;
	int all = 0, of_network = 0;

	LOCKED(&server->lock);
	for (const struct smtp_session *s = server->sessions; s; s = s->next)
		if (s->is_stranger) {
			all++;
			of_network += is_same_network(&s->network, &session->network);
		}
	session->is_stranger = true;
	return all < server->limits.strangers && of_network < server->limits.sessions_per_network;
}

static void tell_to_end(struct smtp_session *session)
{
	atomic_store(&session->must_end, true);
	(void)shutdown(session->fd, SHUT_RD);
}

/* Ends the session that has waited longest for its next command, when that is too long. */
static bool make_room(struct smtp_server *server)
{
	struct smtp_session *longest = NULL;
	int64_t since = clock_monotonic() - server->limits.patience_ms;

	for (struct smtp_session *s = server->sessions; s; s = s->next) {
		int64_t waits_since = atomic_load(&s->waits_since);
		if (waits_since > 0 && waits_since <= since && !atomic_load(&s->must_end)) {
			longest = s;
			since = waits_since;
		}
	}
	if (longest)
		tell_to_end(longest);
	return longest != NULL;
}

/* Whether another session may begin; adds it when it may. */
static bool add_session(struct smtp_server *server, struct smtp_session *session)
{
	LOCKED(&server->lock);
	if (server->session_count >= server->limits.sessions && !make_room(server))
		return false;
	session->next = server->sessions;
	session->back = &server->sessions;
	if (session->next)
		session->next->back = &session->next;
	server->sessions = session;
	server->session_count++;
	return true;
}

static void turn_away(const struct smtp_session *session)
{
	static const char text[] = "421 4.3.2 too many sessions; please try again later\r\n";

	if (!session->implicit_tls)
		(void)send(session->fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(session->fd);
}

static void begin_session(
	struct smtp_listener *listener, int fd, const struct sockaddr_storage *peer, socklen_t len)
{
	struct smtp_session *session = mem_new(sizeof(*session));
	int on = 1;
	pthread_t thread;

	session->server = listener->server;
	session->fd = fd;
	session->implicit_tls = listener->implicit_tls;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (getnameinfo((const struct sockaddr *)peer, len, session->address, sizeof(session->address), NULL,
		    0, NI_NUMERICHOST) != 0)
		(void)snprintf(session->address, sizeof(session->address), "unknown");
	(void)network_of_peer(str_of(session->address), &session->network);
	if (!add_session(listener->server, session)) {
		turn_away(session);
		free(session);
		return;
	}
	if (thread_start(&thread, "smtp-session", session_thread, session) != RESULT_OK) {
		smtp_server_let_go(session);
		turn_away(session);
		end_session(session);
		return;
	}
	(void)pthread_detach(thread);
}

static void *listener_thread(void *arg)
{
	struct smtp_listener *listener = arg;

	for (;;) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
		if (fd >= 0) {
			begin_session(listener, fd, &peer, len);
			continue;
		}
		if (atomic_load(&listener->server->stopping))
			return NULL;
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			log_error(TOPIC, "cannot take a connection: %s", strerror(errno));
			(void)usleep(100000); /* until some session ends; nothing tells when */
		}
	}
}

static enum result listen_failed(struct str address, struct err *err)
{
	enum result result = errno == EADDRINUSE ? RESULT_CONFLICT
			     : errno == EACCES	 ? RESULT_DENIED
						 : RESULT_UNAVAILABLE;

	return err_set(err, result, "cannot listen for mail on %.*s: %s", STR_ARG(address),
		errno == EADDRINUSE ? "the port is taken; choose another" : strerror(errno));
}

static int open_listener(const struct addrinfo *where)
{
	int on = 1;
	int fd = socket(where->ai_family, where->ai_socktype | SOCK_CLOEXEC, where->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (where->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, where->ai_addr, where->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int why = errno;
		(void)close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

enum result smtp_server_listen(
	struct smtp_server *server, struct str address, bool implicit_tls, struct err *err)
{
	struct host_port where;
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found;

	if (!host_port_parse(address, &where) || getaddrinfo(where.host, where.port, &hints, &found) != 0)
		return err_set(err, RESULT_INVALID, "%.*s is no address:port to listen on", STR_ARG(address));
	int fd = open_listener(found);
	freeaddrinfo(found);
	if (fd < 0)
		return listen_failed(address, err);
	struct smtp_listener *listener = mem_new(sizeof(*listener));
	*listener = (struct smtp_listener){
		.next = server->listeners, .server = server, .fd = fd, .implicit_tls = implicit_tls};
	enum result result = thread_start(&listener->thread, "smtp-listen", listener_thread, listener);
	if (result != RESULT_OK) {
		(void)close(fd);
		free(listener);
		return err_set(err, result, "no thread for a listener");
	}
	server->listeners = listener;
	return RESULT_OK;
}

static void stop_listening(struct smtp_server *server)
{
	while (server->listeners) {
		struct smtp_listener *listener = server->listeners;
		server->listeners = listener->next;
		(void)shutdown(listener->fd, SHUT_RDWR);
		(void)pthread_join(listener->thread, NULL);
		(void)close(listener->fd);
		free(listener);
	}
}

/* Wakes sessions that wait for a command; those with a mail under way notice when it ends. */
static void end_sessions(struct smtp_server *server)
{
	for (struct smtp_session *s = server->sessions; s; s = s->next)
		if (!atomic_load(&s->has_mail))
			tell_to_end(s);
}

static void cut_sessions(struct smtp_server *server)
{
	for (struct smtp_session *s = server->sessions; s; s = s->next)
		(void)shutdown(s->fd, SHUT_RDWR);
}

void smtp_server_stop(struct smtp_server *server, int64_t limit_ms)
{
	if (server == NULL)
		return;
	int64_t deadline = clock_monotonic() + limit_ms;
	atomic_store(&server->stopping, true);
	stop_listening(server);
	lock_take(&server->lock);
	end_sessions(server);
	bool waiting = true;
	while (server->session_count > 0 && waiting)
		waiting = signal_wait_until(&server->session_ended, &server->lock, deadline);
	cut_sessions(server);
	while (server->session_count > 0)
		signal_wait(&server->session_ended, &server->lock);
	lock_release(&server->lock);
	tls_credentials_unref(server->credentials);
	signal_done(&server->session_ended);
	lock_done(&server->lock);
	free(server);
}
