/* report: what a delivery report (RFC 3464) to a sender says, as it waits sealed with its queue row. */
#ifndef FLOW_REPORT_H
#define FLOW_REPORT_H

#include "base/arena.h"
#include "base/result.h"

struct report {
	struct str action; /* "failed", "delayed", "relayed" */
	struct str status; /* "5.1.1" */
	struct str recipient;
	struct str original_recipient; /* ORCPT, as received; may be empty */
	struct str envelope_id;	       /* ENVID, as received; may be empty */
	struct str message_id;	       /* of the mail it is about; may be empty */
	struct str subject;	       /* the same, where ordinary mail may show it */
	struct str reason;	       /* the next server's words or ours; one line, may be empty */
	struct str host;	       /* whose words; may be empty */
	int64_t sent_at;
	int64_t give_up_at;   /* 0: nothing is tried any more */
	bool is_notification; /* of a secure message, which itself is kept */
	bool is_own_copy;     /* for the owner's own mailbox (R10); the message itself went */
	bool is_expired;      /* the message ended before */
};

struct str report_write(const struct report *report, struct arena *arena);

/* INTERNAL when it is none. */
enum result report_read(struct str text, struct arena *arena, struct report *ret, struct err *err) must_check;

#endif
