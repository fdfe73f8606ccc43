/* Addresses that several people use: the row of the address has a mailbox, and its members read it. */
#ifndef STORE_SHARED_H
#define STORE_SHARED_H

#include "store/person.h"

struct shared_member {
	struct id person_id;
	struct str address;
	struct bytes name_box; /* as person.name_box */
	int64_t since;
};

/* Oldest first. */
enum result shared_list_members(struct tx *tx, struct id address_id, struct arena *arena,
	struct shared_member **ret, size_t *ret_count, struct err *err) must_check;

/* The rows of the addresses that the person uses together with others, oldest first. */
enum result shared_list_of(struct tx *tx, struct id person_id, struct arena *arena, struct person **ret,
	size_t *ret_count, struct err *err) must_check;

enum result shared_has(
	struct tx *tx, struct id address_id, struct id person_id, bool *ret, struct err *err) must_check;

#endif
