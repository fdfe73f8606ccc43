/* Whether a server that mail goes to can be reached and has the TLS that a delivery would ask for. */
#ifndef CLI_CHECK_HOP_H
#define CLI_CHECK_HOP_H

#include "delivery/resolve.h"
#include "smtp/client.h"

struct check_hop {
	struct resolver *resolver;
	const struct tls_trust *trust;
	const char *helo;
	struct str destination; /* host:port */
	bool needs_tls;		/* verified, or nothing would be sent … */
	bool spares_loopback;	/* … but to this machine */
};

/* Connects, greets and starts TLS; no mail is sent and no password given. OK: *ret_tls says what TLS there
 * is. Otherwise *ret_mend says what helps. Texts live in the arena. */
enum result check_hop_try(const struct check_hop *hop, struct arena *arena, const char **ret_tls,
	const char **ret_mend, struct err *err) must_check;

#endif
