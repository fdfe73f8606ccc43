/* What server.c (listening, connections, stopping) and exchange.c (one request and its answer) share. */
#ifndef WEB_SERVER_PRIVATE_H
#define WEB_SERVER_PRIVATE_H

#include "base/thread.h"
#include "tls/tls.h"
#include "web/jobs.h"
#include "web/peer.h"
#include "web/server.h"

#include <microhttpd.h>
#include <stdatomic.h>

/* What a connection is busy with, which decides how long it may take. */
enum phase {
	PHASE_HEAD,   /* handshake, or waiting for (the rest of) the head of a request */
	PHASE_BODY,   /* a body comes in: a minimum rate is asked for */
	PHASE_WORK,   /* we are at work: no limit */
	PHASE_ANSWER, /* an answer goes out: a minimum rate is asked for */
};

struct connection {
	struct server *server;
	struct connection *previous, *next; /* in server->connections, guarded by server->lock */
	int fd;
	struct tls_credentials *credentials; /* NULL without TLS */
	struct peer peer;
	atomic_int phase;
	_Atomic int64_t since;	/* clock_monotonic at the begin of the phase */
	_Atomic uint64_t bytes; /* moved in the phase */
	atomic_bool is_asking;	/* the first line of a request has come, its answer has not begun */
};

/* The one place that changes a connection's phase. */
void connection_set_phase(struct connection *connection, enum phase phase);

/* True when a client by TLS, whose bytes of a body have come, has been too slow: it was told so, and its
 * connection is to be closed. On the event thread. */
bool slow_refuse_body(struct connection *connection, struct MHD_Connection *mhd);

/* Cuts slow clients until server->sweeper_ends; a thread of its own. */
void *slow_sweep(void *server);

struct server {
	struct server_options options;
	struct arena arena; /* for the copies that options points to */
	struct peer_range *trusted;
	struct request_rules rules;
	gnutls_datum_t ticket_key;
	struct jobs *jobs;
	atomic_bool is_stopping; /* answers close their connections */

	struct lock lock; /* guards the rest */
	struct signal changed;
	struct connection *connections;
	struct tls_credentials *credentials;
	unsigned int exchanges; /* requests whose head is complete and whose answer is not sent yet */
	unsigned int suspended; /* of them, those that a worker has */
	bool is_aborting;	/* nothing is handed to workers any more */
	bool sweeper_ends;

	struct MHD_Daemon **daemons; /* one a listener */
	uint16_t *ports;
	size_t daemon_count;
	pthread_t sweeper;
	bool has_sweeper;
};

/* libmicrohttpd's callbacks; `cls` is the server. */
void *exchange_on_target(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context);
void exchange_on_completed(
	void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code);

#endif
