#ifndef STORE_SESSION_WRITE_H
#define STORE_SESSION_WRITE_H

#include "store/session.h"

enum result session_add(struct tx *tx, const struct session *session, struct err *err) must_check;
enum result session_set_used(struct tx *tx, struct bytes token_hash, int64_t now, struct err *err) must_check;

/* `proof` was shown as well: the session is open from now on. NOT_FOUND when it is gone. */
enum result session_prove(struct tx *tx, struct bytes token_hash, int64_t proof, int64_t now, int64_t ends_at,
	struct err *err) must_check;

/* All of `proof` was shown anew in a session that is open. NOT_FOUND when there is none. */
enum result session_prove_anew(
	struct tx *tx, struct bytes token_hash, int64_t proof, int64_t now, struct err *err) must_check;

/* For a session that stands in for another: begun with it, shown no later who it is (by `proved_by`), and
 * ending no later (ends_at only comes nearer). */
enum result session_stand_in(struct tx *tx, struct bytes token_hash, const struct session *old,
	int64_t proved_by, struct err *err) must_check;
enum result session_remove(struct tx *tx, struct bytes token_hash, struct err *err) must_check;

/* In what follows the person's sessions are also those in mailboxes shared with others. NOT_FOUND when it is
 * none of the person's. */
enum result session_remove_of(
	struct tx *tx, struct id person_id, struct bytes token_hash, struct err *err) must_check;

/* All of a person but the one to keep (empty: none is kept). */
enum result session_remove_others(
	struct tx *tx, struct id person_id, struct bytes keep, struct err *err) must_check;

/* All that were begun by one of the person's addresses. */
enum result session_remove_entered(
	struct tx *tx, struct id person_id, struct id entered_id, struct err *err) must_check;

/* Those whose absolute limit was before `now`, `limit` at most. */
enum result session_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

#endif
