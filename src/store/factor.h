/* Second factors: the secret of a person's authenticator app, recovery codes, and browsers in which the
 * second factor is not asked for. */
#ifndef STORE_FACTOR_H
#define STORE_FACTOR_H

#include "base/arena.h"
#include "db/db.h"

struct factor {
	struct id person_id;
	struct id made_for;	 /* the person when it was made: another address may be the main one since */
	struct bytes secret_box; /* by the account key, context FACTOR_SECRET_FIELD and made_for */
	int64_t created_at;
	int64_t confirmed_at; /* 0: being set up, asked for by nobody yet */
	int64_t used_step;    /* of the last code that was taken */
};

/* NOT_FOUND when the person has none, confirmed or not. */
enum result factor_find(struct tx *tx, struct id person_id, struct arena *arena, struct factor *ret,
	struct err *err) must_check;

/* Whether the person has one that is confirmed. */
enum result factor_is_set(struct tx *tx, struct id person_id, bool *ret, struct err *err) must_check;

/* How many recovery codes are left. */
enum result recovery_code_count(struct tx *tx, struct id person_id, int64_t *ret, struct err *err) must_check;

/* A browser that somebody asked to be remembered. */
struct remembered {
	struct id id;
	struct id person_id;
	struct bytes cookie_hash;
	struct str agent;  /* what the browser calls itself, in short (web/agent.h) */
	struct str origin; /* address it was last used from */
	int64_t created_at;
	int64_t used_at;
	int64_t ends_at;
};

/* Those of the person that count at `now`, last used first. */
enum result remembered_list(struct tx *tx, struct id person_id, int64_t now, struct arena *arena,
	struct remembered **ret, size_t *ret_count, struct err *err) must_check;

#endif
