/* Passwords as Argon2id hashes. A hash takes 64 MiB and some 60 ms, so only few run at once. */
#ifndef SEAL_PASSWORD_H
#define SEAL_PASSWORD_H

#include "base/arena.h"
#include "base/result.h"

/* The hash as text, in the arena. BUSY when too many wait already, UNAVAILABLE when memory is short. */
enum result password_hash(
	struct str password, struct arena *arena, struct str *ret, struct err *err) must_check;

/* OK when it is the password of that hash, DENIED when not or when memory is short, BUSY as above. An empty
 * hash (nobody has it) takes the same time and is DENIED. */
enum result password_verify(struct str hash, struct str password, struct err *err) must_check;

#endif
