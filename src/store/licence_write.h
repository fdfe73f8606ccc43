#ifndef STORE_LICENCE_WRITE_H
#define STORE_LICENCE_WRITE_H

#include "store/licence.h"

/* CONFLICT when more people have one by now. */
enum result licence_set_terms(
	struct tx *tx, struct id account_id, int64_t count, bool named_only, struct err *err) must_check;

/* Gives the person one; nothing changes when they have one. DENIED when none is left, or when the person
 * takes it by sending and administrators alone give them. */
enum result licence_take(struct tx *tx, struct id account_id, struct id person_id, bool by_sending,
	int64_t now, struct err *err) must_check;

/* NOT_FOUND when the person has none. */
enum result licence_give_back(
	struct tx *tx, struct id account_id, struct id person_id, struct err *err) must_check;

#endif
