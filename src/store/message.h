/* Messages: what was accepted, secured or to be relayed, with its sealed parts.
 *
 * list_box  (message key, context "list")  JSON: what a mailbox row shows: subject, from {name, address},
 *           snippet, files (number of attachments)
 * head_box  (message key, context "head")  JSON: sender, to, cc, message_id, references, date
 * index_box (message key, context "index") the part index (mime/index.h)
 * The content itself is the raw mail, sealed as a stream. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "blob/blob.h"
#include "store/definition.h"

enum message_kind {
	MESSAGE_SECURED = 1, /* kept in the portal */
	MESSAGE_RELAYED = 2  /* only until it is delivered */
};

/* Where the sealed content is. */
enum content_kept {
	CONTENT_IN_ROW = 0,  /* in message_content; or nowhere any more */
	CONTENT_IN_BLOB = 1, /* the blob named by the message */
	CONTENT_IN_PACK = 2  /* a place in a pack */
};

struct content_place {
	enum content_kept kept;
	struct id message_id;
	struct blob_place pack; /* CONTENT_IN_PACK */
};

struct message {
	struct id id;
	struct id account_id;
	enum message_kind kind;
	struct id owner_id; /* whose message it is; none for forwarded mail */
	struct str sender;  /* envelope sender, empty for the null path */
	struct id definition_id;
	struct str definition_name;
	struct rights rights;
	bool read_receipt;
	bool all_recipients;
	struct id answers_id; /* the message it is a reply to, or none */
	int64_t sent_at;
	int64_t expires_at;    /* 0: never */
	struct bytes code_box; /* the access code under the message key, "access-code" */
	int64_t code_set_at;   /* 0: it asks for none */
	int64_t extended_at;
	int64_t recalled_at;	 /* from all its recipients; copies name the recall that took one away */
	int64_t content_ends_at; /* when the content goes: of a secured one, as far as it may be extended */
	int64_t size;		 /* bytes of the raw mail */
	int64_t sealed_size;	 /* bytes of its sealed stream */
	struct content_place content;
	struct bytes list_box;
	struct bytes head_box;
	struct bytes index_box;
};

/* What a recipient is of a message. */
enum recipient_role { ROLE_OWNER = 0, ROLE_TO = 1, ROLE_CC = 2, ROLE_BCC = 3 };

/* How a recipient got it. */
enum recipient_route {
	ROUTE_PORTAL = 1,     /* a copy in the portal and a notification */
	ROUTE_MAIL_SERVER = 2 /* the mail itself, by the account's mail server */
};

struct recipient {
	struct id message_id;
	struct id person_id;
	enum recipient_role role;
	enum recipient_route route;
	int64_t added_at;
	struct bytes name_box; /* as the sender names them (message key, "recipient-name" + person); may be
				  empty */
	struct str address;    /* of the person, when listed */
	bool is_internal;
};

/* NOT_FOUND when the account has no such message. */
enum result message_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct message *ret, struct err *err) must_check;

/* The account's messages, newest first, before the identifier `before` (none: from the newest). The boxes are
 * left empty. */
enum result message_list(struct tx *tx, struct id account_id, struct id before, int64_t limit,
	struct arena *arena, struct message **ret, size_t *ret_count, struct err *err) must_check;

/* Whether a message has its content in the blob of its name. */
enum result message_has_blob(struct tx *tx, struct id id, bool *ret, struct err *err) must_check;

/* Whether any message has its content in the pack. */
enum result message_any_in_pack(struct tx *tx, struct id pack_id, bool *ret, struct err *err) must_check;

/* The sealed content kept in the row. NOT_FOUND when it is elsewhere or was destroyed. */
enum result message_body_find(
	struct tx *tx, struct id id, struct arena *arena, struct bytes *ret, struct err *err) must_check;

/* The secure message that has this reference (a keyed hash of a Message-ID). NOT_FOUND when none has. */
enum result message_by_reference(struct tx *tx, struct id account_id, struct bytes reference, struct id *ret,
	struct err *err) must_check;

/* Everybody it was sent to, in the order To, Cc, Bcc and then of address. */
enum result recipient_list(struct tx *tx, struct id message_id, struct arena *arena, struct recipient **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
