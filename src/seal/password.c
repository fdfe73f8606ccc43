#include "seal/password.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"

#include <sodium.h>

#define MEMORY_BYTES ((size_t)64 << 20)
#define PASSES 1
/* A hundred wait some two seconds. */
#define WAITING_MAX 100
#define PASSWORD_RANK 800

/* Guards the numbers of hashes that run and wait. */
static struct lock running_lock = LOCK_INIT("password hashes", PASSWORD_RANK);
static struct signal one_ended = {PTHREAD_COND_INITIALIZER};
static int running, waiting;

static enum result begin_one(struct err *err)
{
	LOCKED(&running_lock);

	if (waiting >= WAITING_MAX)
		return err_set(err, RESULT_BUSY, "too many sign in at once; try again in a moment");
	waiting++;
	while (running >= LIMIT_PASSWORD_HASHES_AT_ONCE)
		signal_wait(&one_ended, &running_lock);
	waiting--;
	running++;
	return RESULT_OK;
}

static void end_one(void)
{
	LOCKED(&running_lock);
	running--;
	signal_one(&one_ended);
}

enum result password_hash(struct str password, struct arena *arena, struct str *ret, struct err *err)
{
	char *text = arena_alloc(arena, crypto_pwhash_STRBYTES);

	TRY(begin_one(err));
	int failed = crypto_pwhash_str_alg(text, password.ptr ? password.ptr : "", password.len, PASSES,
		MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	end_one();
	if (failed)
		return err_set(err, RESULT_UNAVAILABLE, "not enough memory for a password hash");
	*ret = str_of(text);
	return RESULT_OK;
}

/* The library does not tell short memory from a wrong password; so neither do we for an unknown name, whose
 * password is hashed only to take the same time. */
enum result password_verify(struct str hash, struct str password, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const char *text = password.ptr ? password.ptr : "";
	const char *against = arena_cstr(&arena, hash);
	char unused[crypto_pwhash_STRBYTES];
	int failed = -1;

	TRY(begin_one(err));
	if (hash.len)
		failed = crypto_pwhash_str_verify(against, text, password.len);
	else
		(void)!crypto_pwhash_str_alg(
			unused, text, password.len, PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	end_one();
	return failed ? err_set(err, RESULT_DENIED, "the password is not right") : RESULT_OK;
}
