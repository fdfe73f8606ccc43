#ifndef STORE_ACCOUNT_WRITE_H
#define STORE_ACCOUNT_WRITE_H

#include "store/account.h"

/* CONFLICT when the name is taken. */
enum result account_add(struct tx *tx, const struct account *account, struct err *err) must_check;

#endif
