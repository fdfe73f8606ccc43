/* Tells whether two contents of an account are the same, in pieces and for less than half of what a hash
 * costs: every byte of every mail passes here. Poly1305 with one secret key for all contents of an account is
 * a universal hash: two contents of n bytes agree by a chance of n / 2^103, whoever chose them, as long as
 * nobody sees what it gives. So that is never kept or sent, only put into account_mac. */
#ifndef SEAL_CONTENT_MAC_H
#define SEAL_CONTENT_MAC_H

#include "seal/key.h"

#define CONTENT_MAC_BYTES 16

struct content_mac {
	_Alignas(64) uint8_t state[256];
};

/* Of no account (NULL): what it gives is like nothing else's. */
void content_mac_init(struct content_mac *mac, const struct account_key *account);
void content_mac_add(struct content_mac *mac, struct str piece);

/* A secret; see above. More may be added after it. */
void content_mac_final(const struct content_mac *mac, uint8_t ret[static CONTENT_MAC_BYTES]);

#endif
