/* What resolver.c (asking libunbound and the system, and ending that) and resolve.c (what to ask for a
 * destination, and what the answers mean) share. */
#ifndef DELIVERY_RESOLVE_PRIVATE_H
#define DELIVERY_RESOLVE_PRIVATE_H

#include "base/network.h"
#include "delivery/resolve.h"

#include <netdb.h>
#include <unbound.h>

int resolver_mx_port(const struct resolver *resolver);

/* The answer of libunbound, to be freed with ub_resolve_free; UNAVAILABLE also past LIMIT_DNS_MS. */
enum result resolver_ask(struct resolver *resolver, const char *name, int type, struct ub_result **ret,
	struct err *err) must_check;

/* The system's answer, with /etc/hosts and the like; to be freed with freeaddrinfo. */
enum result resolver_ask_system(struct resolver *resolver, const struct host_port *where,
	struct addrinfo **ret, struct err *err) must_check;

#endif
