/* The portal as one thing: its pages, templates, languages and HTTP server, started and stopped together.
 * Pages are in files of their own beside this one; what they do, they do by the verbs of src/flow. */
#ifndef WEB_PORTAL_PORTAL_H
#define WEB_PORTAL_PORTAL_H

#include "flow/flow.h"
#include "tls/tls.h"
#include "web/server.h"

struct portal;

struct portal_listen {
	const char *address; /* "127.0.0.1:8443", "[::]:443"; port 0: any free one (portal_port) */
	bool tls;	     /* false only behind a proxy that terminates TLS */
};

/* Everything given must outlive the portal. */
struct portal_options {
	struct flow *flow;
	const struct portal_listen *listen;
	size_t listen_count;
	struct tls_credentials *credentials; /* one count is taken; may be NULL when no address has TLS */
	const char *web_dir;		     /* templates, languages, styles, scripts, icons and logos */
	const char *logos;		     /* folder of the accounts' logos; NULL: none */
	struct str portal_url;		     /* "https://portal.example[:port]", without a slash at the end */
	const struct str *trusted_proxies;   /* addresses or ranges whose X-Forwarded-For counts */
	size_t trusted_proxy_count;
	struct server_limits limits;
	void (*accepted)(void *context); /* called after mail was queued: a code, a reply; may be NULL */
	void *accepted_context;
};

/* Loads templates, languages, time zones and assets, and listens. INVALID: a template, language file,
 * certificate, address or URL, with file and line where there is one; NOT_FOUND: no such folder; CONFLICT: a
 * port is taken; DENIED: a port needs more rights; UNAVAILABLE. */
enum result portal_start(
	const struct portal_options *options, struct portal **ret, struct err *err) must_check;

/* New connections use these; sessions and open connections stay as they are. */
void portal_set_credentials(struct portal *portal, struct tls_credentials *credentials);

/* The port of the listener with this index, for port 0. */
uint16_t portal_port(const struct portal *portal, size_t index);

/* Stops listening, lets what is in hand finish for up to `limit_ms`, then ends. NULL is fine. */
void portal_stop(struct portal *portal, int64_t limit_ms);

#endif
