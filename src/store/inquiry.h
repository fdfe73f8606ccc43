/* Inquiries: one of the account's people asks somebody outside for a message or files. */
#ifndef STORE_INQUIRY_H
#define STORE_INQUIRY_H

#include "base/arena.h"
#include "db/db.h"
#include "store/delivery.h"

struct inquiry {
	struct id id; /* of its link */
	struct id account_id;
	struct id asker_id;
	struct id asked_id;	  /* the only person who may answer it */
	struct id definition_id;  /* what answers are sent with, or none: the first of the asker's list */
	struct bytes purpose_box; /* account key, context "purpose" + id */
	int64_t bytes_max;	  /* of all answers together, text and files as they are */
	int64_t bytes_got;
	int64_t answers;
	int64_t created_at;
	int64_t expires_at;
	int64_t closed_at;	/* by the asker or an administrator; 0: open until it expires */
	struct id delivery_id;	/* of the mail that tells of it */
	int64_t link_opened_at; /* by somebody; nobody need have signed in */
	int64_t denied_at;	/* somebody with the link said that the address is another person's */
	struct str asker_address, asked_address; /* found with it */
	enum delivery_state delivery_state;
};

enum result inquiry_find(
	struct tx *tx, struct id id, struct arena *arena, struct inquiry *ret, struct err *err) must_check;

/* Newest first: of one asker, or with none of the whole account. */
enum result inquiry_list_of(struct tx *tx, struct id account_id, struct id asker_id, int64_t limit,
	struct arena *arena, struct inquiry **ret, size_t *ret_count, struct err *err) must_check;

/* The asker's copies of what came, oldest first. */
enum result inquiry_copies(struct tx *tx, const struct inquiry *inquiry, struct arena *arena, struct id **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
