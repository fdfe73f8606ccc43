/* Codes of an authenticator app, RFC 6238: six digits of HMAC-SHA-1, a step of 30 seconds. */
#ifndef SEAL_TOTP_H
#define SEAL_TOTP_H

#include "base/arena.h"
#include "base/result.h"

#define TOTP_SECRET_BYTES 20
#define TOTP_DIGITS 6

/* The secret as people type it into an app, upper-case base 32 of RFC 4648. */
struct str totp_secret_text(const uint8_t secret[static TOTP_SECRET_BYTES], struct arena *arena);

/* Whether the digits are right at `now` (ms since 1970 UTC), one step early or late allowed. *ret_step is the
 * step they belong to: who keeps it takes no code twice. */
bool totp_is_right(const uint8_t secret[static TOTP_SECRET_BYTES], struct str digits, int64_t now,
	int64_t *ret_step) must_check;

#endif
