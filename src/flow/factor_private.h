/* What the verbs of the second factor share. */
#ifndef FLOW_FACTOR_PRIVATE_H
#define FLOW_FACTOR_PRIVATE_H

#include "flow/second_factor.h"
#include "store/factor.h"

/* A code that somebody typed in, and what came of it. */
struct factor_try {
	struct str code;
	const struct visitor *visitor;
	int64_t now;
	bool over; /* one try too many */
	bool is_right;
	bool is_recovery; /* and was a recovery code, which is used up now */
};

/* Counts the try, and takes the code when it is right: within the transaction, which has to be kept also when
 * it is not. NOT_FOUND when the person has no second factor that `confirmed` says. */
enum result factor_try(struct tx *tx, const struct flow_account *account, const struct person *person,
	bool confirmed, struct factor_try *t, struct err *err) must_check;

/* After the transaction: OK, or how the try is refused. */
enum result factor_tried(const struct factor_try *t, struct err *err) must_check;

/* Fresh recovery codes, and what is kept of them. */
enum result factor_new_codes(
	struct tx *tx, struct id person_id, struct recovery_codes *ret, struct err *err) must_check;

/* The secret of a row, of TOTP_SECRET_BYTES. */
enum result factor_secret(const struct flow_account *account, const struct factor *factor,
	struct arena *arena, const uint8_t **ret, struct err *err) must_check;

#define FACTOR_SECRET_FIELD "second-factor"

/* What a new session of the person has to show; *proof gets PROOF_REMEMBERED where the browser is. */
enum result factor_stage(struct tx *tx, const struct flow_account *account, const struct person *person,
	const struct visitor *visitor, int64_t now, int64_t *proof, enum session_stage *ret,
	struct err *err) must_check;

#endif
