/* Clients that are too slow: told so with 408 where that is possible, and cut.
 *
 * libmicrohttpd itself counts only idle time, so a byte now and then would hold a connection for ever, and it
 * takes no answer before a request is complete; so these few bytes go past it. Without TLS the sweeper writes
 * them, as nothing else is written while a request comes in. A TLS session is written by its event thread
 * alone: there the client learns it when its next bytes of a body come; else the connection just ends. */
#include "web/server_private.h"

#include "base/clock.h"
#include "base/limits.h"

#include <assert.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#define SWEEP_MS_MAX MS_SECOND
#define TEXT "408 Request Timeout\nThe request came in too slowly. Please send it again.\n"

static const char answer[] = "HTTP/1.1 408 Request Timeout\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\n"
			     "X-Content-Type-Options: nosniff\r\n"
			     "Cache-Control: no-store\r\n"
			     "Connection: close\r\n"
			     "Content-Length: 74\r\n"
			     "\r\n" TEXT;

static_assert(sizeof(TEXT) - 1 == 74, "the length above");

/* Whether the client has been too slow, by the rules of the phase, for longer than `margin` ms. */
static bool is_overdue(const struct connection *connection, int64_t now, int64_t margin)
{
	const struct server_limits *limits = &connection->server->options.limits;
	int64_t elapsed = now - atomic_load(&connection->since) - margin;
	int64_t seconds_worth = (int64_t)atomic_load(&connection->bytes) / limits->rate;

	switch ((enum phase)atomic_load(&connection->phase)) {
	case PHASE_HEAD:
		return elapsed > limits->head_ms;
	case PHASE_BODY:
	case PHASE_ANSWER:
		return elapsed > limits->grace_ms + seconds_worth * MS_SECOND;
	case PHASE_WORK:
		break;
	}
	return false;
}

bool slow_refuse_body(struct connection *connection, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (!info || !info->tls_session || !is_overdue(connection, clock_monotonic(), 0))
		return false;
	(void)gnutls_record_send((gnutls_session_t)info->tls_session, answer, sizeof(answer) - 1);
	return true;
}

/* It sees the end of the connection and cleans up. */
static void cut(const struct connection *connection)
{
	int phase = atomic_load(&connection->phase);
	bool is_asking = atomic_load(&connection->is_asking) && (phase == PHASE_HEAD || phase == PHASE_BODY);

	if (is_asking && !connection->credentials)
		(void)send(connection->fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection->fd, SHUT_RDWR);
}

static bool is_to_be_cut(const struct connection *connection, int64_t now)
{
	bool may_be_told = connection->credentials && atomic_load(&connection->phase) == PHASE_BODY;

	return is_overdue(connection, now, may_be_told ? LIMIT_HTTP_TELL_MS : 0);
}

void *slow_sweep(void *arg)
{
	struct server *server = arg;
	int64_t step = server->options.limits.head_ms / 4 < SWEEP_MS_MAX
			       ? server->options.limits.head_ms / 4 + 1
			       : SWEEP_MS_MAX;

	LOCKED(&server->lock);
	while (!server->sweeper_ends) {
		int64_t now = clock_monotonic();
		for (struct connection *c = server->connections; c; c = c->next) {
			if (is_to_be_cut(c, now))
				cut(c);
		}
		(void)signal_wait_until(&server->changed, &server->lock, now + step);
	}
	return NULL;
}
