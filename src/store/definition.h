/* Secure message definitions: named sets of rules. What a message was sent with is copied into it. */
#ifndef STORE_DEFINITION_H
#define STORE_DEFINITION_H

#include "base/arena.h"
#include "db/db.h"

/* What recipients may do with a message, and must do before, and its sender afterwards; part of a definition
 * and of each message. */
struct rights {
	bool print;
	bool reply;
	bool reply_all;
	bool save;	    /* the whole message as a file of its own, with what stands in its header */
	bool second_factor; /* they must have shown one to open it */
	bool extend;	    /* its sender may move its end, once */
};

struct definition {
	struct id id;
	struct id account_id;
	struct str name; /* compared without case; states the effect, since senders choose by it */
	struct str description;
	bool is_default;  /* made with the account, not deletable */
	int64_t position; /* order in the sender's list; a bare subject tag means the first */
	struct rights rights;
	int64_t expire_days; /* 0: at retention */
	bool read_receipt;
	bool access_code;    /* recipients need a code that the sender tells them */
	bool all_recipients; /* internal recipients read it in the portal too */
	int64_t created_at;
	struct id folder_id; /* who may choose it (store/definition_folder.h) */
	/* Of definition_list_for: the folder is published to everybody or to a group of whoever has the
	 * address. */
	bool is_published;
};

enum result definition_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct definition *ret, struct err *err) must_check;
enum result definition_by_name(struct tx *tx, struct id account_id, struct str name, struct arena *arena,
	struct definition *ret, struct err *err) must_check;

/* All of the account, in the order of the sender's list. */
enum result definition_list(struct tx *tx, struct id account_id, struct arena *arena, struct definition **ret,
	size_t *ret_count, struct err *err) must_check;

/* The same, with is_published. */
enum result definition_list_for(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err) must_check;

#endif
