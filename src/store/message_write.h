#ifndef STORE_MESSAGE_WRITE_H
#define STORE_MESSAGE_WRITE_H

#include "store/message.h"

enum result message_add(struct tx *tx, const struct message *message, struct err *err) must_check;

/* What is decided by, and may change until the row is held. */
struct message_state {
	enum message_kind kind;
	int64_t content_ends_at; /* 0: stays, or is gone */
};

/* Holds the message until the transaction ends: who joins it and who destroys a key of it, because nothing
 * seems to need that any more, go one after the other. Taken before the rows of its deliveries. NOT_FOUND
 * when it was removed. */
enum result message_hold(struct tx *tx, struct id id, struct message_state *ret, struct err *err) must_check;

/* Writes what it is sent with (kind, owner, definition, rights, expiry, what it answers, list_box); its
 * content stays from now on. The caller holds it. */
enum result message_set_terms(struct tx *tx, const struct message *message, struct err *err) must_check;

/* Writes its access code. The caller holds it. */
enum result message_set_code(struct tx *tx, const struct message *message, struct err *err) must_check;

/* What goes with the content: the words that are searched, and the sealed content itself when it is kept in
 * the row. Either may be empty: then there is none. */
enum result message_content_add(struct tx *tx, struct id message_id, struct bytes words, struct bytes sealed,
	struct err *err) must_check;

struct message_claim {
	struct id account_id;
	struct bytes
		reference; /* the keyed hash of its Message-ID; the fingerprint again when that has none */
	struct bytes fingerprint;
	struct id message_id;
	bool is_known; /* it may be answered under the reference */
	int64_t now, cut;
};

/* Claims a reference and fingerprint for the message. When a mail with the same was accepted after `cut`
 * (ms), *ret_id is that message, which this transaction then joins; otherwise it is `message_id`. */
enum result message_claim(
	struct tx *tx, const struct message_claim *claim, struct id *ret_id, struct err *err) must_check;

/* Forgets claims of before `cut` under which nothing may be answered, `limit` at most. */
enum result message_claims_forget(struct tx *tx, int64_t cut, int64_t limit, struct err *err) must_check;

/* The message may be answered under the reference, unless another may be already. `fingerprint`: that the
 * reference was claimed with, or the reference again. */
enum result message_reference_add(struct tx *tx, struct id account_id, struct bytes reference,
	struct bytes fingerprint, struct id message_id, struct err *err) must_check;

/* *ret_is_new tells whether the person was not yet a recipient of this message. */
enum result recipient_add(
	struct tx *tx, const struct recipient *recipient, bool *ret_is_new, struct err *err) must_check;

/* When the content goes (ms). */
enum result message_set_content_end(struct tx *tx, struct id id, int64_t at, struct err *err) must_check;

/* Relayed messages whose content should have gone by now; `limit` at most. */
enum result message_list_content_ended(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct id **ret, size_t *ret_count, struct err *err) must_check;

/* A message whose time has come. */
struct message_due {
	struct id account_id;
	struct id id;
};

/* Secured ones that have expired since their recipients' keys were last looked at, and those that are kept no
 * longer; `limit` at most. */
enum result message_list_expired(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct message_due **ret, size_t *ret_count, struct err *err) must_check;
enum result message_list_kept_long_enough(struct tx *tx, int64_t now, int64_t limit, struct arena *arena,
	struct message_due **ret, size_t *ret_count, struct err *err) must_check;

/* Each of these holds the row and changes it only if it may; *ret_done tells. `whole`: it counts as recalled;
 * otherwise it is only held for a recall of some copies. Not when it was recalled or has expired. */
enum result message_recall(
	struct tx *tx, struct id id, bool whole, int64_t now, bool *ret_done, struct err *err) must_check;

/* Moves the expiry of what has neither ended nor would outlive its content. `once`: to a later time, and only
 * if it was not extended so before (R1, R5). Of an end later than `soon` people are told anew when it comes
 * near. */
enum result message_extend(struct tx *tx, struct id id, int64_t until, int64_t soon, bool once, int64_t now,
	bool *ret_done, struct err *err) must_check;

/* Notes that an expired message's recipients lose their keys, which happens once. */
enum result message_end_expiry(
	struct tx *tx, struct id id, int64_t now, bool *ret_done, struct err *err) must_check;

/* Removes the content kept in the database, the rest of the row stays. *ret: where it was, which the caller
 * deletes after the transaction (sealed_content_delete). */
enum result message_remove_content(
	struct tx *tx, struct id id, struct content_place *ret, struct err *err) must_check;

#endif
