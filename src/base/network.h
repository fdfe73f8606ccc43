/* Internet addresses and ranges of them. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/str.h"

/* An address range in CIDR form; a single address is a range of /32 or /128. IPv4 is kept as IPv4-mapped
 * IPv6. */
struct network {
	uint8_t address[16];
	int bits; /* 0 to 128, of the mapped form */
};

/* "192.0.2.0/24", "2001:db8::/32", or a single address. False when it is none. */
bool network_parse(struct str text, struct network *ret);

/* Whether it is a range that begins with the address it is written with: 10.0.0.1/8 does not, and was hardly
 * meant. */
bool network_is_whole(struct str text);

bool network_contains(const struct network *network, const struct network *address);

/* What attempts from one place are counted under: an IPv4 address itself, the /64 of an IPv6 address. False
 * when the text is no address. */
bool network_of_peer(struct str address, struct network *ret);

/* Whether the address is of this machine (127.0.0.0/8, ::1). */
bool network_is_loopback(struct str address);

/* A host (name, address, or address in brackets) and a port, NUL-terminated. */
struct host_port {
	char host[256];
	char port[6];
};

/* "host:port", "192.0.2.1:25", "[2001:db8::1]:25". False when it is none. */
bool host_port_parse(struct str text, struct host_port *ret);

#endif
