/* Folders of definitions: the unit of publishing. Who may choose a definition is said by its folder. */
#ifndef STORE_DEFINITION_FOLDER_H
#define STORE_DEFINITION_FOLDER_H

#include "base/arena.h"
#include "db/db.h"

struct definition_folder {
	struct id id;
	struct id account_id;
	struct str name; /* compared without case */
	bool to_everybody;
	int64_t created_at;
};

/* NOT_FOUND when the account has none of that name. */
enum result definition_folder_by_name(struct tx *tx, struct id account_id, struct str name,
	struct arena *arena, struct definition_folder *ret, struct err *err) must_check;

/* The oldest first: that is where a definition goes of which nothing else is said. */
enum result definition_folder_list(struct tx *tx, struct id account_id, struct arena *arena,
	struct definition_folder **ret, size_t *ret_count, struct err *err) must_check;

/* The names of the groups that it is published to, in order. */
enum result definition_folder_list_groups(struct tx *tx, struct id folder_id, struct arena *arena,
	struct str **ret, size_t *ret_count, struct err *err) must_check;

#endif
