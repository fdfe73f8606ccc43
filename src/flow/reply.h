/* reply: a person answers in the portal. The message is built as ordinary mail, sealed, kept in
 * Sent and the recipients' Inboxes, and goes on by the mail server or by notification. */
#ifndef FLOW_REPLY_H
#define FLOW_REPLY_H

#include "flow/open.h"
#include "store/definition.h"
#include "store/sealed_body.h"

/* A file that was uploaded and waits, sealed under a key of its own, until the message is sent. */
struct upload;

/* Begins, feeds and ends an upload; TOO_LARGE past the node's mail size, UNAVAILABLE when the disk is full.
 */
enum result upload_begin(struct flow *flow, struct str name, struct str type, int64_t now,
	struct upload **ret, struct err *err) must_check;
enum result upload_write(struct upload *upload, struct str piece, struct err *err) must_check;
enum result upload_end(struct upload *upload, struct err *err) must_check;
void upload_free(struct upload *upload);
uint64_t upload_size(const struct upload *upload);

struct written {
	struct str text; /* UTF-8, any newlines */
	struct str html; /* as it came from a browser: the text is made from it (flow/rich.h); or empty */
	struct upload *const *files;
	size_t file_count;
	/* Where the account gives time to undo it is not sent, only made sure that it could be: no copy comes
	 * of it then, and leave_begin (flow/leave.h) goes on. */
	bool may_wait;
	int64_t leaves_at; /* it waited until then, as the draft of the form; 0: it did not */
};

/* Whom a reply to this message goes to, as its page shows them: its owner, whatever From says, or with `all`
 * also those of To and Cc who have the message by now (the parts of one mail may come one after the other),
 * never the writer (but when nobody else is left) and never Bcc. DENIED when the message does not allow it.
 */
enum result reply_recipients(struct flow *flow, const struct open_message *message, bool all,
	struct arena *arena, struct open_person **ret, size_t *ret_count, struct err *err) must_check;

/* What the reply quotes, as its page shows it: the begin of the text, all parts of it, with "[…]" behind when
 * there is more; empty when there is none. */
enum result reply_quote(
	const struct open_message *message, struct arena *arena, struct str *ret, struct err *err) must_check;

/* Replies with the definition of what is answered and its own clock. `form_id` makes sending twice (a reload,
 * a double click) send once; CONFLICT with code "already-sent" when something else was sent with it.
 * *ret_copy_id: the writer's copy in Sent. */
enum result reply_send(struct flow *flow, const struct actor *actor, struct id copy_id, bool all,
	struct id form_id, const struct written *written, int64_t now, struct id *ret_copy_id,
	struct err *err) must_check;

#endif
