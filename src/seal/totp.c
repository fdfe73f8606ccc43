#include "seal/totp.h"

#include "base/clock.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#define DRIFT_STEPS 1

struct str totp_secret_text(const uint8_t secret[static TOTP_SECRET_BYTES], struct arena *arena)
{
	char *text = NULL;
	size_t len = 0;

	if (oath_base32_encode((const char *)secret, TOTP_SECRET_BYTES, &text, &len) != OATH_OK)
		abort(); /* only without memory */
	struct str kept = arena_str(arena, (struct str){text, len});
	free(text);
	return kept;
}

bool totp_is_right(
	const uint8_t secret[static TOTP_SECRET_BYTES], struct str digits, int64_t now, int64_t *ret_step)
{
	char otp[TOTP_DIGITS + 1] = {0};
	uint64_t step = 0;
	int distance;

	if (digits.len != TOTP_DIGITS)
		return false;
	memcpy(otp, digits.ptr, TOTP_DIGITS);
	if (oath_totp_validate3((const char *)secret, TOTP_SECRET_BYTES, now / MS_SECOND,
		    OATH_TOTP_DEFAULT_TIME_STEP_SIZE, OATH_TOTP_DEFAULT_START_TIME, DRIFT_STEPS, &distance,
		    &step, otp) < 0)
		return false;
	*ret_step = (int64_t)step;
	return true;
}
