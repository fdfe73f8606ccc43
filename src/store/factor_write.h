#ifndef STORE_FACTOR_WRITE_H
#define STORE_FACTOR_WRITE_H

#include "store/factor.h"

/* A secret to be confirmed, in place of one that never was. CONFLICT when the person has a confirmed one. */
enum result factor_propose(struct tx *tx, const struct factor *factor, struct err *err) must_check;

/* CONFLICT when it was confirmed before, or there is none. */
enum result factor_confirm(struct tx *tx, struct id person_id, int64_t now, struct err *err) must_check;

/* Takes the code of a step: CONFLICT when it, or a later one, was taken before. */
enum result factor_take(struct tx *tx, struct id person_id, int64_t step, struct err *err) must_check;

/* With the recovery codes and the remembered browsers. NOT_FOUND when there was no confirmed one. */
enum result factor_remove(struct tx *tx, struct id person_id, struct err *err) must_check;

/* In place of all that the person had. */
enum result recovery_codes_set(struct tx *tx, struct id person_id, const struct bytes *hashes, size_t count,
	struct err *err) must_check;

/* NOT_FOUND when it is none, or was taken before. */
enum result recovery_code_take(
	struct tx *tx, struct id person_id, struct bytes hash, struct err *err) must_check;

enum result remembered_add(struct tx *tx, const struct remembered *browser, struct err *err) must_check;

/* Whether the person's browser is remembered at `now`; then this is a use of it. */
enum result remembered_use(struct tx *tx, struct id person_id, struct bytes cookie_hash, struct str origin,
	int64_t now, bool *ret, struct err *err) must_check;

/* NOT_FOUND when the person has no such browser. */
enum result remembered_remove(struct tx *tx, struct id person_id, struct id id, struct err *err) must_check;
enum result remembered_remove_all(struct tx *tx, struct id person_id, struct err *err) must_check;

/* Those that counted until before `now`, `limit` at most. */
enum result remembered_remove_ended(struct tx *tx, int64_t now, int64_t limit, struct err *err) must_check;

#endif
