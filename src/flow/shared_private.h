/* What the ways to a shared address have in common. */
#ifndef FLOW_SHARED_PRIVATE_H
#define FLOW_SHARED_PRIVATE_H

#include "flow/shared.h"

/* A row that the caller holds, whoever it signs in as, becomes shared: what came to it is in a mailbox of its
 * own, its ways in end, and whose further address it was becomes one of its people. */
enum result shared_make(struct tx *tx, struct person *row, int64_t now, struct err *err) must_check;

/* The person is one of its people from now on; all of them are told. CONFLICT "shared-full". */
enum result shared_join(struct flow *flow, struct tx *tx, const struct person *row,
	const struct person *person, struct str origin, int64_t now, struct err *err) must_check;

/* One of its people uses it no more, as shared_leave. */
struct shared_leaving {
	struct id address_id, person_id;
};
enum result shared_leave_in(struct tx *tx, struct flow *flow, struct str origin,
	const struct shared_leaving *leaving, int64_t now, struct arena *arena, struct err *err) must_check;

/* Whose mailbox a session of the person opens: that of the shared address that was just proved in this
 * browser, or that of the copy or of `into`, when the person is one of its people; otherwise the own. */
struct shared_wish {
	const struct visitor *visitor;
	struct id copy_id; /* or none */
	struct id into;	   /* or none */
};
enum result shared_mailbox(struct flow *flow, struct tx *tx, const struct person *person,
	const struct shared_wish *wish, int64_t now, struct id *ret, struct err *err) must_check;

#endif
