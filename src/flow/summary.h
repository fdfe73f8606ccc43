/* summary: one mail a day tells the owner of messages, instead of a mail for each, which notifications did
 * not arrive, which messages expired unread, end soon unread, or are unread for long (settings
 * sender_notices, summary_hour). Each matter is told once; an owner who does not want the mail is told none
 * of them. */
#ifndef FLOW_SUMMARY_H
#define FLOW_SUMMARY_H

#include "flow/flow.h"
#include "store/summary_write.h"

/* Messages that one mail names; what is more is told the next day. */
#define SUMMARY_ITEMS_MAX 50

/* Queues what is due in all accounts. *ret_count gets how many mails. */
enum result summary_send(struct flow *flow, int64_t now, size_t *ret_count, struct err *err) must_check;

/* Whether the person wants the mail. */
enum result summary_choose(
	struct flow *flow, const struct actor *actor, bool wanted, int64_t now, struct err *err) must_check;

/* What a mail's own address to end such mails holds: the person, and a keyed hash that only the account
 * makes. */
struct str summary_token(const struct flow_account *account, struct id person_id, struct arena *arena);

/* Whom a token is for. */
struct summary_reader {
	struct account_settings settings;
	struct str address;
	bool wanted; /* still, or again */
};

/* NOT_FOUND: it is none of ours. */
enum result summary_look(struct flow *flow, struct str token, struct arena *arena, struct summary_reader *ret,
	struct err *err) must_check;

/* Nobody need be signed in: whoever has the mail may end it. NOT_FOUND as above. */
enum result summary_stop(
	struct flow *flow, struct str token, struct str origin, int64_t now, struct err *err) must_check;

#endif
