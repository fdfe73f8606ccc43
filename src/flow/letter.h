/* What of a mail's header is kept beside it in sealed boxes: what a mailbox row shows, and what its page
 * shows. */
#ifndef FLOW_LETTER_H
#define FLOW_LETTER_H

#include "base/arena.h"
#include "mime/address.h"
#include "mime/index.h"
#include "seal/key.h"

#define LETTER_REFERENCES_MAX 50

struct letter {
	/* list_box */
	struct str subject;
	struct mime_address from;
	size_t from_count; /* addresses in From, of which that is the first; not in the box */
	struct str snippet;
	int64_t files;
	/* head_box */
	struct mime_address sender; /* Sender: when it differs, or empty */
	struct mime_address *to, *cc;
	size_t to_count, cc_count;
	struct str message_id; /* without angle brackets */
	struct str references[LETTER_REFERENCES_MAX];
	size_t reference_count;
	bool wants_receipt; /* Disposition-Notification-To */
};

/* Reads it from a header block; snippet and files are left to the caller. */
void letter_read(struct str header, struct arena *arena, struct letter *ret);

struct bytes letter_list_seal(const struct letter *letter, const struct message_key *key,
	struct id message_id, struct arena *arena);
struct bytes letter_head_seal(const struct letter *letter, const struct message_key *key,
	struct id message_id, struct arena *arena);

/* Each fills its part of *ret. INTERNAL when the box was changed. */
enum result letter_list_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct letter *ret, struct err *err) must_check;
enum result letter_head_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct letter *ret, struct err *err) must_check;

/* The part index in its box. */
struct bytes letter_index_seal(const struct mime_index *index, const struct message_key *key,
	struct id message_id, struct arena *arena);
enum result letter_index_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct mime_index *ret, struct err *err) must_check;

#endif
