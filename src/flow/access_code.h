/* access code: what a recipient has to enter, once a session, before a message opens, where its definition
 * asks for one. It is made when the message is accepted; its sender tells it by another way than mail and may
 * set another. Kept sealed under the message's key, since the sender has to see it. */
#ifndef FLOW_ACCESS_CODE_H
#define FLOW_ACCESS_CODE_H

#include "flow/flow.h"
#include "store/message.h"

/* A new one of eight digits in two groups. */
struct str access_code_new(struct arena *arena);

/* Seals the code into the message, as set at `now`; written with it. */
void access_code_set(struct message *message, const struct message_key *key, struct str code, int64_t now,
	struct arena *arena);

/* Opens a message's code; empty when it has none. */
enum result access_code_open(const struct message *message, const struct message_key *key,
	struct arena *arena, struct str *ret, struct err *err) must_check;

/* Counts as one try. Blanks, hyphens and case do not matter. NOT_FOUND; GONE as open_message; DENIED with
 * code "code-wrong"; BUSY with "too-often" after LIMIT_ACCESS_CODE_TRIES wrong ones: the message stays. */
enum result access_code_enter(struct flow *flow, const struct actor *actor, struct id copy_id,
	struct str typed, int64_t now, struct err *err) must_check;

/* Sets another: the given one, or when that is empty a new one. Everybody has to enter it then. By the sender
 * for the own copy, or by an administrator (actor without a person) for the message. NOT_FOUND; DENIED;
 * INVALID with "code-shape"; CONFLICT when the message asks for none; GONE. *ret lives in the arena. */
enum result access_code_change(struct flow *flow, const struct actor *actor, struct id copy_id,
	struct id message_id, struct str code, int64_t now, struct arena *arena, struct str *ret,
	struct err *err) must_check;

#endif
