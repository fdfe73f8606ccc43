#ifndef STORE_PERSON_WRITE_H
#define STORE_PERSON_WRITE_H

#include "store/person.h"

/* The person with that address, made from `person` when the account does not know it yet. *ret_id gets the
 * identifier, *ret_is_new (may be NULL) whether it was made now. */
enum result person_ensure(struct tx *tx, const struct person *person, struct id *ret_id, bool *ret_is_new,
	struct err *err) must_check;

enum result person_set_name_box(
	struct tx *tx, struct id id, struct bytes name_box, struct err *err) must_check;
enum result person_set_administrator(
	struct tx *tx, struct id id, bool is_administrator, struct err *err) must_check;
enum result person_set_password(
	struct tx *tx, struct id id, struct str password_hash, int64_t now, struct err *err) must_check;
enum result person_set_choices(
	struct tx *tx, struct id id, const struct person_choices *choices, struct err *err) must_check;
enum result person_set_views(
	struct tx *tx, struct id id, const struct person_views *views, struct err *err) must_check;

enum result person_set_signature(
	struct tx *tx, struct id id, const struct person_signature *signature, struct err *err) must_check;

/* Notes when the person first proved the mailbox; later times change nothing. */
enum result person_set_proved(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;

/* Holds the row until the transaction ends: who joins or leaves, and mail that comes for the address, go one
 * after the other. */
enum result person_hold(
	struct tx *tx, struct id id, struct arena *arena, struct person *ret, struct err *err) must_check;

/* Holds the rows of two persons, who may be one, and of all addresses that sign in as they, in the order in
 * which mail holds those that it comes to: *ret in the arena, by address. Whoever changes what an address is
 * joined to holds the person that it signs in as, before and after, by this. */
enum result person_hold_joined(struct tx *tx, struct id a, struct id b, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err) must_check;

/* Whom the address signs in as, which stays so until the transaction ends. */
enum result person_hold_main(struct tx *tx, struct id id, struct id *ret, struct err *err) must_check;

/* The address signs in as that person from now on, or (main_id none, now 0) as itself. */
enum result person_set_main(
	struct tx *tx, struct id id, struct id main_id, int64_t now, struct err *err) must_check;

/* Known from outside before the domain was the account's own. *ret: whether it is internal now, which an
 * address that is joined to others, or that several people use, does not become. */
enum result person_make_internal(struct tx *tx, struct id id, bool *ret, struct err *err) must_check;

/* Several people use the address from now on (0: no more), each under their own name. */
enum result person_set_shared(struct tx *tx, struct id id, int64_t now, struct err *err) must_check;

/* Everything by which the row is signed in to: password, passkeys, second factor, sessions, codes. */
enum result person_clear_entries(struct tx *tx, struct id id, struct err *err) must_check;

/* What the person told of itself and chose, but for language and time zone, in which mails are written. */
enum result person_forget(struct tx *tx, struct id id, struct err *err) must_check;

/* All by which `from` is signed in to, and its choices, become those of `to`, which has none. */
enum result person_move_entries(struct tx *tx, struct id from, struct id to, struct err *err) must_check;

#endif
