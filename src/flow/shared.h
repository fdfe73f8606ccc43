/* shared: an address that several people use. Each signs in as themselves and opens its mailbox from there;
 * what they do in it has their name. The mailbox is one: read marks, Deleted, drafts and answers are of all.
 */
#ifndef FLOW_SHARED_H
#define FLOW_SHARED_H

#include "flow/sign_in.h"

struct shared_person {
	struct id id;
	struct str name; /* or empty */
	struct str address;
	bool is_self;
};

struct shared_address {
	struct id id;
	struct str address;
	struct shared_person *people;
	size_t count;
};

/* Those that the person uses together with others. */
enum result shared_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct shared_address **ret, size_t *ret_count, struct err *err) must_check;

/* Whether the person may open the mailbox of that address. */
enum result shared_is_open_to(struct flow *flow, const struct actor *actor, struct id address_id, bool *ret,
	struct err *err) must_check;

/* Several people use this address of the person from now on. Of a further one the person is the first of
 * them. The only one becomes that too, but who the person is has to be told by another address: all sessions
 * end, and *ret is one that waits for that (*ret_ends: true). NOT_FOUND; CONFLICT "address-has-others": it is
 * the main one of several; DENIED "address-internal". */
enum result shared_begin(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct id address_id, int64_t now, struct sign_in *ret, bool *ret_ends, struct err *err) must_check;

/* One of its people uses it no more: the person, or another one of them. When nobody is left it signs in as
 * itself again. Everybody concerned is told by mail. NOT_FOUND. */
enum result shared_leave(struct flow *flow, const struct actor *actor, struct id address_id,
	struct id person_id, int64_t now, struct err *err) must_check;

/* The session that waits for who it is that proved a shared address. DENIED "session-ended". */
struct shared_due {
	struct str address;
	bool is_nobodys; /* nobody was told yet: it may still be one person's */
	struct account_settings settings;
};
enum result shared_due(struct flow *flow, const struct visitor *visitor, int64_t now, struct arena *arena,
	struct shared_due *ret, struct err *err) must_check;

/* Sends a code to the own address of who proved the shared one; signing in by it, in this browser, opens the
 * shared mailbox. INVALID "address-shape"; CONFLICT "address-same"; DENIED "address-internal",
 * "session-ended"; BUSY. */
enum result shared_name_self(struct flow *flow, const struct visitor *visitor, struct str address,
	int64_t now, struct err *err) must_check;

/* It is one person's after all. CONFLICT when somebody uses it by now; DENIED "session-ended". */
enum result shared_undo(
	struct flow *flow, const struct visitor *visitor, int64_t now, struct err *err) must_check;

#endif
