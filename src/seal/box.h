/* Boxes: small sealed things, such as a subject, a name, or a part index. A box opens only where it was made
 * for: its context names the field and the record, so one moved to another row is refused. */
#ifndef SEAL_BOX_H
#define SEAL_BOX_H

#include "base/arena.h"
#include "seal/key.h"

/* What a box is for. */
struct box_context {
	const char *field; /* such as "list"; its characters count, not its address */
	struct id record;
};

/* Seals under the message's or the account's key; the box lives in the arena. */
struct bytes box_seal(
	const struct message_key *key, struct box_context context, struct bytes plain, struct arena *arena);
struct bytes box_seal_account(
	const struct account_key *key, struct box_context context, struct bytes plain, struct arena *arena);

/* INTERNAL with code "sealed-damaged" when it was changed, cut, or is another's; *ret is untouched then. */
enum result box_open(const struct message_key *key, struct box_context context, struct bytes box,
	struct arena *arena, struct bytes *ret, struct err *err) must_check;
enum result box_open_account(const struct account_key *key, struct box_context context, struct bytes box,
	struct arena *arena, struct bytes *ret, struct err *err) must_check;

#endif
