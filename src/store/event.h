/* Events: every change of a message's life and of an account, one row each, chained by hash per account. The
 * audit log, the read status and receipts are views of them. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/arena.h"
#include "db/db.h"

struct event {
	struct id id;
	struct id account_id;
	int64_t at;
	struct str kind;       /* one of the words of event_kinds, such as "message.secured" */
	struct id actor_id;    /* the person who did it, or none: the system, or the command line */
	struct id message_id;  /* or none */
	struct id person_id;   /* whom it concerns, or none */
	struct id delivery_id; /* or none */
	struct str origin;     /* address the request came from, "cli", or empty */
	struct str detail;     /* more in words or JSON; never content, subject or names */
	int64_t seq;	       /* in the account's chain; 0: not chained yet */
	struct bytes hash;
};

/* The kinds, for documentation and checks. */
#define EVENT_ACCOUNT_CREATED "account.created"
#define EVENT_ACCOUNT_CHANGED "account.changed"
#define EVENT_MESSAGE_SECURED "message.secured"
#define EVENT_MESSAGE_RELAYED "message.relayed"
#define EVENT_MESSAGE_JOINED "message.joined" /* the same mail again or the rest of its recipients */
#define EVENT_QUOTES_RECALLED "message.quotes_recalled" /* its quotes in answers, their number in detail */
#define EVENT_MESSAGE_RECALLED "message.recalled" /* from one person, or without one: the whole message */
#define EVENT_MESSAGE_EXTENDED "message.extended"
#define EVENT_MESSAGE_EXPIRED "message.expired"
#define EVENT_MESSAGE_DESTROYED "message.destroyed" /* kept no longer: key and content are gone */
#define EVENT_COPY_DELETED "copy.deleted"	    /* by its person, to Deleted */
#define EVENT_COPY_RESTORED "copy.restored"
#define EVENT_COPY_DESTROYED "copy.destroyed" /* for good: its key is gone, others keep theirs */
#define EVENT_DONE_AGAIN                                                                                     \
	"message.done-again" /* a restored backup knew nothing of it; detail: recalled, extended */
#define EVENT_DESTROYED_AGAIN "message.destroyed-again" /* of a person: a restored backup had it back */
#define EVENT_MAIL_REFUSED "mail.refused"
#define EVENT_MESSAGE_REPLIED "message.replied"
#define EVENT_MESSAGE_NOT_SENT "message.not-sent" /* what waited to leave could not; detail: why */
#define EVENT_LINK_OPENED "link.opened"		  /* nobody signed in: may be an automatic check */
#define EVENT_BODY_SHOWN "body.shown"		  /* the only evidence that is called "read" (R13) */
#define EVENT_FILE_DOWNLOADED "file.downloaded"
#define EVENT_FILE_SHOWN "file.shown"	    /* in the portal: a mail that is attached */
#define EVENT_MESSAGE_SAVED "message.saved" /* the whole of it as a file, by a recipient */
#define EVENT_ACCESS_CODE_ENTERED "access-code.entered"
#define EVENT_ACCESS_CODE_REFUSED "access-code.refused"
#define EVENT_ACCESS_CODE_CHANGED "access-code.changed" /* by the sender or an administrator */
#define EVENT_SIGNED_IN "person.signed-in"
#define EVENT_SIGNED_OUT "person.signed-out"
#define EVENT_PROVED "person.proved" /* who it is, anew in a session that is open; detail: by what */
#define EVENT_CODE_SENT "person.code-sent"
#define EVENT_CODE_REFUSED "person.code-refused"
#define EVENT_PASSWORD_SET "person.password-set"
#define EVENT_PASSWORD_REFUSED "person.password-refused"
#define EVENT_FACTOR_SET "person.second-factor-set"
#define EVENT_FACTOR_REMOVED "person.second-factor-removed" /* without an actor: by an administrator */
#define EVENT_FACTOR_REFUSED "person.second-factor-refused"
#define EVENT_RECOVERY_CODES_MADE "person.recovery-codes-made"
#define EVENT_PASSKEY_ADDED "person.passkey-added"
#define EVENT_PASSKEY_REMOVED "person.passkey-removed"
#define EVENT_PASSKEY_REFUSED "person.passkey-refused"
#define EVENT_BROWSER_FORGOTTEN "person.browser-forgotten"
#define EVENT_ADDRESS_ADDED "person.address-added" /* detail: the other address */
#define EVENT_ADDRESS_REMOVED "person.address-removed"
#define EVENT_ADDRESS_MAIN "person.main-address"     /* detail: the address that is the main one now */
#define EVENT_ADDRESS_SHARED "person.address-shared" /* used with others from now on; detail: the address */
#define EVENT_ADDRESS_LEFT "person.address-left"
#define EVENT_ENTRIES_ENDED                                                                                  \
	"person.entries-ended" /* by an administrator: sessions, and every way in but codes by mail */
