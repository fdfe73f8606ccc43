/* end entries: an administrator closes every way to sign in as somebody but the codes by mail, as when a
 * device or a password is in the wrong hands, or somebody has left whose mailbox is closed. */
#ifndef FLOW_END_ENTRIES_H
#define FLOW_END_ENTRIES_H

#include "flow/flow.h"

/* Password, passkeys, second factor, remembered browsers and codes under way are gone, and the sessions have
 * ended, of whom the address signs in as; told by mail, and an event. NOT_FOUND when the account knows nobody
 * with the address. */
enum result account_end_entries(struct flow *flow, const struct actor *actor, struct str address, int64_t now,
	struct err *err) must_check;

#endif
