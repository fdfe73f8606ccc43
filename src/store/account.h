/* Accounts: one organisation each. Its settings are in store/setting.h, its domains in store/domain.h. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "base/arena.h"
#include "db/db.h"

struct account {
	struct id id;
	struct str name; /* short, lower case, unique on the installation */
	struct bytes key_wrap;
	int64_t created_at;
};

/* Each copies into the arena. NOT_FOUND when there is none. */
enum result account_find(
	struct tx *tx, struct id id, struct arena *arena, struct account *ret, struct err *err) must_check;
/* All of them, by name. */
enum result account_list(struct tx *tx, struct arena *arena, struct account **ret, size_t *ret_count,
	struct err *err) must_check;

#endif
