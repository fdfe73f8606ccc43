/* keep: one accepted mail becomes one message, in one transaction: the message with its sealed boxes, people,
 * copies, wraps, queue rows, and events. Used for mail from SMTP and for what is written in the portal.
 * Everything expensive was done before. */
#ifndef FLOW_KEEP_H
#define FLOW_KEEP_H

#include "flow/content.h"
#include "flow/flow.h"
#include "store/delivery.h"

/* The way a recipient's mail takes. */
enum keep_way {
	KEEP_IN_PORTAL, /* a copy in the Inbox, and a notification */
	KEEP_BY_SERVER, /* the mail itself with a banner, by the account's mail server */
	KEEP_REPLY,	/* a copy in the Inbox, and the mail by the account's mail server */
	KEEP_RELAYED	/* as it came */
};

struct keep_recipient {
	struct str address;
	struct str name; /* as in To or Cc, may be empty */
	enum recipient_role role;
	enum keep_way way;
	bool is_internal;
	int64_t dsn_notify;
	struct str dsn_original;
};

struct keep_request {
	struct flow *flow;
	struct content *content;
	const struct flow_account *account;
	struct actor actor;	 /* of the event; person_id none: the owner did it by mail */
	struct str sender;	 /* envelope */
	bool sender_is_internal; /* for route_mail */
	struct str owner;	 /* address, or empty: nobody's message */
	struct str owner_name;
	bool owner_is_internal;
	/* What it is sent with; definition.id none: nothing is secured. */
	struct definition definition;
	struct str access_code; /* where the definition asks for one; empty: a new one */
	struct id answers_id;
	struct id inquiry_id;  /* what asked for it, or none … */
	int64_t inquiry_bytes; /* … and how much of it this takes */
	bool own_copy;	       /* it also goes to the owner's own mailbox (R10) */
	struct keep_recipient *recipients;
	size_t recipient_count;
	struct bytes reference;	  /* of a mail that came, for its fingerprint; see keep_reference */
	struct bytes fingerprint; /* one mail is one message; of what is written in the portal: its form */
	/* What was written in that form, or empty for mail. A form that comes again with the same is the same
	 * message as it stands, with anything else a CONFLICT. */
	struct bytes written;
	bool smtputf8;
	int64_t dsn_return;
	struct str dsn_envelope;
	struct str detail; /* of the event: why, as decided */
	bool only_tries;   /* nothing is kept, unless it joined: OK says that it could be; its message_id is
			      none */
	db_work also;	   /* or NULL: what else becomes of the mail, in the same transaction */
	void *also_context;
	int64_t now;
};

struct keep_result {
	struct id message_id; /* the new one, or the one it joined */
	struct id owner_copy_id;
	bool joined;
};

/* OK means durable. CONFLICT with code "already-sent": see `written`. DENIED as sending_accept. The content
 * belongs to the message then, unless it joined another. */
enum result keep_mail(struct keep_request *request, struct keep_result *ret, struct err *err) must_check;

/* The keyed hash under which a Message-ID is looked up. */
void keep_reference(
	const struct flow_account *account, struct str message_id, uint8_t ret[static SEAL_MAC_BYTES]);

#endif
