/* Authorised sources: who may hand in mail for an account, by address range or by user name and password. */
#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

#include "base/arena.h"
#include "db/db.h"

struct source {
	struct id id;
	struct id account_id;
	struct str network;	  /* CIDR, empty for one with a password */
	struct str user_name;	  /* empty for an address range */
	struct str password_hash; /* empty for an address range */
	bool allow_foreign; /* may hand in forwarded mail with a sender outside the account: relayed only */
	bool normalise_newlines; /* its bare CR and LF are mended instead of refused */
	int64_t created_at;
};

/* The sources with an address range (of all accounts, they are few): the edge matches the peer against them.
 */
enum result source_list_networks(struct tx *tx, struct arena *arena, struct source **ret, size_t *ret_count,
	struct err *err) must_check;

enum result source_by_user_name(struct tx *tx, struct str user_name, struct arena *arena, struct source *ret,
	struct err *err) must_check;

/* Of one account, oldest first. */
enum result source_list(struct tx *tx, struct id account_id, struct arena *arena, struct source **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
