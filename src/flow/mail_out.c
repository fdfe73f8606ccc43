#include "flow/mail_out.h"

#include "base/address.h"
#include "flow/own_domain.h"
#include "mime/header.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/delivery_write.h"
#include "store/domain.h"

#include <string.h>

#define PAYLOAD_FIELD "delivery"
#define OWN_COPY_PURPOSE "own-copy"
#define RETURN_PURPOSE "return-address"
/* "r-", identifier, "-", 8 bytes of the keyed hash. */
#define TAG_BYTES 8
#define TAG_TEXT_MAX 16
#define CODE_PATIENCE_MS (15 * MS_MINUTE)

enum result mail_out_destination(struct flow *flow, struct tx *tx, struct str address, struct arena *arena,
	struct str *ret, struct err *err)
{
	struct domain domain;
	struct str name = arena_lower(arena, address_domain(address));
	enum result found = own_domain_find(tx, name, arena, &domain, err);

	if (found == RESULT_OK)
		*ret = domain.next_hop;
	else if (found == RESULT_NOT_FOUND)
		*ret = flow_names(flow)->direct_delivery ? name : flow_names(flow)->smart_host;
	else
		return found;
	return RESULT_OK;
}

struct delivery mail_out_delivery(const struct flow_account *account, enum delivery_kind kind, int64_t now)
{
	return (struct delivery){
		.id = id_new(now),
		.account_id = account->account.id,
		.kind = kind,
		.state = DELIVERY_WAITING,
		.created_at = now,
		.give_up_at = now + account->settings.retry_days * MS_DAY,
		.next_try_at = now,
	};
}

static void tag_of(const struct account_key *key, struct id id, char ret[static TAG_TEXT_MAX])
{
	uint8_t mac[SEAL_MAC_BYTES];

	account_mac(key, RETURN_PURPOSE, (struct bytes){id.b, ID_BYTES}, mac);
	base32_encode(mac, TAG_BYTES, ret);
}

struct str return_address(
	struct flow *flow, const struct flow_account *account, struct id delivery_id, struct arena *arena)
{
	char tag[TAG_TEXT_MAX];

	tag_of(account->key, delivery_id, tag);
	return arena_printf(
		arena, "r-%s-%s@%.*s", id_text(delivery_id).s, tag, STR_ARG(flow_names(flow)->return_domain));
}

enum result return_address_find(struct flow *flow, struct tx *tx, struct str address, struct arena *arena,
	struct delivery *ret, struct err *err)
{
	struct str local = address_local_part(address);
	struct flow_account account;
	struct delivery delivery;
	struct id id;
	char tag[TAG_TEXT_MAX];

	if (!str_equal_nocase(address_domain(address), flow_names(flow)->return_domain) ||
		!str_starts_nocase(local, STR("r-")) || !id_parse(str_sub(local, 2, ID_TEXT_LEN), &id))
		return err_set(err, RESULT_NOT_FOUND, "this is no return address");
	TRY(delivery_find(tx, (struct id){0}, id, arena, &delivery, err));
	TRY(flow_account_load(flow, tx, delivery.account_id, arena, &account, err));
	tag_of(account.key, id, tag);
	struct str expected = arena_printf(arena, "-%s", tag);
	struct str given = arena_lower(arena, str_from(local, 2 + ID_TEXT_LEN));
	if (!secret_equal(str_bytes(given), str_bytes(expected)))
		return err_set(err, RESULT_NOT_FOUND, "this is no return address");
	*ret = delivery;
	return RESULT_OK;
}

struct str own_copy_tag(const struct flow_account *account, struct id message_id, struct arena *arena)
{
	uint8_t mac[SEAL_MAC_BYTES];
	char tag[2 * TAG_TEXT_MAX];

	account_mac(account->key, OWN_COPY_PURPOSE, (struct bytes){message_id.b, ID_BYTES}, mac);
	base32_encode(mac, 2 * TAG_BYTES, tag);
	return arena_printf(arena, "%s-%s", id_text(message_id).s, tag);
}

bool own_copy_is_ours(const struct flow_account *account, struct str header)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str value = str_trim(mime_header_get(header, STR(OWN_COPY_HEADER)));
	struct id id;

	return id_parse(str_sub(value, 0, ID_TEXT_LEN), &id) &&
	       secret_equal(str_bytes(value), str_bytes(own_copy_tag(account, id, &arena)));
}

struct str notification_address(struct flow *flow, const struct flow_account *account, struct arena *arena)
{
	if (account->settings.notification_address.len)
		return account->settings.notification_address;
	return arena_printf(arena, "secure@%.*s", STR_ARG(flow_names(flow)->return_domain));
}