#define EVENT_PERSON_DELETED "person.deleted" /* by the person; one for each of the addresses */
#define EVENT_ADDRESS_DENIED "person.not-my-address"
#define EVENT_DELIVERY_SENT "delivery.sent"
#define EVENT_DELIVERY_DELAYED "delivery.delayed"
#define EVENT_DELIVERY_FAILED "delivery.failed"
#define EVENT_DELIVERY_CANCELLED "delivery.cancelled" /* its message was recalled or expired before */
#define EVENT_DELIVERY_DROPPED "delivery.dropped"
#define EVENT_DELIVERY_HURRIED "delivery.hurried"  /* an administrator had it tried again at once */
#define EVENT_DELIVERY_BOUNCED "delivery.bounced"  /* a report came back to a tagged return address */
#define EVENT_RETURN_DISCARDED "return.discarded"  /* an out-of-office or other automatic mail came back */
#define EVENT_NOT_READ_HERE "return.not-read-here" /* somebody wrote to a notification's address */
#define EVENT_REPORT_SENT "report.sent"
#define EVENT_REQUEST_MADE                                                                                   \
	"request.made" /* somebody outside was asked for a message; detail: which request */
#define EVENT_REQUEST_ANSWERED "request.answered"
#define EVENT_REQUEST_CLOSED "request.closed"
#define EVENT_RECEIPT_SENT "receipt.sent" /* to the owner: this person read it */
#define EVENT_REMINDER_SENT "reminder.sent"
#define EVENT_SUMMARY_TOLD                                                                                   \
	"summary.told" /* to the owner, in one mail a day; detail: failed, expired, ends-soon, unread */
#define EVENT_SUMMARY_CHOSEN "person.summary" /* whether the person wants that mail; detail: yes, no */
#define EVENT_UNREAD_TOLD                                                                                    \
	"unread.told" /* to the owner: this person has not read it; detail: expired, waiting */
#define EVENT_NOTIFIED_AGAIN "notification.again"

/* Of a message, or of one person of it when person_id is not none, in order. */
enum result event_list_by_message(struct tx *tx, struct id message_id, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err) must_check;

/* Whether that person did that with the message for the one whom it concerns. */
enum result event_is_noted(struct tx *tx, struct id message_id, struct id person_id, struct id actor_id,
	struct str kind, bool *ret, struct err *err) must_check;

/* Whether something of that kind, about no message, happened to the person just then. */
enum result event_is_noted_at(struct tx *tx, struct id person_id, struct str kind, int64_t at, bool *ret,
	struct err *err) must_check;

/* Of an account, newest first, before the identifier `before` (none: from the newest). */
enum result event_list(struct tx *tx, struct id account_id, struct id before, int64_t limit,
	struct arena *arena, struct event **ret, size_t *ret_count, struct err *err) must_check;

/* Of the person but of no message, newest first: signing in and what protects it. */
enum result event_list_of_person(struct tx *tx, struct id person_id, int64_t limit, struct arena *arena,
	struct event **ret, size_t *ret_count, struct err *err) must_check;

/* When the person first signed in at or after `since`, and from where; 0: not yet. */
enum result event_first_sign_in(struct tx *tx, struct id person_id, int64_t since, struct arena *arena,
	int64_t *ret, struct str *ret_origin, struct err *err) must_check;

#endif
