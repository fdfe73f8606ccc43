#ifndef SEAL_SEAL_PRIVATE_H
#define SEAL_SEAL_PRIVATE_H

#include "seal/key.h"

/* What a subkey is for; numbers are part of the stored formats. */
enum subkey { SUBKEY_WRAP = 1, SUBKEY_BOX = 2, SUBKEY_STREAM = 3 };

void subkey_derive(
	const uint8_t key[static SEAL_KEY_BYTES], enum subkey which, uint8_t ret[static SEAL_KEY_BYTES]);

#endif
