/* Acts: what was done to a message that a database restored from an older backup does not know. They stand in
 * the file of destroyed keys beside what they destroyed (flow/destruction_file.h). */
#ifndef STORE_ACT_H
#define STORE_ACT_H

#include "base/arena.h"
#include "db/db.h"

enum act_kind {
	ACT_RECALL,   /* a message was recalled: by whom, when, why */
	ACT_TAKEN,    /* a copy went by a recall */
	ACT_DELETED,  /* a copy was deleted for good by its person */
	ACT_EXTENDED, /* a message can be read longer */
	ACT_KINDS
};

enum act_scope {
	ACT_FROM_SOME,	 /* recalled from some of its recipients */
	ACT_FROM_ALL,	 /* from all */
	ACT_WITH_QUOTES, /* and what answers quote of it */
	ACT_SCOPES
};

struct act {
	enum act_kind kind;
	struct id id; /* the recall, the copy, or the extension */
	struct id message_id;
	int64_t at;
	struct id actor_id;	 /* RECALL, EXTENDED: a person; none: an administrator */
	enum act_scope scope;	 /* RECALL */
	struct bytes reason_box; /* RECALL: as in store/recall.h, sealed */
	struct id recall_id;	 /* TAKEN */
	int64_t until;		 /* EXTENDED */
};

/* At most `limit` recalls, and as many extensions, that are not in the file yet. */
enum result act_list_unlisted(struct tx *tx, int64_t limit, struct arena *arena, struct act **ret,
	size_t *ret_count, struct err *err) must_check;

/* What became of a copy whose key was destroyed: 0, 1 or 2 acts. */
#define ACTS_OF_COPY_MAX 2
enum result act_list_of_copy(struct tx *tx, struct id copy_id, struct act ret[static ACTS_OF_COPY_MAX],
	size_t *ret_count, struct err *err) must_check;

#endif
