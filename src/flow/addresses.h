/* addresses: one person, many addresses. A further address is proved by a code mailed to it and entered in
 * the browser that asked; from then on it signs in as the person, and its messages are in the person's
 * folders. Each message still came to one address, which evidence names and answers come from. For people
 * outside only: those of the account's own domains are the administrator's. */
#ifndef FLOW_ADDRESSES_H
#define FLOW_ADDRESSES_H

#include "flow/sign_in.h"

struct address_facts {
	struct id id;
	struct str address;
	int64_t since; /* when it was added; 0: the main one */
	bool is_main;
	bool is_entered; /* the session was begun by it */
};

/* The main one first. */
enum result addresses_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct address_facts **ret, size_t *ret_count, struct err *err) must_check;

/* Mails a code to the address. Whether anybody uses it is not looked at, so nothing is told (R15). INVALID
 * "address-shape"; CONFLICT "address-own": it is the person's already, "addresses-full"; DENIED
 * "address-internal": it, or the person, is of the account's own; BUSY: too many. */
enum result addresses_ask(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str address, int64_t now, struct err *err) must_check;

enum address_use {
	ADDRESS_MINE,  /* only the person uses it */
	ADDRESS_SHARED /* several people do (flow/shared.h) */
};

/* Adds the address whose code it is. One that several people use, or (`use`) that is to be so, becomes or
 * stays shared, and whoever has it already uses it on: CONFLICT "address-has-others" when it is somebody's
 * main one of several, "shared-full". Whoever reads its mail could sign in by it, and so read what this
 * gives: if it signed in as somebody before, by itself or with others, all those addresses join; if it was
 * added to another person's, it leaves that. With a second factor a code is not enough to sign in, so it is
 * not enough here: CONFLICT "address-protected". Also results as sign_in_by_code, and CONFLICT
 * "addresses-full". The way in by it ends: sessions, password, passkeys. *ret_address in the arena;
 * *ret_shared: several people use it. */
enum result addresses_prove(struct flow *flow, const struct actor *actor, const struct visitor *visitor,
	struct str code, enum address_use use, int64_t now, struct arena *arena, struct str *ret_address,
	bool *ret_shared, struct err *err) must_check;

/* The address becomes the main one, which mails about the sign-in go to; the one before is a further one from
 * now on. All ways in, sessions, messages and drafts stay. Both are told by mail. NOT_FOUND unless it is a
 * further one of the person's. */
enum result addresses_make_main(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

/* It signs in as itself again, with what came to it. NOT_FOUND unless it is a further one of the person's;
 * CONFLICT "address-entered" when the session was begun by it. */
enum result addresses_remove(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
