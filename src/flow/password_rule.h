/* What a password may be: long enough, and not one that is guessed first (NIST SP 800-63B 3.1.1.2). */
#ifndef FLOW_PASSWORD_RULE_H
#define FLOW_PASSWORD_RULE_H

#include "base/arena.h"
#include "base/result.h"

/* Whose password it is to be: what an attacker who picks this person tries. Each may be empty. */
struct password_owner {
	struct str address; /* or a user name */
	struct str name;
	struct str account_name, account_display_name;
};

/* INVALID with the reason as err->code: "password-short" (characters, not bytes), "password-long",
 * "password-personal" (little more than the owner's names), "password-common" (little more than a frequent
 * word, a date, a walk over the keyboard, or repetition). */
enum result password_check(
	struct str password, const struct password_owner *owner, struct err *err) must_check;

#endif
