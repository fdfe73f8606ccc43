/* What the ways to sign in share: counting tries, noting them, and the session at the end. */
#ifndef FLOW_SIGN_IN_PRIVATE_H
#define FLOW_SIGN_IN_PRIVATE_H

#include "flow/shared_private.h"
#include "seal/random.h"
#include "store/code.h"

/* Writes down who tried what, from where. */
enum result sign_in_note(struct tx *tx, const char *kind, const struct person *person, struct id message_id,
	struct str origin, struct str detail, int64_t now, struct err *err) must_check;

/* Counts an attempt of this purpose by whom, within the hour; *ret_over becomes true when it is one too many.
 */
enum result sign_in_count(struct tx *tx, const char *purpose, struct str whom, int64_t limit, int64_t now,
	bool *ret_over, struct err *err) must_check;

/* The network an origin belongs to, as bytes to count under; and an address together with such bytes. */
struct str network_key(struct str origin, struct arena *arena);
struct str pair_key(struct str address, struct str network, struct arena *arena);

/* Takes an attempt back that turned out to be none; forgets all of them. */
enum result sign_in_uncount(struct tx *tx, const char *purpose, struct str whom, struct err *err) must_check;
enum result sign_in_forget_count(
	struct tx *tx, const char *purpose, struct str whom, struct err *err) must_check;

/* Whether the address signed in with the visitor's browser before. *ret_key is what to count its tries under.
 */
enum result sign_in_device_is_known(struct tx *tx, const struct visitor *visitor, struct str address_key,
	int64_t now, struct arena *arena, bool *ret, struct str *ret_key, struct err *err) must_check;

/* Who is signed in to by that address: the row itself, or the person it was added to. */
enum result sign_in_main(struct tx *tx, const struct person *entered, struct arena *arena, struct person *ret,
	struct err *err) must_check;
/* The same by the address itself, which an administrator names. NOT_FOUND when the account knows nobody. */
enum result sign_in_addressed(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err) must_check;

/* Keeps a fresh code for the visitor's browser; the caller says whose it is and what it is for. *ret_digits
 * in the arena. */
enum result code_begin(struct tx *tx, struct code *code, const struct visitor *visitor, int64_t now,
	struct arena *arena, struct str *ret_digits, struct err *err) must_check;

/* A code that was typed in, and what came of it. */
struct code_try {
	const struct visitor *visitor;
	struct str digits; /* code_digits of what was typed */
	bool adds;	   /* it is to prove an address that is added, not to sign in */
	bool waits;	   /* when it is right it is not used up yet: code_use_up */
	int64_t now;
	/* OK, or DENIED, GONE, NOT_FOUND, BUSY: the work itself is OK then, so that the try taken is kept. */
	enum result outcome;
	int64_t tries_left;
	struct code code;
	struct person person; /* who asked for it; when the outcome is OK */
};

struct str code_digits(struct str typed, struct arena *arena);

/* Counts the try, and uses the code up when it is right. */
enum result code_take(struct tx *tx, struct code_try *t, struct arena *arena, struct err *err) must_check;
enum result code_use_up(
	struct tx *tx, const struct code_try *t, struct arena *arena, struct err *err) must_check;

/* After the transaction: OK, or how the try is refused, as sign_in_by_code says. */
enum result code_tried(const struct code_try *t, struct err *err) must_check;

/* How often codes are asked for by typing an address, counted before anybody is looked up. */
enum result code_count_typed(struct tx *tx, const struct visitor *visitor, struct str address, int64_t now,
	struct arena *arena, bool *ret_over, struct err *err) must_check;

/* What a link of ours is for: a message's copy, or an inquiry, which has no message. */
struct sign_in_link {
	struct id account_id, person_id, message_id;
	bool is_inquiry;
};
enum result sign_in_find_link(
	struct tx *tx, struct id id, struct sign_in_link *ret, struct err *err) must_check;

/* BUSY, with the wait in its text. */
enum result sign_in_too_often(struct err *err) must_check;

/* In order of preference for who typed an address: the mailbox of the own organisation, then the oldest. */
void sign_in_sort_people(struct person *people, size_t count);

/* What was due in a session is shown: it is open from now on, and the person has signed in. `detail` says by
 * what besides the first proof, such as "second-factor"; empty: by nothing else. */
enum result sign_in_complete(struct tx *tx, const struct flow_account *account, const struct session *session,
	int64_t proof, const struct visitor *visitor, const char *detail, int64_t now,
	struct err *err) must_check;

/* Begins a session by one of the person's addresses, for whom it signs in as: the token is random, its hash
 * is kept. `wish`: the visitor, and whose mailbox is wanted. One that waits for a second factor, or
 * for who it is that proved a shared address, opens nothing, and lasts LIMIT_SESSION_DUE_MS. */
enum result sign_in_begin(struct flow *flow, struct tx *tx, const struct person *entered, int64_t proof,
	const struct shared_wish *wish, int64_t now, struct sign_in *ret, struct err *err) must_check;

#endif
