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
	int failed = crypto_pwhash_str_alg(
		text, password.ptr, password.len, PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	end_one();
	if (failed)
		return err_set(err, RESULT_UNAVAILABLE, "not enough memory for a password hash");
	*ret = str_of(text);
	return RESULT_OK;
}

/* A hash that no password has, made once, so that an unknown name takes as long as a known one. */
static char nobody[crypto_pwhash_STRBYTES];
static pthread_once_t nobody_once = PTHREAD_ONCE_INIT;

static void make_nobody(void)
{
	uint8_t random[32];

	randombytes_buf(random, sizeof(random));
	(void)!crypto_pwhash_str_alg(nobody, (const char *)random, sizeof(random), PASSES, MEMORY_BYTES,
		crypto_pwhash_ALG_ARGON2ID13);
}

enum result password_verify(struct str hash, struct str password, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)pthread_once(&nobody_once, make_nobody);
	const char *against = hash.len ? arena_cstr(&arena, hash) : nobody;
	TRY(begin_one(err));
	int failed = crypto_pwhash_str_verify(against, password.ptr ? password.ptr : "", password.len);
	end_one();
	return failed || hash.len == 0 ? err_set(err, RESULT_DENIED, "the password is not right") : RESULT_OK;
}
