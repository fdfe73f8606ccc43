#include "seal/password.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
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

static enum result hash_text(struct str password, char ret[static crypto_pwhash_STRBYTES], struct err *err)
{
	TRY(begin_one(err));
	int failed = crypto_pwhash_str_alg(ret, password.ptr ? password.ptr : "", password.len, PASSES,
		MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	end_one();
	return failed ? err_set(err, RESULT_UNAVAILABLE, "not enough memory for a password hash") : RESULT_OK;
}

enum result password_hash(struct str password, struct arena *arena, struct str *ret, struct err *err)
{
	char *text = arena_alloc(arena, crypto_pwhash_STRBYTES);

	TRY(hash_text(password, text, err));
	*ret = str_of(text);
	return RESULT_OK;
}

static enum result verify(struct str hash, struct str password, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const char *text = arena_cstr(&arena, hash);

	TRY(begin_one(err));
	errno = 0;
	int failed = crypto_pwhash_str_verify(text, password.ptr ? password.ptr : "", password.len);
	bool no_memory = failed && errno == ENOMEM;
	end_one();
	if (no_memory)
		return err_set(err, RESULT_UNAVAILABLE, "not enough memory for a password hash");
	return failed ? err_set(err, RESULT_DENIED, "the password is not right") : RESULT_OK;
}

enum result password_verify(struct str hash, struct str password, struct err *err)
{
	char unused[crypto_pwhash_STRBYTES];

	if (hash.len)
		return verify(hash, password, err);
	/* An unknown name takes as long as a known one. */
	TRY(hash_text(password, unused, err));
	return err_set(err, RESULT_DENIED, "the password is not right");
}
