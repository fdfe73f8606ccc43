#ifndef STORE_SOURCE_WRITE_H
#define STORE_SOURCE_WRITE_H

#include "store/source.h"

/* CONFLICT when the user name is taken or the account has the network already. */
enum result source_add(struct tx *tx, const struct source *source, struct err *err) must_check;

/* NOT_FOUND when the account has no such source. */
enum result source_remove(struct tx *tx, struct id account_id, struct id id, struct err *err) must_check;

#endif
