/* Proof that a form was made by a page of ours for this session: a keyed hash (HMAC-SHA-256) of the form's
 * name under the session's secret. For people not signed in the secret is that of a pre-session cookie. Pure
 * functions over bytes.
 *
 *	<input type="hidden" name="csrf" value="{{csrf}}">
 */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include "base/str.h"

#define CSRF_SECRET_BYTES 32
#define CSRF_TOKEN_LEN 52 /* 32 bytes in base 32 */

/* The cookie that carries the secret of those who are not signed in, without its __Host- prefix. */
#define CSRF_COOKIE "visit"

struct csrf_token {
	char s[CSRF_TOKEN_LEN + 1];
};

struct csrf_secret {
	uint8_t b[CSRF_SECRET_BYTES];
};

/* Derives the secret from any session secret or cookie value (it is hashed, so the cookie itself is not
 * used as a key for anything else). */
struct csrf_secret csrf_secret_of(struct str session_secret);

/* The token for the form named, for instance by its path; NUL-terminated. */
struct csrf_token csrf_token(const struct csrf_secret *secret, struct str form);

/* Compares in constant time. */
bool csrf_check(const struct csrf_secret *secret, struct str form, struct str token);

/* A random value for the pre-session cookie, in base 32. */
struct csrf_token csrf_new_visit(void);

#endif