static struct bytes payload_seal(
	const struct flow_account *account, struct id id, struct str payload, struct arena *arena)
{
	return box_seal_account(
		account->key, (struct box_context){PAYLOAD_FIELD, id}, str_bytes(payload), arena);
}

enum result mail_out_payload(const struct flow_account *account, const struct delivery *delivery,
	struct arena *arena, struct str *ret, struct err *err)
{
	struct bytes payload = {0};

	if (delivery->payload_box.len)
		TRY(box_open_account(account->key, (struct box_context){PAYLOAD_FIELD, delivery->id},
			delivery->payload_box, arena, &payload, err));
	*ret = bytes_str(payload);
	return RESULT_OK;
}

/* Our own mail: the way there, and a tagged sender unless a bounce of it would help nobody. */
static enum result queue_own(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct delivery *delivery, struct str recipient, bool null_sender, struct arena *arena,
	struct err *err)
{
	delivery->recipient = recipient;
	delivery->sender = null_sender ? STR_NONE : return_address(flow, account, delivery->id, arena);
	TRY(mail_out_destination(flow, tx, recipient, arena, &delivery->destination, err));
	return delivery_add(tx, delivery, NULL, err);
}

enum result mail_out_code(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str address, struct str digits, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery = mail_out_delivery(account, DELIVERY_CODE, now);

	delivery.give_up_at = now + CODE_PATIENCE_MS;
	delivery.payload_box = payload_seal(account, delivery.id, digits, &arena);
	return queue_own(flow, tx, account, &delivery, address, false, &arena, err);
}

enum result mail_out_address_code(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str address, struct str digits, struct str wanted_by, struct str language, int64_t now,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return mail_out_code(flow, tx, account, address,
		arena_printf(
			&arena, "%.*s\n%.*s\n%.*s", STR_ARG(digits), STR_ARG(wanted_by), STR_ARG(language)),
		now, err);
}

enum result mail_out_notification(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct delivery *delivery, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return queue_own(flow, tx, account, delivery, delivery->recipient, false, &arena, err);
}

enum result mail_out_report(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *about, struct str to, const struct report *report, int64_t now,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery = mail_out_delivery(account, DELIVERY_REPORT, now);

	if (to.len == 0)
		return RESULT_OK;
	delivery.copy_id = about->id;
	delivery.payload_box = payload_seal(account, delivery.id, report_write(report, &arena), &arena);
	return queue_own(flow, tx, account, &delivery, to, true, &arena, err);
}

enum result mail_out_not_read_here(struct flow *flow, struct tx *tx, const struct flow_account *account,
	const struct delivery *about, struct str to, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery = mail_out_delivery(account, DELIVERY_NOT_READ_HERE, now);

	delivery.copy_id = about->copy_id;
	return queue_own(flow, tx, account, &delivery, to, true, &arena, err);
}

enum result mail_out_notice(struct flow *flow, struct tx *tx, const struct flow_account *account,
	enum delivery_kind kind, struct str owner, struct id owner_copy_id, struct str payload, int64_t now,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery = mail_out_delivery(account, kind, now);

	delivery.copy_id = owner_copy_id;
	delivery.payload_box = payload_seal(account, delivery.id, payload, &arena);
	return queue_own(flow, tx, account, &delivery, owner, kind == DELIVERY_RECEIPT, &arena, err);
}

enum result mail_out_inquiry(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str to, struct id inquiry_id, struct str payload, int64_t now, struct id *ret_id,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct delivery delivery = mail_out_delivery(account, DELIVERY_REQUEST, now);

	delivery.copy_id = inquiry_id;
	delivery.payload_box = payload_seal(account, delivery.id, payload, &arena);
	*ret_id = delivery.id;
	return queue_own(flow, tx, account, &delivery, to, false, &arena, err);
}

enum result mail_out_summary(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str owner, struct id owner_id, struct str payload, int64_t now, struct err *err)
{
	return mail_out_notice(flow, tx, account, DELIVERY_SUMMARY, owner, owner_id, payload, now, err);
}

enum result mail_out_address_denied(struct flow *flow, struct tx *tx, const struct flow_account *account,
	struct str owner, struct id owner_copy_id, struct str address, int64_t now, struct err *err)
{
	return mail_out_notice(
		flow, tx, account, DELIVERY_ADDRESS_DENIED, owner, owner_copy_id, address, now, err);
}
