#ifndef STORE_DESTINATION_WRITE_H
#define STORE_DESTINATION_WRITE_H

#include "store/destination.h"

/* CONFLICT when the account has it already. */
enum result destination_add(
	struct tx *tx, struct id account_id, struct str domain, int64_t now, struct err *err) must_check;

/* NOT_FOUND when the account has no such destination. */
enum result destination_remove(
	struct tx *tx, struct id account_id, struct str domain, struct err *err) must_check;

#endif
