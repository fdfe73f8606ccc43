/* Drafts: what somebody writes in the portal and has not sent. Each is sealed under a key of its own, whose
 * wrap is held by the draft itself.
 *
 * box (draft's key, context "draft"): JSON of the form's fields
 * file.box (draft's key, context "draft-file"): flow/draft.c */
#ifndef STORE_DRAFT_H
#define STORE_DRAFT_H

#include "blob/blob.h"
#include "store/message.h"

enum draft_state { DRAFT_OPEN = 1, DRAFT_CLOSED = 2, DRAFT_EMPTIED = 3 };

struct draft {
	struct id id; /* of the form it is written in */
	struct id account_id;
	struct id person_id;
	struct id answers_id; /* the writer's copy of what it answers, or none */
	bool answers_all;
	struct id inquiry_id; /* the request that it answers, or none */
	enum draft_state state;
	int64_t saved_at;
	int64_t version;	 /* to be saved: of the one that it is based on, 0 when there was none */
	struct id page_id;	 /* to be saved: the page it comes from, or none */
	int64_t leaves_at;	 /* it waits to be sent then, and nobody writes it; 0: it does not */
	int64_t refused_at;	 /* it should have left then and could not, and was not saved since; or 0 */
	struct str refused_code; /* with refused_at: the code of the refusal, or empty */
	struct id message_id;	 /* what it was sent as, or none */
	struct bytes box;
};

struct draft_file {
	struct id id;
	struct id draft_id;
	int64_t size;
	struct content_place place; /* message_id is the file's own; the row keeps its bytes itself */
	int64_t sealed_size;
	struct bytes box;
};

/* NOT_FOUND unless it is that person's (R15), is neither sent nor thrown away, and waits to leave, or does
 * not, as `is_leaving` asks. */
enum result draft_find(struct tx *tx, struct id person_id, struct id id, bool is_leaving, struct arena *arena,
	struct draft *ret, struct err *err) must_check;

/* The same in any state. */
enum result draft_find_any(struct tx *tx, struct id person_id, struct id id, struct arena *arena,
	struct draft *ret, struct err *err) must_check;

/* Anybody's that should have left by now, without their boxes; `limit` at most. */
enum result draft_list_due(struct tx *tx, int64_t now, int64_t limit, struct arena *arena, struct draft **ret,
	size_t *ret_count, struct err *err) must_check;

/* The person's, also those that wait to leave, newest first, `limit` at most. */
enum result draft_list(struct tx *tx, struct id person_id, int64_t limit, struct arena *arena,
	struct draft **ret, size_t *ret_count, struct err *err) must_check;

/* How many the person has, and the bytes of all their files. */
enum result draft_count(struct tx *tx, struct id person_id, int64_t *ret_count, int64_t *ret_bytes,
	struct err *err) must_check;

/* In the order of their coming. */
enum result draft_file_list(struct tx *tx, struct id draft_id, struct arena *arena, struct draft_file **ret,
	size_t *ret_count, struct err *err) must_check;

/* The sealed bytes kept in the row. */
enum result draft_file_body(
	struct tx *tx, struct id id, struct arena *arena, struct bytes *ret, struct err *err) must_check;

/* Whether a file has its content in the blob of its name, or in the pack. */
enum result draft_has_blob(struct tx *tx, struct id id, bool *ret, struct err *err) must_check;
enum result draft_any_in_pack(struct tx *tx, struct id pack_id, bool *ret, struct err *err) must_check;

/* Whether what draft_hold would be given is based on an older version than another page saved. */
enum result draft_is_newer(struct tx *tx, const struct draft *draft, bool *ret, struct err *err) must_check;

#endif
