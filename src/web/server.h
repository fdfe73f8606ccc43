/* The HTTP server: libmicrohttpd's event threads read requests and write answers; everything that may wait
 * (handlers, uploads into a sink, reading a download) runs in a bounded pool of workers meanwhile.
 *
 * A request is refused before it reaches a page when it is malformed (400), for another host (421), of
 * unknown length (411), too large (413, 431), from another site (403), or when too many are waiting (503).
 *
 * What is left to libmicrohttpd 0.9.75 and not as strict as the rest: it answers some malformed requests by
 * itself (no version, a length that is no number, a head past its memory), with a short page of its own
 * without our headers, and closes; and it passes over empty lines before a request. Chunked bodies, where it
 * is lenient too, are never accepted.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "base/mem.h"
#include "base/result.h"
#include "tls/tls.h"
#include "web/assets.h"
#include "web/router.h"

struct server;

struct server_listen {
	const char *address; /* "127.0.0.1", "::" */
	uint16_t port;	     /* 0: any free one (server_port) */
	bool tls;	     /* false only behind a proxy */
};

/* Named as in base/limits.h; 0 takes that default. */
struct server_limits {
	unsigned int workers; /* 0: eight */
	unsigned int connections, connections_per_address;
	unsigned int waiting;
	unsigned int idle_s;
	int64_t head_ms, grace_ms;
	int64_t rate; /* bytes a second */
};

struct server_options {
	const struct server_listen *listen;
	size_t listen_count;
	struct tls_credentials *credentials; /* one count is taken; NULL when no listener has TLS */
	const struct str *origins;	     /* what people may call us: "https://portal.example[:port]" */
	size_t origin_count;
	const struct str
		*trusted_proxies; /* addresses or ranges ("10.0.0.0/8") whose X-Forwarded-For counts */
	size_t trusted_proxy_count;
	const struct router *router;
	const struct assets *assets; /* served under /static; may be NULL */
	void *app;		     /* request->app */
	/* Runs a page: identifies the session, checks route->rights and the csrf field, opens the right kind
	 * of transaction and calls route->handler. NULL: the handler is called alone. */
	enum result (*handle)(struct request *request, struct response *response);
	/* Answers a GET of an address that is no page, as a page would: so it may know who asks. NULL: the
	 * page of an error does. */
	const struct route *unknown;
	/* Writes the page of an error. NULL: a plain one. `status` is set already. Called in a worker or, for
	 * what is refused before routing, on an event thread: it must not wait for anything. */
	void (*error_page)(struct request *request, struct response *response, enum result result);
	uint64_t upload_limit;	    /* bytes of a form with files, in all */
	unsigned int event_threads; /* 0: two */
	struct server_limits limits;
};

/* Starts listening. Results: OK; INVALID (certificate, address, option); CONFLICT (port taken); DENIED (port
 * needs more rights); UNAVAILABLE. */
enum result server_start(
	const struct server_options *options, struct server **ret, struct err *err) must_check;

/* New connections use these; open ones keep theirs. */
void server_set_credentials(struct server *server, struct tls_credentials *credentials);

/* Stops listening, lets what is in hand finish for up to `limit_ms`, then ends. NULL is fine. */
void server_stop(struct server *server, int64_t limit_ms);

/* The port of the listener with this index, for port 0. */
uint16_t server_port(const struct server *server, size_t index);

#endif
