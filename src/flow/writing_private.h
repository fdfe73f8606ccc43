/* What the files of replying and composing share: a message in the writing, from the portal's forms to
 * keep_mail. */
#ifndef FLOW_WRITING_PRIVATE_H
#define FLOW_WRITING_PRIVATE_H

#include "base/list.h"
#include "flow/keep.h"
#include "flow/letter.h"
#include "flow/quotes.h"
#include "flow/reply.h"
#include "flow/rich.h"
#include "mime/address.h"
#include "store/inquiry.h"
#include "store/person.h"

#define WRITING_TEXT_BYTES_MAX ((size_t)4 << 20)

struct writing {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct arena arena;
	struct id written_by; /* by which of the actor's addresses; none: the main one */
	/* Read from the database: */
	struct flow_account account;
	struct person writer;
	struct str writer_name;
	struct definition definition;
	struct str access_code;	 /* of what is answered, or empty */
	struct message answered; /* id none: a new message */
	bool answers_all;
	struct inquiry inquiry; /* what asked for it; id none: nothing did */
	struct list recipients; /* of struct keep_recipient */
	/* What the mail says: */
	struct str subject;
	struct str text;
	struct str html; /* clean; empty: the text only */
	struct mime_address *to, *cc, *bcc;
	size_t to_count, cc_count, bcc_count;
	struct str in_reply_to;
	struct str references[LETTER_REFERENCES_MAX];
	size_t reference_count;
	struct list quotes; /* of struct quote_text: beside the text */
};

/* The account, the writer, and the way to each recipient. */
enum result writing_load(struct tx *tx, struct writing *w, struct err *err) must_check;

/* What was written, made harmless: w->text and w->html. TOO_LARGE. */
enum result writing_take_text(struct writing *w, const struct written *written, struct err *err) must_check;

/* Builds the mail and keeps it; *ret_copy_id is the writer's copy in Sent. */
enum result writing_send(struct writing *w, const struct written *written, struct id form_id,
	struct id *ret_copy_id, struct err *err) must_check;

#endif
