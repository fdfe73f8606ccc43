/* What queries of other tables need to give people. */
#ifndef STORE_PERSON_PRIVATE_H
#define STORE_PERSON_PRIVATE_H

#include "store/person.h"

#define PERSON_COLUMNS                                                                                       \
	"id, account_id, address, address_key, is_internal, is_administrator, name_box,"                     \
	" COALESCE(password_hash, ''), language, time_zone, proved_at, created_at, password_set_at,"         \
	" no_keys, conversations, main_id, joined_at, date_order, twelve_hours, no_summary, shared_at"

/* The people that a query for PERSON_COLUMNS gives. */
enum result person_list(struct tx *tx, const char *sql, const struct db_value *args, size_t count,
	struct arena *arena, struct person **ret, size_t *ret_count, struct err *err) must_check;

#endif
