/* Who is at the other end: addresses, ranges of them, and what a trusted proxy says. */
#ifndef WEB_PEER_H
#define WEB_PEER_H

#include "base/arena.h"

/* An IPv6 address; IPv4 as mapped (::ffff:a.b.c.d). */
struct peer {
	uint8_t b[16];
};

struct peer_range {
	struct peer base;
	unsigned int bits; /* of the 128 */
};

struct sockaddr;

bool peer_parse(struct str text, struct peer *ret);
bool peer_of_sockaddr(const struct sockaddr *address, struct peer *ret);
/* As people write it: dotted for IPv4. */
struct str peer_text(struct arena *arena, const struct peer *peer);

/* "10.0.0.0/8", "2001:db8::/32", or one address. Bits past the prefix must be zero. */
bool peer_range_parse(struct str text, struct peer_range *ret);
bool peer_in_range(const struct peer *peer, const struct peer_range *range);

/* The client behind proxies: walks X-Forwarded-For from the right as long as the peer is trusted; what a
 * stranger wrote to the left is never reached. Something unreadable ends the walk. */
struct peer peer_behind_proxies(const struct peer *connected, struct str forwarded_for,
	const struct peer_range *trusted, size_t trusted_count);

#endif
