#include "seal/content_mac.h"

#include "seal/random.h"

#include <sodium.h>

#define PURPOSE "content"

_Static_assert(
	sizeof(((struct content_mac *)0)->state) >= sizeof(crypto_onetimeauth_state), "room for the state");
_Static_assert(CONTENT_MAC_BYTES == crypto_onetimeauth_BYTES, "one size");
_Static_assert(SEAL_MAC_BYTES == crypto_onetimeauth_KEYBYTES, "a key of Poly1305");

static crypto_onetimeauth_state *state_of(struct content_mac *mac)
{
	return (crypto_onetimeauth_state *)(void *)mac->state;
}

void content_mac_init(struct content_mac *mac, const struct account_key *account)
{
	uint8_t key[SEAL_MAC_BYTES];

	if (account)
		account_mac(account, PURPOSE, (struct bytes){0}, key);
	else
		random_fill(key, sizeof(key));
	(void)crypto_onetimeauth_init(state_of(mac), key);
	seal_wipe(key, sizeof(key));
}

void content_mac_add(struct content_mac *mac, struct str piece)
{
	(void)crypto_onetimeauth_update(state_of(mac), (const uint8_t *)piece.ptr, piece.len);
}

void content_mac_final(const struct content_mac *mac, uint8_t ret[static CONTENT_MAC_BYTES])
{
	struct content_mac copy = *mac;

	(void)crypto_onetimeauth_final(state_of(&copy), ret);
	seal_wipe(&copy, sizeof(copy));
}
