/* Where mail for a destination goes: the addresses to try, in order. A next hop "host:port" is looked up as
 * it is, a domain by its MX (RFC 5321 5.1, RFC 7505), through one validating resolver (libunbound). */
#ifndef DELIVERY_RESOLVE_H
#define DELIVERY_RESOLVE_H

#include "base/arena.h"
#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

#include <sys/socket.h>

#define HOP_ADDRESSES_MAX 20
#define HOP_SERVER_BYTES 80

struct hop_address {
	struct sockaddr_storage address;
	socklen_t len;
	const char *host; /* name the certificate must be for */
	char text[64];	  /* the address, for people */
	bool is_loopback;
	int preference; /* of its MX; 0 for all of a next hop */
};

struct hop {
	struct hop_address addresses[HOP_ADDRESSES_MAX];
	size_t count;
	bool from_mx;
};

struct resolver;

/* server ("address@port") and anchor (file) may be NULL: the system's. mx_port: 25. */
enum result resolver_new(const char *server, const char *anchor, int mx_port, struct resolver **ret,
	struct err *err) must_check;
void resolver_free(struct resolver *resolver);

/* Ends what waits for an answer in other threads, and all later questions, with UNAVAILABLE. NULL is allowed.
 */
void resolver_cut(struct resolver *resolver);

/* One name for a hop by whatever domain or name it was found, so that simultaneous deliveries to one server
 * can be counted: the first, in the order of their texts, of the addresses that are preferred, with the port.
 * Empty without addresses. */
void hop_server(const struct hop *hop, char ret[static HOP_SERVER_BYTES]);

/* NOT_FOUND: the domain does not exist, or takes no mail (null MX, code RESOLVE_NULL_MX): nothing to try,
 * ever. UNAVAILABLE: try later. Texts live in the arena. */
#define RESOLVE_NULL_MX "null-mx"
enum result resolve_destination(struct resolver *resolver, struct str destination, struct arena *arena,
	struct hop *ret, struct err *err) must_check;

#endif
