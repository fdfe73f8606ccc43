/* presence: where a person is signed in, which browsers are remembered, and what happened at sign-in; and
 * ending what is not wanted there. */
#ifndef FLOW_PRESENCE_H
#define FLOW_PRESENCE_H

#include "flow/sign_in.h"
#include "store/event.h"
#include "store/factor.h"

#define PRESENCE_HISTORY 30 /* the newest entries that are shown */

struct presence {
	struct session *sessions; /* open ones, last used first */
	size_t session_count;
	struct remembered *browsers;
	size_t browser_count;
	struct event *history; /* of signing in and what protects it, newest first */
	size_t history_count;
};

enum result presence_read(struct flow *flow, const struct actor *actor, int64_t now, struct arena *arena,
	struct presence *ret, struct err *err) must_check;

/* Ends one session of the person by its token's hash: NOT_FOUND when it is none of theirs (R15). */
enum result presence_end(struct flow *flow, const struct actor *actor, struct bytes token_hash, int64_t now,
	struct err *err) must_check;

/* Ends all of the person's sessions but the one of the token. */
enum result presence_end_others(struct flow *flow, const struct actor *actor, struct bytes token, int64_t now,
	struct err *err) must_check;

/* The browser is asked for the second factor again. NOT_FOUND when it is none of the person's. */
enum result presence_forget(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
