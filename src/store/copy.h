/* Copies: one person's view of a message in the portal, in one of the folders. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/message.h"

enum folder {
	FOLDER_NONE = 0, /* recalled, deleted for good, or kept no longer: no list shows it, its link tells
			    why */
	FOLDER_INBOX = 1,
	FOLDER_SENT = 2,
	FOLDER_DRAFTS = 3,
	FOLDER_DELETED = 4
};

struct copy {
	struct id id;
	struct id account_id;
	struct id message_id;
	struct id person_id; /* whom it came to: one of the addresses of … */
	struct id mailbox_id; /* … the person in whose folders it is; none when made: as person_id signs in */
	bool is_owner;
	bool is_second; /* of the owner's two: the one in the Inbox, since the mail is in their mailbox too
			   (R10) */
	enum recipient_role role;
	enum folder folder;
	int64_t sorted_at; /* the folder's order, newest first */
	bool unread;
	int64_t first_read_at; /* when the body was first shown to the signed-in person; 0: not yet */
	struct id recall_id;   /* what took it away, or none */
	int64_t denied_at;     /* when somebody with the link said that the address is another's; 0: nobody */
	enum folder deleted_from; /* of a copy in Deleted: where it was */
	int64_t destroyed_at;	  /* when its person deleted it for good; 0: not */
	/* What lists are filtered and sorted by, besides. */
	bool has_files; /* set for copy_add, not read */
	struct str who; /* the address it is from, of the owner's the first it went to; read for lists only */
	int64_t ends_at;     /* when its message expires */
	struct id thread_id; /* its conversation */
};

/* A row of a mailbox page: the copy and what of its message the row shows. */
struct copy_row {
	struct copy copy;
	int64_t sent_at;
	int64_t expires_at;
	int64_t recalled_at;
	int64_t extended_at;
	bool asks_code; /* for its access code */
	int64_t size;
	struct bytes list_box;
	struct bytes wrap;   /* empty: destroyed */
	bool second_factor;  /* its definition asks for one */
	struct str came_to;  /* the address, when it is a further one of the person's; else empty */
	struct str sender;   /* the envelope's, for a row that cannot be opened */
	bool in_own_mailbox; /* of one's own: the mail went to the owner's mailbox, too (R10) */
};

struct folder_count {
	int64_t total;
	int64_t unread;
};

/* In all that follows `mailbox_id` is the person who reads, by whichever of the addresses it came. */

/* NOT_FOUND unless the copy belongs to that person (R15). */
enum result copy_find(
	struct tx *tx, struct id mailbox_id, struct id copy_id, struct copy *ret, struct err *err) must_check;

/* Whoever it belongs to: for workers and for the page behind a notification's link, which shows nothing of
 * it. */
enum result copy_find_any(struct tx *tx, struct id copy_id, struct copy *ret, struct err *err) must_check;

/* The other one of an owner's two copies, in Sent and Inbox (R10). NOT_FOUND: there is one only. */
enum result copy_find_twin(
	struct tx *tx, const struct copy *copy, struct copy *ret, struct err *err) must_check;

/* What a copy's holder may do with it now. */
struct copy_access {
	bool is_owner;
	bool is_recalled;
	bool has_key;
	int64_t expires_at;  /* 0: never */
	int64_t code_set_at; /* 0: it asks for no access code */
};

/* As copy_find, without reading the message: cheap enough to be asked for again and again. */
enum result copy_access(struct tx *tx, struct id mailbox_id, struct id copy_id, struct copy_access *ret,
	struct err *err) must_check;

/* All copies of a message. */
enum result copy_list_by_message(struct tx *tx, struct id message_id, struct arena *arena, struct copy **ret,
	size_t *ret_count, struct err *err) must_check;

/* What became of a message's copies, without the owner's, and of the mails that tell of it. */
struct copy_tally {
	int64_t people; /* everybody it went to, by whichever way */
	int64_t copies, read, recalled;
	int64_t failed; /* notifications and mails that did not arrive */
};

enum result copy_tally(
	struct tx *tx, struct id message_id, struct copy_tally *ret, struct err *err) must_check;

/* The copy of a message that is one address's; with `is_owner` the one in Sent. */
enum result copy_by_message(struct tx *tx, struct id person_id, struct id message_id, bool is_owner,
	struct copy *ret, struct err *err) must_check;

/* Whether the person got a message that was written by that address of the account. */
enum result copy_is_from(struct tx *tx, struct id account_id, struct id mailbox_id, struct str address,
	bool *ret, struct err *err) must_check;

enum copy_sort {
	COPY_BY_TIME, /* newest first */
	COPY_BY_WHO,  /* by `who`, each one's newest first */
	COPY_BY_END   /* what ends first */
};

/* Which copies of a folder a list shows, and how; all zero: all of them, newest first. */
struct copy_choice {
	enum copy_sort sort;
	bool is_reversed;
	bool unread;	    /* unread ones only */
	bool files;	    /* those with files only */
	bool conversations; /* of each conversation in the folder only the newest that the filters leave */
	/* Those only that end after the one time and not after the other; 0: any. */
	int64_t ends_after, ends_until;
};

/* Where a page of a list starts: strictly behind this row, or with `before` where it ends, strictly before
 * it. All zero: at the begin. */
struct copy_cursor {
	int64_t key; /* copy.ends_at when sorted by that, otherwise copy.sorted_at */
	struct id id;
	bool before;
};

/* What a person has of a conversation in Inbox and Sent. */
struct thread_count {
	int64_t total; /* messages */
	int64_t unread;
};

enum result copy_thread_count(struct tx *tx, struct id mailbox_id, struct id thread_id,
	struct thread_count *ret, struct err *err) must_check;

/* The person's others of the copy's conversation, in Inbox and Sent, newest first, each message once. */
enum result copy_list_thread(struct tx *tx, const struct copy *copy, int64_t limit, struct arena *arena,
	struct copy_row **ret, size_t *ret_count, struct err *err) must_check;

/* The conversation of a message: itself when nobody has a copy. */
enum result copy_thread(struct tx *tx, struct id message_id, struct id *ret, struct err *err) must_check;

struct copy_cursor copy_cursor_at(const struct copy_choice *choice, const struct copy *copy, bool before);

/* One page in the chosen order, of `limit` rows at most, by a few index range reads. */
enum result copy_page(struct tx *tx, struct id mailbox_id, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, struct arena *arena,
	struct copy_row **ret, size_t *ret_count, struct err *err) must_check;

/* The addresses that the person's newest messages in Sent went to, `limit` messages at most; each once, the
 * last written to first. */
enum result copy_list_written_to(struct tx *tx, struct id mailbox_id, int64_t limit, struct arena *arena,
	struct str **ret, size_t *ret_count, struct err *err) must_check;

/* The row of one copy. NOT_FOUND when it is not in the folder. */
enum result copy_row_find(struct tx *tx, struct id mailbox_id, enum folder folder, struct id copy_id,
	struct arena *arena, struct copy_row *ret, struct err *err) must_check;

/* Zeroes for a folder that never held anything. */
enum result copy_count(struct tx *tx, struct id mailbox_id, enum folder folder, struct folder_count *ret,
	struct err *err) must_check;

#endif
