/* open: what a signed-in person sees. Reads only; the one thing these functions may cause is evidence,
 * through flow/evidence.h. Everything answers NOT_FOUND for what is not the person's own (R15). */
#ifndef FLOW_OPEN_H
#define FLOW_OPEN_H

#include "base/io.h"
#include "flow/flow.h"
#include "flow/quotes.h"
#include "mime/index.h"
#include "store/copy.h"
#include "store/delivery.h"

/* A name and an address as they are shown; the name may be empty. */
struct open_person {
	struct str name;
	struct str address;
};

/* What a mailbox row and the head of a message page show. */
struct open_summary {
	struct copy copy;
	struct str subject; /* empty when there is none, or when it cannot be opened any more */
	struct open_person from;
	struct str came_to; /* the address, when it is a further one of the person's (flow/addresses.h) */
	struct str snippet;
	int64_t files;
	int64_t sent_at;
	int64_t expires_at;  /* 0: at the end of retention */
	int64_t recalled_at; /* from everybody */
	int64_t extended_at;
	bool in_own_mailbox;	    /* the mail went to the owner's own mailbox, too (R10) */
	struct copy_tally tally;    /* of the owner's copies */
	struct thread_count thread; /* where a list has one row a conversation */
	bool readable;		    /* false: recalled, expired or destroyed */
	struct open_person *to;	    /* of the owner's copies: whom it went to; NULL otherwise */
	size_t to_count;
};

struct open_folder {
	struct open_summary *rows;
	size_t count;
	struct copy_cursor from;  /* where it begins */
	struct copy_cursor older; /* none: this is the last page */
	struct copy_cursor newer; /* none: this is the first page */
	struct folder_count inbox, this_folder;
};

/* One page of at most `limit` rows. */
enum result open_folder(struct flow *flow, const struct actor *actor, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, int64_t now,
	struct arena *arena, struct open_folder *ret, struct err *err) must_check;

/* The list beside an open message: a few newer ones of its folder, itself, and older ones. */
enum result open_beside(struct flow *flow, const struct actor *actor, const struct copy *copy,
	const struct copy_choice *choice, int64_t limit, int64_t now, struct arena *arena,
	struct open_folder *ret, struct err *err) must_check;

/* The person's others of the copy's conversation, newest first, `limit` at most. */
enum result open_conversation(struct flow *flow, const struct actor *actor, const struct copy *copy,
	int64_t limit, int64_t now, struct arena *arena, struct open_folder *ret, struct err *err) must_check;

/* What every page shows of the person it is for. */
struct open_self {
	struct str name;   /* may be empty */
	struct str shared; /* the address whose mailbox is open, when it is shared; else empty */
	struct folder_count inbox;
};

enum result open_self(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct open_self *ret, struct err *err) must_check;

/* A file of which the recipient fetched at least a piece, or that the portal showed. */
struct open_download {
	struct str path; /* of the part */
	int64_t at;	 /* the first time */
	struct str origin;
	bool was_shown;
	struct id reader_id; /* by whom; for the owner to see only where that is one of open_recipient.readers
			      */
};

/* One of the people who use an address together, and read for it. */
struct open_reader {
	struct id id;
	struct open_person person;
	int64_t at; /* body shown */
	struct str origin;
};

/* One grade of what is known: the first time, and the peer's address. */
struct open_sign {
	int64_t at; /* 0: there is none */
	struct str origin;
};

/* What the owner sees of one recipient, in grades (R13). */
struct open_recipient {
	struct open_person person;
	enum recipient_role role;
	enum recipient_route route;
	bool has_copy;	       /* in the portal */
	int64_t recalled_at;   /* it was taken away */
	bool in_mail_system;   /* the mail itself is in the account's own mail server, and stays there */
	int64_t deleted_at;    /* with all that the person had here, by the person */
	int64_t denied_at;     /* somebody with the link said that the address is another person's */
	struct open_sign read; /* body shown */
	struct open_sign link_opened; /* nobody signed in */
	struct open_sign signed_in;   /* to the portal, since the message was sent */
	struct open_sign code_entered;
	struct open_sign saved; /* the whole message was fetched as a file */
	struct open_download *downloads;
	size_t download_count;
	struct open_reader *readers; /* by name, where several people use the address */
	size_t reader_count;
	struct delivery delivery; /* of its notification or its mail; kind 0 when there is none */
};

