#include "flow/genuine.h"

#include "flow/sign_in_private.h"
#include "seal/random.h"

#include <ctype.h>
#include <string.h>

/* Within an hour from one network. With 32 bits of hash, that many networks as there are would guess for
 * years. */
#define CHECKS_PER_NETWORK 30

#define FIRST_MINUTE INT64_C(29453760) /* 2026-01-01 00:00 UTC */
#define MINUTE_BYTES 3		       /* until 2057 */
#define HASH_PART 4
#define CODE_BYTES (MINUTE_BYTES + HASH_PART)
#define CODE_DIGITS 12

static void put_minute(int64_t at, uint8_t ret[static MINUTE_BYTES])
{
	int64_t minute = at / MS_MINUTE - FIRST_MINUTE;

	for (int i = MINUTE_BYTES - 1; i >= 0; i--, minute >>= 8)
		ret[i] = (uint8_t)(minute & 255);
}

static int64_t get_minute(const uint8_t bytes[static MINUTE_BYTES])
{
	int64_t minute = 0;

	for (int i = 0; i < MINUTE_BYTES; i++)
		minute = minute << 8 | bytes[i];
	return (minute + FIRST_MINUTE) * MS_MINUTE;
}

/* The whole code of a minute. */
static void make(const struct account_key *key, const uint8_t minute[static MINUTE_BYTES],
	uint8_t ret[static CODE_BYTES])
{
	uint8_t mac[SEAL_MAC_BYTES];

	account_mac(key, "genuine", (struct bytes){minute, MINUTE_BYTES}, mac);
	memcpy(ret, minute, MINUTE_BYTES);
	memcpy(ret + MINUTE_BYTES, mac, HASH_PART);
}

struct str genuine_code(const struct flow_account *account, int64_t at, struct arena *arena)
{
	uint8_t minute[MINUTE_BYTES], code[CODE_BYTES];
	char digits[CODE_DIGITS + 1];

	put_minute(at, minute);
	make(account->key, minute, code);
	base32_encode(code, sizeof(code), digits);
	return arena_printf(arena, "%.4s-%.4s-%.4s", digits, digits + 4, digits + 8);
}

static bool read_code(struct str text, uint8_t ret[static CODE_BYTES])
{
	char digits[CODE_DIGITS];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!isalnum((unsigned char)text.ptr[i]))
			continue;
		if (len == sizeof(digits))
			return false;
		digits[len++] = text.ptr[i];
	}
	/* Mistyped ones are unknown like others: nobody's code is of zeros. */
	if (len == sizeof(digits) && !base32_decode((struct str){digits, len}, ret, CODE_BYTES))
		memset(ret, 0, CODE_BYTES);
	return len == sizeof(digits);
}

struct check {
	struct flow *flow;
	struct str origin;
	const uint8_t *code;
	int64_t now;
	struct arena *arena;
	bool over, is_genuine;
	struct genuine genuine;
};

static enum result count(struct tx *tx, void *context, struct err *err)
{
	struct check *c = context;

	c->over = false;
	return sign_in_count(
		tx, "genuine", network_key(c->origin, c->arena), CHECKS_PER_NETWORK, c->now, &c->over, err);
}

/* All accounts are tried, whichever it is of. */
static enum result find(struct tx *tx, void *context, struct err *err)
{
	struct check *c = context;
	struct account *accounts;
	size_t account_count;

	c->is_genuine = false;
	TRY(account_list(tx, c->arena, &accounts, &account_count, err));
	for (size_t i = 0; i < account_count; i++) {
		uint8_t expected[CODE_BYTES];
		struct flow_account account;
		TRY(flow_account_load(c->flow, tx, accounts[i].id, c->arena, &account, err));
		make(account.key, c->code, expected);
		if (!secret_equal((struct bytes){expected, CODE_BYTES}, (struct bytes){c->code, CODE_BYTES}))
			continue;
		c->is_genuine = true;
		c->genuine = (struct genuine){account.settings.display_name, get_minute(c->code)};
	}
	return RESULT_OK;
}

enum result genuine_check(struct flow *flow, struct str code, struct str origin, int64_t now,
	struct arena *arena, struct genuine *ret, struct err *err)
{
	uint8_t bytes[CODE_BYTES];
	struct check check = {.flow = flow, .origin = origin, .code = bytes, .now = now, .arena = arena};

	if (!read_code(code, bytes))
		return err_code(err, RESULT_INVALID, "check-shape", "this is no code of a notification");
	TRY(db_write(flow_db(flow), count, &check, err));
	if (check.over)
		return sign_in_too_often(err);
	TRY(db_read(flow_db(flow), find, &check, err));
	if (!check.is_genuine)
		return err_set(err, RESULT_NOT_FOUND, "no notification has this code");
	*ret = check.genuine;
	return RESULT_OK;
}
