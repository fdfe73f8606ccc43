/* second factor: an authenticator app's code after the password or the code by mail, and recovery codes for
 * whoever lost the app. A browser that is remembered is asked for none; the session ends there as anywhere
 * (R7). */
#ifndef FLOW_SECOND_FACTOR_H
#define FLOW_SECOND_FACTOR_H

#include "flow/sign_in.h"

#define RECOVERY_CODES 10
#define RECOVERY_CODE_LEN 19 /* "abcd-efgh-jkmn-pqrs" */

struct recovery_codes {
	char codes[RECOVERY_CODES][RECOVERY_CODE_LEN + 1];
};

/* The session that stands before the second factor: whose it is and which of the two is due. DENIED with code
 * "session-ended" when the token is of none, or of one that is open. */
enum result second_factor_due(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct session_facts *ret, struct err *err) must_check;

/* Opens that session by the app's code or by a recovery code, with blanks and hyphens as people type them;
 * `remember`: the visitor's browser is not asked again for as many days as the account says. DENIED with code
 * "factor-wrong", also for a code that was taken before; BUSY after too many; DENIED "session-ended". */
enum result second_factor_give(struct flow *flow, struct bytes token, const struct visitor *visitor,
	struct str code, bool remember, int64_t now, struct err *err) must_check;

struct factor_facts {
	bool is_set;
	int64_t since;
	int64_t codes_left; /* recovery codes */
	bool is_required;   /* by the account */
};

enum result second_factor_facts(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct factor_facts *ret, struct err *err) must_check;

/* Makes a secret, which counts once it is confirmed. CONFLICT when the person has a second factor. */
enum result second_factor_propose(
	struct flow *flow, const struct actor *actor, int64_t now, struct err *err) must_check;

/* The secret that waits to be confirmed, as it is typed into an app. NOT_FOUND when none does. */
enum result second_factor_proposal(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct str *ret_secret, struct err *err) must_check;

/* Confirms it by a first code: this session has shown the second factor, the person's others end. DENIED with
 * code "factor-wrong"; BUSY; CONFLICT when nothing is to be confirmed. *ret are the recovery codes, which are
 * kept as hashes only. */
enum result second_factor_confirm(struct flow *flow, const struct actor *actor, struct bytes token,
	const struct visitor *visitor, struct str code, int64_t now, struct recovery_codes *ret,
	struct err *err) must_check;

/* New recovery codes in place of the old ones; the removal of the second factor, with all browsers that are
 * remembered. Both need a code: results as second_factor_give, NOT_FOUND when there is no second factor. */
enum result recovery_codes_renew(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str code, int64_t now, struct recovery_codes *ret, struct err *err) must_check;
enum result second_factor_remove(struct flow *flow, const struct actor *actor, struct bytes token,
	const struct visitor *visitor, struct str code, int64_t now, struct err *err) must_check;

/* An administrator removes it from somebody who lost it; the person's sessions end. NOT_FOUND when the
 * account has no such person, or the person no second factor. */
enum result account_remove_second_factor(struct flow *flow, const struct actor *actor, struct str address,
	int64_t now, struct err *err) must_check;

#endif
