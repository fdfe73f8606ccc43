/* changed: a mail tells a person when something changed about how the person signs in, so that somebody
 * else's doing is noticed. It holds no secret and says what to do. */
#ifndef FLOW_CHANGED_H
#define FLOW_CHANGED_H

#include "flow/flow.h"

/* One of the things by which a person signs in, to be changed by that person. */
struct sign_in_part {
	struct flow *flow;
	const struct actor *actor;
	struct id id; /* none: there is but one */
	int64_t now;
};

/* The event of the change, and the mail to the main address. `address`: the one it is about, or empty. */
enum result changed_note(struct tx *tx, const struct sign_in_part *part, const char *kind, struct str address,
	struct err *err) must_check;

/* Queued to the person's main address, within the transaction that makes the change. `kind`: the event's
 * (store/event.h); `address`: the one it is about, or empty. */
enum result changed_tell(struct flow *flow, struct tx *tx, struct id account_id, struct id person_id,
	const char *kind, struct str address, int64_t now, struct err *err) must_check;

/* The same to that address, whoever's it is. */
enum result changed_tell_at(struct flow *flow, struct tx *tx, struct id account_id, struct str to,
	const char *kind, struct str address, int64_t now, struct err *err) must_check;

/* "password_set": the word under which mails and pages tell of an event of this kind; NULL when it is none of
 * these changes. */
const char *changed_word(struct str kind);

#endif
