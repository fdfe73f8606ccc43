#ifndef STORE_DEFINITION_WRITE_H
#define STORE_DEFINITION_WRITE_H

#include "store/definition.h"

/* CONFLICT when the account has one of that name. */
enum result definition_add(struct tx *tx, const struct definition *definition, struct err *err) must_check;

/* Everything but id, account and is_default. NOT_FOUND, CONFLICT as above. */
enum result definition_update(struct tx *tx, const struct definition *definition, struct err *err) must_check;

enum result definition_set_position(
	struct tx *tx, struct id account_id, struct id id, int64_t position, struct err *err) must_check;

/* NOT_FOUND when there is none, DENIED for the default one. */
enum result definition_remove(struct tx *tx, struct id account_id, struct id id, struct err *err) must_check;

#endif
