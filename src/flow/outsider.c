#include "flow/outsider.h"

#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/copy.h"

static enum result may_reach(struct tx *tx, const struct flow_account *account, struct id writer_id,
	const struct keep_recipient *recipient, bool *ret, struct err *err)
{
	*ret = recipient->is_internal;
	if (!*ret || account->settings.outsiders_may_write == OUTSIDERS_WRITE_TO_ALL)
		return RESULT_OK;
	return copy_is_from(tx, account->account.id, writer_id, recipient->address, ret, err);
}

enum result outsider_check(struct tx *tx, const struct flow_account *account, const struct person *writer,
	const struct keep_recipient *recipients, size_t count, struct err *err)
{
	if (account->settings.outsiders_may_write == OUTSIDERS_WRITE_TO_NOBODY)
		return err_set(err, RESULT_DENIED, "only people of the organisation write new messages");
	for (size_t i = 0; i < count; i++) {
		bool may;
		TRY(may_reach(tx, account, writer->id, &recipients[i], &may, err));
		if (!may)
			return err_code(err, RESULT_INVALID, "recipient-not-allowed", "%.*s",
				STR_ARG(recipients[i].address));
	}
	return RESULT_OK;
}

enum result outsider_count(
	struct tx *tx, const struct flow_account *account, struct id writer_id, int64_t now, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct hash hash;
	int64_t count;

	hash_init(&hash);
	hash_add(&hash, STR("outsider-message\n"));
	hash_add(&hash, (struct str){(const char *)writer_id.b, ID_BYTES});
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, now, MS_DAY, &count, err));
	if (count > account->settings.outsider_messages_a_day)
		return err_code(err, RESULT_BUSY, "outsider-limit", "%lld new messages a day at most",
			(long long)account->settings.outsider_messages_a_day);
	return RESULT_OK;
}

int64_t outsider_bytes_max(const struct flow *flow, const struct account_settings *settings)
{
	int64_t own = settings->outsider_message_mb << 20, node = flow_names(flow)->mail_bytes_max;

	return own < node ? own : node;
}
