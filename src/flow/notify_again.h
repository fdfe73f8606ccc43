/* notify_again: the owner of a message, or an administrator, has its notification sent to a recipient once
 * more. */
#ifndef FLOW_NOTIFY_AGAIN_H
#define FLOW_NOTIFY_AGAIN_H

#include "flow/flow.h"

/* By the owner, from their own copy. NOT_FOUND unless it is theirs and was sent to that address in the portal
 * (R15); GONE when the recipient cannot read it any more; CONFLICT when the notification still waits
 * ("still-waits") or the address is said to be another person's ("denied"); BUSY ("too-often") within an hour
 * of the last time. */
enum result notify_again(struct flow *flow, const struct actor *actor, struct id owner_copy_id,
	struct str address, int64_t now, struct err *err) must_check;

/* By an administrator of the actor's account, by the message. The same results. */
enum result notify_again_admin(struct flow *flow, const struct actor *actor, struct id message_id,
	struct str address, int64_t now, struct err *err) must_check;

#endif
