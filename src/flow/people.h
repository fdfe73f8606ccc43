/* People inside flow: making them when they are first seen, and their sealed names. */
#ifndef FLOW_PEOPLE_H
#define FLOW_PEOPLE_H

#include "base/address.h"
#include "base/network.h"
#include "flow/flow.h"
#include "store/message.h"
#include "store/person.h"

/* person_by_address and person_list_by_address, whichever form an international domain of ours is written in.
 */
enum result people_by_address(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err) must_check;
enum result people_list_by_address(struct tx *tx, struct str address, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err) must_check;

/* The person with that address in the account, made now when not known yet. A name that was not known is
 * kept; one from outside whose domain is the account's own by now (is_internal) becomes internal, unless
 * joined to others. *ret_is_new may be NULL. */
enum result people_ensure(struct tx *tx, const struct flow_account *account, struct str address,
	struct str name, bool is_internal, int64_t now, struct arena *arena, struct person *ret,
	bool *ret_is_new, struct err *err) must_check;

/* One of the account's own people, as an administrator names them; nobody is made by a slip of the pen:
 * INVALID when the address is not in one of the account's domains, NOT_FOUND when the account does not know
 * it. */
enum result people_find_internal(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err) must_check;

/* The account that has the address's domain; none: no account. */
enum result people_account(struct tx *tx, struct str address, struct id *ret, struct err *err) must_check;

/* Whether the address is in one of the account's domains. */
enum result people_is_internal(
	struct tx *tx, struct id account_id, struct str address, bool *ret, struct err *err) must_check;

/* Whether that address is one of the person's who acts; one of another account is not. */
enum result people_is_own(
	struct tx *tx, const struct actor *actor, struct id person_id, bool *ret, struct err *err) must_check;

/* A display name sealed by the account's key, and opened again (empty when there is none or it is damaged).
 */
struct bytes people_name_seal(
	const struct flow_account *account, struct id person_id, struct str name, struct arena *arena);
struct str people_name(
	const struct flow_account *account, struct id person_id, struct bytes name_box, struct arena *arena);

/* The same for how a message's sender names a recipient, which is the sender's alone: by the message's key.
 */
struct bytes people_recipient_name_seal(
	const struct message_key *key, struct id person_id, struct str name, struct arena *arena);
struct str people_recipient_name(
	const struct message_key *key, const struct recipient *recipient, struct arena *arena);

/* Whether it may be the password of that address, which a person has or will have, in the account: results as
 * password_check. Reads the account's and the person's names; not to be called inside a transaction. */
enum result people_check_password(struct flow *flow, struct id account_id, struct str address,
	struct str password, struct err *err) must_check;

/* What a person from outside is called, as they say themselves; empty: no name. DENIED for internal people,
 * whose names an administrator keeps. */
enum result people_name_set(
	struct flow *flow, const struct actor *actor, struct str name, struct err *err) must_check;

#endif
