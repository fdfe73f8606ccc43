#ifndef STORE_DEFINITION_WRITE_H
#define STORE_DEFINITION_WRITE_H

#include "store/definition.h"

/* definition_by_name, and nobody else changes it until the transaction ends. */
enum result definition_hold_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct definition *ret, struct err *err) must_check;

/* CONFLICT when the account has one of that name. */
enum result definition_add(struct tx *tx, const struct definition *definition, struct err *err) must_check;

/* Everything but id, account and is_default. NOT_FOUND, CONFLICT as above. */
enum result definition_update(struct tx *tx, const struct definition *definition, struct err *err) must_check;

enum result definition_set_position(
	struct tx *tx, struct id account_id, struct id id, int64_t position, struct err *err) must_check;

/* NOT_FOUND when there is none, DENIED for the default one. */
enum result definition_remove(struct tx *tx, struct id account_id, struct id id, struct err *err) must_check;

#endif
