#ifndef STORE_PASSKEY_WRITE_H
#define STORE_PASSKEY_WRITE_H

#include "store/passkey.h"

/* CONFLICT when the credential is kept already. */
enum result passkey_add(struct tx *tx, const struct passkey_row *row, struct err *err) must_check;

/* A signature was right. CONFLICT when its counter did not grow, as that of a copied authenticator. */
enum result passkey_use(
	struct tx *tx, struct id id, int64_t counter, int64_t now, struct err *err) must_check;

/* NOT_FOUND when the person has no such passkey. */
enum result passkey_remove(struct tx *tx, struct id person_id, struct id id, struct err *err) must_check;

/* A challenge that one browser may answer once, for one use, by one person (none: whoever signs in). */
struct challenge {
	struct bytes hash;
	enum passkey_use use;
	struct bytes browser_hash;
	struct id person_id;
	int64_t expires_at;
};

enum result challenge_add(struct tx *tx, const struct challenge *challenge, struct err *err) must_check;

/* Spends it. NOT_FOUND when there is none such, or not any more. */
enum result challenge_spend(
	struct tx *tx, const struct challenge *challenge, int64_t now, struct err *err) must_check;

/* Those that ended before `now`, `limit` at most. */
enum result challenge_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

#endif
