/* Connections to next servers that are kept open for a moment after a mail, for the next one. Any thread. */
#ifndef DELIVERY_CONNECTIONS_H
#define DELIVERY_CONNECTIONS_H

#include "delivery/resolve.h"
#include "smtp/client.h"

struct connections;

/* A client with what was known of its server. */
struct connection {
	struct smtp_client *client;
	char host[256], text[64]; /* as in struct hop_address */
	enum smtp_client_tls tls; /* what was asked of TLS when it was opened */
	bool is_loopback;	  /* of this machine, where less is asked */
	int mails;
};

struct connections *connections_new(void);
void connections_free(struct connections *connections);

/* One to this destination, to this machine or another as said, of the same TLS need, that still answers; *ret
 * is the caller's. false: none. */
bool connections_take(struct connections *connections, struct str destination, bool is_loopback,
	enum smtp_client_tls tls, struct connection *ret);

/* Keeps it, or ends it when it cannot be used again. The connection is not the caller's any more. */
void connections_put(struct connections *connections, struct str destination, struct connection *connection);

/* Ends those that waited too long; call it now and then. */
void connections_sweep(struct connections *connections);

#endif
