/* Deliveries: the outgoing queue and, afterwards, what became of each recipient. */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "base/arena.h"
#include "db/db.h"
#include "store/domain.h"

enum delivery_kind {
	DELIVERY_RELAY = 1,	    /* a mail that is not secured, as it came */
	DELIVERY_NOTIFICATION = 2,  /* tells an outside recipient of a secure message; copy_id is theirs */
	DELIVERY_INTERNAL_COPY = 3, /* a secure message for an internal recipient, with the banner */
	DELIVERY_REPLY = 4,	    /* a reply from the portal for an internal user, as ordinary mail */
	DELIVERY_REPORT = 5,	    /* an RFC 3464 report; payload_box holds its fields */
	DELIVERY_CODE = 6, /* a code; payload_box: its digits, and on lines of their own who wants to add the
		      address that it proves (itself: shows anew who it is), and in which language */
	DELIVERY_NOT_READ_HERE = 7,  /* the answer to a mail sent to a notification's address */
	DELIVERY_TOO_LARGE = 8,	     /* tells an internal user that a reply waits in the portal */
	DELIVERY_ADDRESS_DENIED = 9, /* tells an owner that a recipient's address is another person's;
				       payload_box holds the address, copy_id is the owner's */
	DELIVERY_RECEIPT =
		10, /* tells an owner that somebody read it (RFC 8098); payload_box: flow/notice.h */
	DELIVERY_REMINDER = 11, /* tells a recipient that an unread message ends soon; copy_id is theirs */
	DELIVERY_UNREAD = 12,	/* tells an owner who has not read it; payload_box: flow/notice.h */
	DELIVERY_REQUEST = 13,	/* asks somebody outside for a message; copy_id is the inquiry, payload_box:
				   flow/notice.h, people being the asker's address and name */
	DELIVERY_NOT_SENT = 22, /* tells a writer that what waited to leave could not */
	DELIVERY_SUMMARY = 21,	/* tells an owner once a day what became of messages; payload_box: notices */
	DELIVERY_CHANGED = 20, /* tells a person what changed about signing in; payload_box: flow/changed.h */
	DELIVERY_OWN_COPY = 14 /* what its owner wrote in the portal, for their own mailbox (R10) */
};

enum delivery_state {
	DELIVERY_WAITING = 1,
	DELIVERY_SENT = 2,     /* the next server took it */
	DELIVERY_FAILED = 3,   /* refused for good, or given up */
	DELIVERY_DROPPED = 4,  /* by an administrator */
	DELIVERY_CANCELLED = 5 /* not needed any more: recalled, expired */
};

/* RFC 3461 NOTIFY, as bits; 0: not given. */
enum { DSN_NEVER = 1, DSN_SUCCESS = 2, DSN_FAILURE = 4, DSN_DELAY = 8 };

enum { DSN_RETURN_NONE = 0, DSN_RETURN_FULL = 1, DSN_RETURN_HEADERS = 2 };

struct delivery {
	struct id id;
	struct id account_id;
	struct id message_id; /* or none */
	struct id copy_id;    /* or none */
	enum delivery_kind kind;
	struct str recipient; /* envelope recipient */
	struct str sender;    /* envelope sender; empty: the null path */
	struct str
		destination; /* what is connected to: "host:port" of a next hop, or the recipient's domain */
	enum delivery_state state;
	int64_t created_at;
	int64_t give_up_at;
	int64_t next_try_at;
	int64_t attempts;
	struct id holder_id; /* the node run that sends it, or none (store/node_run.h) */
	int64_t dsn_notify;
	struct str dsn_original; /* ORCPT, as received */
	struct str dsn_envelope; /* ENVID, as received */
	int64_t dsn_return;
	bool smtputf8;
	struct bytes payload_box; /* account key, context "delivery" + id */
	struct str last_reply;	  /* of the next server, or our reason */
	struct str last_host;
	struct str tls_version; /* reached, empty: none */
	struct str tls_cipher;
	struct str tls_verified; /* "yes", or why not */
	int64_t done_at;
	int64_t delay_told_at; /* an event, and the sender unless not wished, tell that it takes long; 0: not
				  yet */
	int64_t resends;       /* how often its notification was asked for again */
	/* Not kept, but found when it is taken: */
	bool needs_tls;	      /* the account asks for verified TLS to the recipient's domain */
	enum hop_tls own_hop; /* what it asks of its next hop, when the domain is its own; else 0 */
};

/* With the none identifier for account_id: of any account, for workers. */
enum result delivery_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct delivery *ret, struct err *err) must_check;

/* Of a message, in the order of their making. */
enum result delivery_list_by_message(struct tx *tx, struct id message_id, struct arena *arena,
	struct delivery **ret, size_t *ret_count, struct err *err) must_check;

/* Of an account (none: of all), waiting ones first to be tried first; with `all` finished ones too. */
enum result delivery_list(struct tx *tx, struct id account_id, bool all, int64_t limit, struct arena *arena,
	struct delivery **ret, size_t *ret_count, struct err *err) must_check;

/* When the next waiting delivery that nobody holds may be tried (ms), or INT64_MAX. */
enum result delivery_next_time(struct tx *tx, int64_t *ret, struct err *err) must_check;

/* How many of the message's deliveries that need its content still wait. */
enum result delivery_count_waiting(
	struct tx *tx, struct id message_id, int64_t *ret, struct err *err) must_check;

/* Whether some of the message's recipients still wait for it to be relayed to them: they get it as ordinary
 * mail, whatever becomes of the secure message. */
enum result delivery_relays_wait(struct tx *tx, struct id message_id, bool *ret, struct err *err) must_check;

/* What a node's run has taken and not written down the end of. */
enum result delivery_count_held(struct tx *tx, struct id holder_id, int64_t *ret, struct err *err) must_check;

const char *delivery_kind_name(enum delivery_kind kind);
const char *delivery_state_name(enum delivery_state state);

#endif
