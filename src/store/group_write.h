#ifndef STORE_GROUP_WRITE_H
#define STORE_GROUP_WRITE_H

#include "store/group.h"

/* CONFLICT when the account has one of that name. */
enum result group_add(struct tx *tx, const struct group *group, struct err *err) must_check;

/* NOT_FOUND; CONFLICT as above. */
enum result group_rename(struct tx *tx, struct id id, struct str name, struct err *err) must_check;

/* With its members and with what is published to it. */
enum result group_remove(struct tx *tx, struct id id, struct err *err) must_check;

/* Nothing changes when the person is a member already. */
enum result group_member_add(
	struct tx *tx, struct id group_id, struct id person_id, int64_t now, struct err *err) must_check;

/* NOT_FOUND when the person is no member. */
enum result group_member_remove(
	struct tx *tx, struct id group_id, struct id person_id, struct err *err) must_check;

#endif