/* One message as its page shows it. Hold it while reading from it; open_message_free ends that. */
struct open_message {
	struct open_summary summary;
	struct open_person owner;  /* whose message it is: who is answered; no address: nobody's */
	struct open_person sender; /* the owner, or else Sender:, when it is not From */
	struct open_person *to, *cc;
	size_t to_count, cc_count;
	struct rights rights;
	struct id definition_id;
	struct str definition_name;
	bool read_receipt, all_recipients; /* for the owner, with the rights */
	struct str access_code;		   /* empty: it asks for none */
	const struct mime_index *index;	   /* with what lies inside encoded parts (mime/inside.h) */
	struct reader content;		   /* the raw mail, and what lies inside behind it */
	uint64_t mail_bytes;		   /* of the raw mail */
	struct delivery own_copy;	   /* to the owner's own mailbox; id none: none (R10) */
	int64_t code_set_at;		   /* when the code it was opened with was set; 0: it asks for none */
	struct quote_text *quotes;	   /* of an answer, those that are not in its text */
	size_t quote_count;
	int64_t quotes_recalled_at;	   /* for the owner: its own quotes in answers were taken away */
	int64_t latest_expiry;		   /* as far as it may be extended */
	struct open_recipient *recipients; /* for the owner, who is told of Bcc; NULL for recipients */
	size_t recipient_count;
	struct arena arena;
	struct open_held *held;
};

/* What a message is opened for. */
enum open_use {
	OPEN_READ,  /* its page, its text, its files */
	OPEN_LEAVE, /* to send what was written while it was open: asks for no code or second factor again */
	OPEN_PRINT, /* where its definition allows it */
	OPEN_SAVE   /* the whole of it as a file; where its definition allows it */
};

/* NOT_FOUND; GONE with code "recalled", "expired", "deleted" or "destroyed"; DENIED with "print-not-allowed",
 * "save-not-allowed", "second-factor" when its definition asks for one that was not shown, or "access-code"
 * while that was not entered in this session. The owner may do everything, and still opens what was recalled
 * or has expired, as long as it is kept. */
enum result open_message(struct flow *flow, const struct actor *actor, struct id copy_id, enum open_use use,
	int64_t now, struct open_message **ret, struct err *err) must_check;
void open_message_free(struct open_message *message);
DEFINE_CLEANUP(struct open_message *, open_message_free)

/* A mail that is attached to the message, by the path of its part, as a message: its own are index, subject,
 * people and date (sent_at, 0: it has none); all else is that of the message, its rights among it. *ret is
 * read only and borrowed: the message and the arena must outlive it. NOT_FOUND. */
enum result open_attached(const struct open_message *message, struct str path, struct arena *arena,
	struct open_message *ret, struct err *err) must_check;

/* The text of the mail in UTF-8, of HTML parts their words, up to the buffer's limit; *ret_cut: there was
 * more. */
enum result open_text(const struct open_message *message, struct arena *arena, struct buf *text,
	bool *ret_cut, struct err *err) must_check;

/* The header as it is given away with the whole message: without what is not for its recipients, and with an
 * empty line behind it. Its body follows as it is, from index->parts[0].body_offset on. */
enum result open_header(const struct open_message *message, struct buf *header, struct err *err) must_check;

/* Whether the person may still see the message that is being read out: results as open_message; it was opened
 * with an older code: "access-code". Cheap. */
enum result open_still(struct flow *flow, const struct actor *actor, const struct open_message *message,
	int64_t now, struct err *err) must_check;

/* Whether it could be opened but for codes and factors: OK, or NOT_FOUND or GONE as open_message. */
enum result open_is_there(struct flow *flow, const struct actor *actor, struct id copy_id, int64_t now,
	struct err *err) must_check;

/* Of a message that answers GONE: whom to ask, and when it ended (0: not known). */
struct open_ended {
	struct open_person owner;
	int64_t ended_at;
	bool was_own;	       /* the person's own message, in Sent */
	bool by_administrator; /* it was not its owner who recalled it */
	struct str reason;     /* of a recall, may be empty */
};

enum result open_ended(struct flow *flow, const struct actor *actor, struct id copy_id, struct arena *arena,
	struct open_ended *ret, struct err *err) must_check;

#endif
