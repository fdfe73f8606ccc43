/* genuine: whether a notification comes from here. Its code is the minute in which it was made and a keyed
 * hash of that, so it names neither message nor recipient, and nothing has to be kept for it. */
#ifndef FLOW_GENUINE_H
#define FLOW_GENUINE_H

#include "flow/flow.h"

#define GENUINE_CODE_LEN 14 /* "abcd-efgh-jkmn" */

/* The code of a notification that the account made at `at`, in the arena. */
struct str genuine_code(const struct flow_account *account, int64_t at, struct arena *arena);

struct genuine {
	struct str account_name; /* as it calls itself */
	int64_t made_at;	 /* to the minute */
};

/* Who sent the notification with that code, typed with or without hyphens, and when. INVALID when it has not
 * the shape of one, NOT_FOUND when it is none of ours, BUSY after too many from the network of `origin`. */
enum result genuine_check(struct flow *flow, struct str code, struct str origin, int64_t now,
	struct arena *arena, struct genuine *ret, struct err *err) must_check;

#endif
