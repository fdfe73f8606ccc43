/* What the files of keep share. */
#ifndef FLOW_KEEP_PRIVATE_H
#define FLOW_KEEP_PRIVATE_H

#include "base/list.h"
#include "flow/keep.h"
#include "store/message.h"

/* The message's boxes under its own key, sealed before the transaction. */
struct keep_boxes {
	struct bytes list, head, index;
	struct bytes words; /* that are searched, when it is secured */
};

/* The transaction's own state, made anew whenever the work runs. */
struct keeping {
	struct keep_request *request;
	const struct keep_boxes *boxes;
	struct str words;
	struct flow_account account;
	struct arena *arena;
	struct id message_id;
	struct message_key key;
	struct message message; /* as it is when this transaction is through */
	bool joined;
	bool becomes_secured; /* by this transaction: new, or relayed until now */
	bool needs_content;   /* a new delivery carries the mail itself */
	int64_t notified;
	size_t added;	     /* recipients of the secured message who had not got it before … */
	struct list outside; /* … and those of them who are outside, struct id */
	struct keep_result result;
};

bool keep_is_secured(const struct keep_request *request);

/* Fills in what the request sends a message with; sent_at is set. */
void keep_terms(const struct keeping *k, struct id owner_id, struct message *message);

/* Holds the message that this mail became before, and gets its key. GONE when it has ended: refused, so that
 * nothing is accepted and then lost (R12). */
enum result keep_join(struct tx *tx, struct keeping *k, struct err *err) must_check;

/* One mail is sent with one set of rules however it was split, the strictest of each: what was relayed until
 * now is secured from here on when this part of its recipients calls for it. */
enum result keep_join_terms(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err) must_check;

/* The queue keeps the key of a relayed message until the rest of its recipients cannot come any more, of a
 * secured one only while something waits. */
enum result keep_join_release(struct tx *tx, struct keeping *k, struct err *err) must_check;

#endif
