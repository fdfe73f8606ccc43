/* sign-in: by a code sent to the address, or by a password; never by a link alone. Answers and time are the
 * same whether an address is known or not. */
#ifndef FLOW_SIGN_IN_H
#define FLOW_SIGN_IN_H

#include "flow/flow.h"
#include "store/person.h"
#include "store/session.h"

#define TOKEN_BYTES 32
#define TOKEN_HASH_BYTES 32 /* by which a session is named */

/* What the page behind a notification's link may show before anybody signed in. */
struct link_facts {
	struct id account_id;
	struct id person_id; /* who signs in by the address */
	bool is_inquiry;     /* not a message: a request for one (flow/inquiry.h) */
	bool is_shared;	     /* several people use the address */
	bool has_ended;	     /* its time is over, which the notification told; not: recalled or deleted */
	struct str account_name;
	struct str address; /* whole; the page shows it masked */
	struct account_settings settings;
};

/* The link of a message's copy or of an inquiry. NOT_FOUND for what is no link. Recalled, deleted or expired
 * ones are found: signing in tells what became of them. */
enum result sign_in_link(struct flow *flow, struct id copy_id, int64_t now, struct arena *arena,
	struct link_facts *ret, struct err *err) must_check;

/* The settings of the installation's only account, so that pages wear its name and colour before anybody
 * signed in. NOT_FOUND when there are several: none of them is shown to strangers (R15). */
enum result sign_in_only_account(
	struct flow *flow, struct arena *arena, struct account_settings *ret, struct err *err) must_check;

/* Who is at the door. */
struct visitor {
	struct bytes browser; /* a random cookie value; codes are good only with it */
	struct bytes device;  /* the cookie of an earlier sign-in, or empty */
	struct str origin;    /* the peer's address */
	struct bytes token;   /* of the session there is in it, or empty */
	struct str agent;     /* what the browser calls itself, in short; may be empty */
};

/* Sends a code to the address of the link's recipient. BUSY after too many; the wait is in err->text. */
enum result sign_in_send_code(struct flow *flow, struct id copy_id, const struct visitor *visitor,
	int64_t now, struct err *err) must_check;

/* The same for an address typed in. Unknown addresses get the same OK and no mail. */
enum result sign_in_send_code_to(struct flow *flow, struct str address, const struct visitor *visitor,
	int64_t now, struct err *err) must_check;

/* A fresh session after signing in: the token goes into the cookie and is kept nowhere. */
struct sign_in {
	uint8_t token[TOKEN_BYTES];
	uint8_t device[TOKEN_BYTES]; /* by which the browser is known from now on; the same as before, if it
					was */
	struct id account_id;
	struct id person_id;
	struct id copy_id; /* the message whose link began it, or none (R8) … */
	bool is_inquiry;   /* … or the request for one */
	bool has_password;
	bool has_choice; /* no link said which of the address's mailboxes is meant */
	enum session_stage stage;
};

/* DENIED: wrong code, err->code "code-wrong", tries left in the text; GONE "code-used-up": expired, used, no
 * tries left; NOT_FOUND "code-other-browser": this browser asked for none. */
enum result sign_in_by_code(struct flow *flow, const struct visitor *visitor, struct str code, int64_t now,
	struct sign_in *ret, struct err *err) must_check;

/* copy_id: the link's message, which says whose mailbox in which account is meant, or none: then the address
 * counts, and the first of its mailboxes whose password it is, that of its own organisation before others.
 * DENIED: wrong (or unknown, or none set). BUSY: too many tries from
 * this network; the owner of the address still gets in by code. */
enum result sign_in_by_password(struct flow *flow, const struct visitor *visitor, struct str address,
	struct str password, struct id copy_id, int64_t now, struct sign_in *ret, struct err *err) must_check;

/* The mailboxes of a person's address, in several accounts. A code proves the address and entitles to all of
 * them; a password is that of one account, whose administrator may have set it. */
struct mailbox {
	struct id person_id;
	struct str account_name; /* as it calls itself */
	struct str shared;	 /* the address, of one that is shared; else empty */
	int64_t unread;
	bool is_current;
};

/* All that the session entitles to, the current one included, by name. *ret_needs_code: the installation has
 * other accounts, and only a code would tell whether they have mailboxes of the address. */
enum result mailbox_list(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct mailbox **ret, size_t *ret_count, bool *ret_needs_code, struct err *err) must_check;

/* Ends the session and begins one for the other mailbox, with the same end. NOT_FOUND unless the session
 * entitles to it; also when its password was set since the session began, which ends what was open. Of a
 * shared address: who is signed in stays who reads. */
enum result mailbox_switch(struct flow *flow, struct bytes token, const struct visitor *visitor,
	struct id person_id, int64_t now, struct sign_in *ret, struct err *err) must_check;

/* Who a session's token is. DENIED with code "session-ended" after the idle or the absolute limit (R7),
 * "second-factor" while something is due before it opens (flow/second_factor.h), "self-due" while it waits
 * for who it is that proved a shared address (flow/shared.h). */
struct session_facts {
	struct session session;
	struct person person; /* who is signed in, also in a mailbox that is shared */
	struct account_settings settings;
	int64_t ends_at; /* when it ends without another request */
};

enum result session_open(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct session_facts *ret, struct err *err) must_check;

/* Whose session it was that has ended by its time, not by signing out, at most LIMIT_LATE_FORM_MS ago: what
 * was written in it is kept for that person (R7). It entitles to nothing else. DENIED. */
enum result session_late(
	struct flow *flow, struct bytes token, int64_t now, struct actor *ret, struct err *err) must_check;

/* Counts a person's own request as use. */
enum result session_use(
	struct flow *flow, const struct session_facts *facts, int64_t now, struct err *err) must_check;

enum result sign_out(struct flow *flow, const struct actor *actor, struct bytes token, int64_t now,
	struct err *err) must_check;

/* INVALID as password_check. Ends all other sessions. */
enum result password_set(struct flow *flow, const struct actor *actor, struct bytes token, struct str address,
	struct str password, int64_t now, struct err *err) must_check;

/* INVALID for an order of dates that there is not. */
enum result choices_set(struct flow *flow, const struct actor *actor, const struct person_choices *choices,
	int64_t now, struct err *err) must_check;

#endif
