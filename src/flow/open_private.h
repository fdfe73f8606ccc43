/* What opening a message, its evidence, entering its access code and opening a mail in it share. */
#ifndef FLOW_OPEN_PRIVATE_H
#define FLOW_OPEN_PRIVATE_H

#include "flow/open.h"
#include "mime/address.h"
#include "store/copy.h"
#include "store/message.h"

/* A message that is being opened. */
struct message_query {
	struct flow *flow;
	const struct actor *actor;
	struct id copy_id;
	enum open_use use;
	int64_t now;
	struct open_message *opened;
	struct flow_account account;
	struct message message;
	struct message_key key; /* while the transaction reads */
};

/* Fills what the owner is shown of each recipient into q->opened, with the own copy by mail. */
enum result open_evidence(struct tx *tx, struct message_query *q, struct err *err) must_check;

/* GONE with code "recalled" or "expired" for a recipient; its owner goes on. */
enum result open_check_not_ended(
	const struct message *message, const struct copy *copy, int64_t now, struct err *err) must_check;

/* As they are shown; the texts stay where they are. */
struct open_person open_person_of(struct mime_address address);
struct open_person *open_people_of(const struct mime_address *addresses, size_t count, struct arena *arena);

#endif
