/* compose: a person writes a new message in the portal. Those of the account write to people inside and
 * outside, and it goes on as mail that came by SMTP does; those from outside as far as flow/outsider.h
 * allows. */
#ifndef FLOW_COMPOSE_H
#define FLOW_COMPOSE_H

#include "flow/reply.h"

/* Fewer than are read of a field (LIMIT_ADDRESSES_SHOWN), so that nobody is left out unseen. */
#define COMPOSE_RECIPIENTS_MAX 400
/* INVALID with code "too-many-recipients", for more than those. */
enum result compose_refuse_many(struct err *err) must_check;

struct compose_message {
	struct str to, cc, bcc; /* as typed: addresses with commas, semicolons or newlines between them */
	struct str subject;
	struct id definition_id; /* none: the first of the writer's list */
	struct written written;
};

/* What the writer may send a new message with, in order, one at least (R3); people from outside with
 * one. */
enum result compose_choices(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err) must_check;

/* A recipient outside, as a look before sending shows it. */
struct compose_recipient {
	struct str address;
	enum recipient_role field; /* that it was typed into */
	bool is_new;		   /* the writer has not written to it lately */
	struct str like;  /* a known address, or a domain of the account, that it looks like; or empty */
	bool like_is_new; /* or another new address of the same message */
};

/* Those outside, of all fields, each once; what is no address is left out. Of more than a message may
 * have, as compose_refuse_many says. */
enum result compose_check(struct flow *flow, const struct actor *actor, const struct compose_message *message,
	struct arena *arena, struct compose_recipient **ret, size_t *ret_count, struct err *err) must_check;

/* A short name for what was looked at, or ticked: other fields give another. In the arena. */
struct str compose_mark(const struct str *fields, size_t count, struct arena *arena);

/* The addresses that the writer wrote to lately, newest first; their names are sealed and stay so (R15). */
enum result compose_known(struct flow *flow, const struct actor *actor, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err) must_check;

/* Whether its recipients and its definition are what compose_send takes, which says what is wrong of them as
 * that does. */
enum result compose_may(struct flow *flow, const struct actor *actor, const struct compose_message *message,
	struct err *err) must_check;

/* Sends it; `form_id` and *ret_copy_id as for reply_send. Nobody but the writer learns of those in Bcc (R15).
 * INVALID with code "no-recipients", "recipient-invalid", "too-many-recipients", or "unknown-definition";
 * DENIED as sending_accept (R11); of people from outside also as outsider_check and outsider_count say. */
enum result compose_send(struct flow *flow, const struct actor *actor, const struct compose_message *message,
	struct id form_id, int64_t now, struct id *ret_copy_id, struct err *err) must_check;

#endif
