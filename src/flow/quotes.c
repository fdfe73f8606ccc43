#include "flow/quotes.h"

#include "seal/box.h"
#include "store/quote_write.h"
#include "store/wrap_write.h"

#define BOX_FIELD "quote"
#define INNER_FIELD "quote-text"

/* Its text under its own key, then under the answer's. */
static struct bytes seal_text(const struct quote_text *text, const struct quote *quote,
	const struct message_key *own, const struct message_key *answers, struct arena *arena)
{
	struct bytes inner =
		box_seal(own, (struct box_context){INNER_FIELD, quote->id}, str_bytes(text->text), arena);

	return box_seal(answers, (struct box_context){BOX_FIELD, quote->id}, inner, arena);
}

static enum result add_wrap(struct tx *tx, const struct flow_account *account, const struct quote *quote,
	const struct message_key *own, struct err *err)
{
	uint8_t wrap[SEAL_WRAP_BYTES];
	bool may;

	TRY(quote_hold_quoted(tx, quote->quoted_id, &may, err));
	if (!may)
		return RESULT_OK;
	message_key_wrap(account->key, quote->id, quote->id, own, wrap);
	return wrap_add(tx, quote->id, quote->id, (struct bytes){wrap, sizeof(wrap)}, err);
}

static enum result add(struct tx *tx, const struct flow_account *account, struct quote *quote,
	const struct quote_text *text, const struct message_key *key, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message_key own;

	message_key_new(&own);
	quote->box = seal_text(text, quote, &own, key, &arena);
	enum result result = quote_add(tx, quote, err);
	if (result == RESULT_OK)
		result = add_wrap(tx, account, quote, &own, err);
	key_wipe(&own);
	return result;
}

enum result quotes_add(struct tx *tx, const struct flow_account *account, struct id message_id,
	const struct message_key *key, const struct quote_text *quotes, size_t count, int64_t now,
	struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct quote quote = {.id = id_new(now),
			.message_id = message_id,
			.quoted_id = quotes[i].quoted_id,
			.position = (int64_t)i};
		TRY(add(tx, account, &quote, &quotes[i], key, err));
	}
	return RESULT_OK;
}

static enum result open_text(struct tx *tx, const struct flow_account *account, const struct quote *quote,
	const struct message_key *key, struct arena *arena, struct quote_text *ret, struct err *err)
{
	struct message_key own;
	struct bytes wrap, inner, text;

	*ret = (struct quote_text){.quoted_id = quote->quoted_id};
	enum result found = wrap_find(tx, quote->id, quote->id, arena, &wrap, err);
	if (found == RESULT_GONE)
		return RESULT_OK;
	TRY(found);
	TRY(box_open(key, (struct box_context){BOX_FIELD, quote->id}, quote->box, arena, &inner, err));
	TRY(message_key_unwrap(account->key, quote->id, quote->id, wrap, &own, err));
	enum result result =
		box_open(&own, (struct box_context){INNER_FIELD, quote->id}, inner, arena, &text, err);
	key_wipe(&own);
	TRY(result);
	ret->text = bytes_str(text);
	return RESULT_OK;
}

enum result quotes_open(struct tx *tx, const struct flow_account *account, struct id message_id,
	const struct message_key *key, struct arena *arena, struct quote_text **ret, size_t *ret_count,
	struct err *err)
{
	struct quote *quotes;
	size_t count;

	TRY(quote_list(tx, message_id, arena, &quotes, &count, err));
	*ret = arena_array(arena, struct quote_text, count);
	for (size_t i = 0; i < count; i++)
		TRY(open_text(tx, account, &quotes[i], key, arena, &(*ret)[i], err));
	*ret_count = count;
	return RESULT_OK;
}

enum result quotes_recall(struct tx *tx, struct id quoted_id, int64_t now, size_t *ret_count, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct id *ids;

	TRY(quote_recall(tx, quoted_id, now, &arena, &ids, ret_count, err));
	for (size_t i = 0; i < *ret_count; i++)
		TRY(wrap_destroy_for_good(tx, ids[i], ids[i], now, err));
	return RESULT_OK;
}
