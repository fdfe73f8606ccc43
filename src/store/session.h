/* Portal sessions. Their tokens are kept only as hashes. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "base/arena.h"
#include "db/db.h"

/* What was shown at sign-in, as bits. */
enum session_proof {
	PROOF_CODE = 1,
	PROOF_PASSWORD = 2,
	PROOF_FACTOR = 4,     /* a second one: an app's code, or a recovery code */
	PROOF_REMEMBERED = 8, /* instead of that, a browser in which it was shown before */
	PROOF_PASSKEY = 16,   /* both at once: the device verified its owner */
};

#define PROOF_SECOND (PROOF_FACTOR | PROOF_REMEMBERED | PROOF_PASSKEY)

/* Whether the session opens anything yet. */
enum session_stage {
	SESSION_OPEN = 0,
	SESSION_FACTOR_DUE = 1, /* the person has a second factor, which was not shown yet */
	SESSION_SET_UP_DUE = 2, /* the account asks for one, and the person has none */
	SESSION_SELF_DUE = 3,	/* a shared address was proved; who proved it has to sign in as themselves */
};

struct session {
	struct bytes token_hash;
	struct id account_id;
	struct id person_id;  /* whose mailbox is open */
	struct id self_id;    /* who reads, when person_id is a shared address; none: person_id does */
	struct id entered_id; /* the address by which it was begun: the person, or one that joined them */
	int64_t created_at;
	int64_t used_at; /* last use by the person's own request */
	int64_t ends_at; /* absolute limit */
	int64_t proof;
	int64_t proved_at; /* when the person last showed who it is, from the beginning … */
	int64_t proved_by; /* … and by what: bits of session_proof */
	struct str origin; /* address it was begun from */
	enum session_stage stage;
	struct str agent; /* what the browser calls itself, in short; may be empty */
};

static inline struct id session_self(const struct session *session)
{
	return id_is_none(session->self_id) ? session->person_id : session->self_id;
}

/* Ended or not. NOT_FOUND when there is none. */
enum result session_find(struct tx *tx, struct bytes token_hash, struct arena *arena, struct session *ret,
	struct err *err) must_check;

/* The person's open sessions at `now` that were used after `since`, last used first. */
enum result session_list(struct tx *tx, struct id person_id, int64_t now, int64_t since, struct arena *arena,
	struct session **ret, size_t *ret_count, struct err *err) must_check;

#endif
