/* sending: who of the account's people may send secure messages, and to how many people outside in a month
 * (R11). */
#ifndef FLOW_SENDING_H
#define FLOW_SENDING_H

#include "flow/flow.h"

/* How much of the month's limit a person has used. */
struct sending_room {
	int64_t limit; /* with the packs that are in force */
	int64_t count; /* different addresses outside, so far this month */
	int64_t resets_at;
};

enum result sending_room(struct flow *flow, const struct actor *actor, int64_t now, struct sending_room *ret,
	struct err *err) must_check;

/* The same inside a transaction, for any person of the account. */
enum result sending_room_of(struct tx *tx, const struct flow *flow, const struct flow_account *account,
	struct id person_id, int64_t now, struct sending_room *ret, struct err *err) must_check;

/* The month that `now` lies in, as store/sending.h numbers them. */
int64_t sending_month_of(const struct flow *flow, const struct flow_account *account, int64_t now);

/* A secure message of one of the account's people is accepted by this transaction, with these recipients
 * outside, who had not got it before: counts those who are new this month. DENIED, with nothing counted: code
 * "not-licensed", or "sending-limit" with limit, count and the day on which the count begins again. */
enum result sending_accept(struct tx *tx, const struct flow *flow, const struct flow_account *account,
	struct id sender_id, const struct id *recipient_ids, size_t count, int64_t now,
	struct err *err) must_check;

#endif
