#include "flow/keep_private.h"

#include "base/limits.h"
#include "flow/access_code.h"
#include "flow/inquiry.h"
#include "flow/mail_out.h"
#include "flow/outsider.h"
#include "flow/people.h"
#include "flow/proof.h"
#include "flow/search_words.h"
#include "flow/sending.h"
#include "store/copy_write.h"
#include "store/delivery_write.h"
#include "store/event_write.h"
#include "store/message_write.h"
#include "store/words_write.h"
#include "store/wrap_write.h"

#include <stdlib.h>
#include <string.h>

/* How long the same mail joins the message it became. */
#define JOIN_MS (24 * MS_HOUR)
#define CODE_TRIED "tried" /* ends a transaction that must leave nothing behind */
/* As long as the rest of its recipients may come, and an hour for what is under way. */
#define RELAYED_CONTENT_MS (25 * MS_HOUR)

void keep_reference(
	const struct flow_account *account, struct str message_id, uint8_t ret[static SEAL_MAC_BYTES])
{
	account_mac(account->key, "message-reference", str_bytes(message_id), ret);
}

bool keep_is_secured(const struct keep_request *request)
{
	return !id_is_none(request->definition.id);
}

static enum result add_wrap(struct tx *tx, struct keeping *k, struct id holder_id, struct err *err)
{
	uint8_t wrap[SEAL_WRAP_BYTES];

	message_key_wrap(k->account.key, k->message_id, holder_id, &k->key, wrap);
	return wrap_add(tx, holder_id, k->message_id, (struct bytes){wrap, sizeof(wrap)}, err);
}

static enum result claim_one(
	struct tx *tx, struct keeping *k, struct bytes fingerprint, struct id *ret_first, struct err *err)
{
	const struct keep_request *r = k->request;
	bool is_mail = r->reference.len > 0;
	struct message_claim claim = {.account_id = k->account.account.id,
		.reference = is_mail ? r->reference : fingerprint,
		.fingerprint = fingerprint,
		.message_id = content_message_id(r->content),
		.is_known = is_mail && keep_is_secured(r),
		.now = r->now,
		.cut = r->now - JOIN_MS};

	return message_claim(tx, &claim, ret_first, err);
}

/* A form and what was written in it were claimed together, or something else was sent with that form. */
static enum result check_written(struct tx *tx, struct keeping *k, struct id first, struct err *err)
{
	struct id of_written;

	if (k->request->written.len == 0)
		return RESULT_OK;
	TRY(claim_one(tx, k, k->request->written, &of_written, err));
	if (id_equal(of_written, first))
		return RESULT_OK;
	return err_code(err, RESULT_CONFLICT, "already-sent", "something else was sent with this form");
}

static enum result claim(struct tx *tx, struct keeping *k, struct err *err)
{
	struct keep_request *r = k->request;
	struct id first;

	k->message_id = content_message_id(r->content);
	k->key = *content_key(r->content);
	k->joined = false;
	if (r->fingerprint.len == 0)
		return RESULT_OK;
	TRY(claim_one(tx, k, r->fingerprint, &first, err));
	TRY(check_written(tx, k, first, err));
	if (id_equal(first, k->message_id))
		return RESULT_OK;
	k->joined = true;
	k->message_id = first;
	return keep_join(tx, k, err);
}

/* How long a secured message is kept at most: fixed when it is sent. */
static int64_t retention_end(const struct keeping *k, int64_t sent_at)
{
	return sent_at + k->account.settings.retention_days * MS_DAY;
}

static int64_t expiry(const struct keeping *k, int64_t sent_at)
{
	const struct keep_request *r = k->request;
	int64_t retention = retention_end(k, sent_at);
	int64_t own = r->definition.expire_days ? sent_at + r->definition.expire_days * MS_DAY : retention;

	return own < retention ? own : retention;
}

void keep_terms(const struct keeping *k, struct id owner_id, struct message *message)
{
	const struct keep_request *r = k->request;
	struct letter *letter = content_letter(r->content);

	message->kind = keep_is_secured(r) ? MESSAGE_SECURED : MESSAGE_RELAYED;
	message->owner_id = owner_id;
	message->definition_id = r->definition.id;
	message->definition_name = r->definition.name;
	message->rights = r->definition.rights;
	message->read_receipt = r->definition.read_receipt || letter->wants_receipt;
	message->all_recipients = r->definition.all_recipients;
	if (r->definition.access_code && keep_is_secured(r) && !message->code_set_at)
		access_code_set(message, &k->key,
			r->access_code.len ? r->access_code : access_code_new(k->arena), r->now, k->arena);
	message->answers_id = r->answers_id;
	message->expires_at = keep_is_secured(r) ? expiry(k, message->sent_at) : 0;
	message->content_ends_at = keep_is_secured(r) ? retention_end(k, message->sent_at)
						      : message->sent_at + RELAYED_CONTENT_MS;
	message->list_box =
		k->joined ? letter_list_seal(letter, &k->key, k->message_id, k->arena) : k->boxes->list;
}

static enum result add_message(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	struct keep_request *r = k->request;
	struct sealed_body *body = content_body(r->content);
	struct message *message = &k->message;

	*message = (struct message){
		.id = k->message_id,
		.account_id = k->account.account.id,
		.sender = r->sender,
		.sent_at = r->now,
		.size = content_size(r->content),
		.sealed_size = content_sealed_size(r->content),
		.content = sealed_body_place(body),
		.head_box = k->boxes->head,
		.index_box = k->boxes->index,
	};
	keep_terms(k, owner_id, message);
	k->becomes_secured = message->kind == MESSAGE_SECURED;
	TRY(message_add(tx, message, err));
	bool in_row = message->content.kept == CONTENT_IN_ROW;
	return message_content_add(tx, message->id, k->becomes_secured ? k->boxes->words : (struct bytes){0},
		in_row ? sealed_body_bytes(body) : (struct bytes){0}, err);
}

/* The address that lists sort it by. */
static struct str who_of(const struct keeping *k, const struct copy *copy)
{
	const struct keep_request *r = k->request;
	const struct keep_recipient *first = NULL;

	if (copy->folder != FOLDER_SENT)
		return arena_lower(k->arena, content_letter(r->content)->from.address);
	for (size_t i = 0; i < r->recipient_count; i++)
		if (!first || r->recipients[i].role < first->role)
			first = &r->recipients[i];
	return first ? arena_lower(k->arena, first->address) : STR_NONE;
}

/* That of what it answers, or of itself. */
static enum result find_thread(struct tx *tx, const struct keeping *k, struct id *ret, struct err *err)
{
	struct id answers_id = k->request->answers_id;

	TRY(copy_thread(tx, k->message_id, ret, err));
	if (id_equal(*ret, k->message_id) && !id_is_none(answers_id))
		return copy_thread(tx, answers_id, ret, err);
	return RESULT_OK;
}

static enum result put_copy(struct tx *tx, struct keeping *k, struct copy *copy, struct err *err)
{
	copy->who = who_of(k, copy);
	copy->has_files = content_letter(k->request->content)->files > 0;
	copy->ends_at = k->message.expires_at;
	TRY(find_thread(tx, k, &copy->thread_id, err));
	TRY(copy_add(tx, copy, err));
	return add_wrap(tx, k, copy->id, err);
}

static enum result add_copy(struct tx *tx, struct keeping *k, struct id person_id, bool is_owner,
	enum recipient_role role, struct id *ret_id, struct err *err)
{
	struct copy copy = {.id = id_new(k->request->now),
		.account_id = k->account.account.id,
		.message_id = k->message_id,
		.person_id = person_id,
		.is_owner = is_owner,
		.role = role,
		.folder = is_owner ? FOLDER_SENT : FOLDER_INBOX,
		.sorted_at = k->request->now,
		.unread = !is_owner};

	*ret_id = copy.id;
	return put_copy(tx, k, &copy, err);
}

/* A delivery that carries the mail itself. */
static enum result add_carried(struct tx *tx, struct keeping *k, const struct keep_recipient *recipient,
	enum delivery_kind kind, struct id copy_id, struct err *err)
{
	struct keep_request *r = k->request;
	struct delivery delivery = mail_out_delivery(&k->account, kind, r->now);

	delivery.message_id = k->message_id;
	delivery.copy_id = copy_id;
	delivery.recipient = recipient->address;
	/* What bounces off the account's own mail server must not travel outside with its content. */
	delivery.sender = kind == DELIVERY_REPLY || kind == DELIVERY_OWN_COPY
				  ? return_address(r->flow, &k->account, delivery.id, k->arena)
				  : r->sender;
	delivery.dsn_notify = recipient->dsn_notify;
	delivery.dsn_original = recipient->dsn_original;
	delivery.dsn_envelope = r->dsn_envelope;
	delivery.dsn_return = r->dsn_return;
	delivery.smtputf8 = r->smtputf8;
	TRY(mail_out_destination(r->flow, tx, recipient->address, k->arena, &delivery.destination, err));
	bool is_new;
	TRY(delivery_add(tx, &delivery, &is_new, err));
	k->needs_content = k->needs_content || is_new;
	return RESULT_OK;
}

static enum result add_notification(struct tx *tx, struct keeping *k, const struct keep_recipient *recipient,
	struct id copy_id, struct str address, struct err *err)
{
	struct delivery delivery = mail_out_delivery(&k->account, DELIVERY_NOTIFICATION, k->request->now);

	delivery.message_id = k->message_id;
	delivery.copy_id = copy_id;
	delivery.recipient = address;
	delivery.dsn_notify = recipient->dsn_notify;
	delivery.dsn_original = recipient->dsn_original;
	delivery.dsn_envelope = k->request->dsn_envelope;
	k->notified++;
	return mail_out_notification(k->request->flow, tx, &k->account, &delivery, err);
}

/* RFC 3461: success of a mail that goes to the portal is told as "relayed", never as "delivered". */
static enum result answer_success(
	struct tx *tx, struct keeping *k, const struct keep_recipient *recipient, struct err *err)
{
	struct keep_request *r = k->request;
	struct delivery about = {.id = k->message_id};
	struct report report = {.action = STR("relayed"),
		.status = STR("2.0.0"),
		.recipient = recipient->address,
		.original_recipient = recipient->dsn_original,
		.envelope_id = r->dsn_envelope,
		.reason = STR("kept as a secure message"),
		.sent_at = r->now};

	if ((recipient->dsn_notify & DSN_SUCCESS) == 0)
		return RESULT_OK;
	return mail_out_report(r->flow, tx, &k->account, &about, r->sender, &report, r->now, err);
}

/* Content of a secured message goes to the account's own people as such, also when this part of the mail's
 * recipients alone would have been relayed (R2). */
static enum keep_way way_of(const struct keeping *k, const struct keep_recipient *recipient)
{
	bool by_server = recipient->way == KEEP_BY_SERVER ||
			 (recipient->way == KEEP_RELAYED && recipient->is_internal);

	if (k->message.kind != MESSAGE_SECURED || !by_server)
		return recipient->way;
	return k->message.all_recipients ? KEEP_IN_PORTAL : KEEP_BY_SERVER;
}

static enum result add_secured_recipient(struct tx *tx, struct keeping *k,
	const struct keep_recipient *recipient, enum keep_way way, struct err *err)
{
	struct person person;
	struct id copy_id = {0};
	bool is_new;

	TRY(people_ensure(tx, &k->account, recipient->address, STR_NONE, recipient->is_internal,
		k->request->now, k->arena, &person, NULL, err));
	struct recipient row = {.message_id = k->message_id,
		.person_id = person.id,
		.role = recipient->role,
		.route = way == KEEP_BY_SERVER ? ROUTE_MAIL_SERVER : ROUTE_PORTAL,
		.added_at = k->request->now,
		.name_box = people_recipient_name_seal(&k->key, person.id, recipient->name, k->arena)};
	TRY(recipient_add(tx, &row, &is_new, err));
	if (!is_new)
		return RESULT_OK;
	k->added++;
	if (!recipient->is_internal)
		*(struct id *)list_add(&k->outside) = person.id;
	if (way == KEEP_BY_SERVER)
		return add_carried(tx, k, recipient, DELIVERY_INTERNAL_COPY, copy_id, err);
	TRY(add_copy(tx, k, person.id, false, recipient->role, &copy_id, err));
	if (way == KEEP_REPLY)
		return add_carried(tx, k, recipient, DELIVERY_REPLY, copy_id, err);
	TRY(add_notification(tx, k, recipient, copy_id, person.address, err));
	return answer_success(tx, k, recipient, err);
}

static bool writes_to_self(const struct keep_request *r)
{
	for (size_t i = 0; i < r->recipient_count; i++)
		if (str_equal_nocase(r->recipients[i].address, r->owner))
			return true;
	return false;
}

/* R10: by the mail server into the owner's mailbox, and a second copy in the Inbox; no recipient of it, so
 * that it is neither counted nor told of. Whoever is a recipient as well has the mail already. */
static enum result add_own_copy(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	const struct keep_request *r = k->request;
	struct keep_recipient self = {.address = r->owner, .is_internal = true};
	struct copy copy = {.id = id_new(r->now),
		.account_id = k->account.account.id,
		.message_id = k->message_id,
		.person_id = owner_id,
		.is_owner = true,
		.is_second = true,
		.role = ROLE_OWNER,
		.folder = FOLDER_INBOX,
		.sorted_at = r->now};

	if (!r->own_copy || !k->becomes_secured || writes_to_self(r))
		return RESULT_OK;
	TRY(put_copy(tx, k, &copy, err));
	return add_carried(tx, k, &self, DELIVERY_OWN_COPY, copy.id, err);
}

struct in_turn {
	struct str key;
	const struct keep_recipient *recipient;
};

static int compare(const void *a, const void *b)
{
	const struct str *left = &((const struct in_turn *)a)->key,
			 *right = &((const struct in_turn *)b)->key;
	size_t len = left->len < right->len ? left->len : right->len;
	int order = len ? memcmp(left->ptr, right->ptr, len) : 0;

	return order ? order : left->len < right->len ? -1 : left->len > right->len;
}

/* By address, as others hold people (person_hold_joined) and count for them: two mails to the same people,
 * and whoever joins two of them, never wait for each other. */
static const struct in_turn *in_turn(struct keeping *k)
{
	const struct keep_request *r = k->request;
	struct in_turn *all = arena_array(k->arena, struct in_turn, r->recipient_count);

	for (size_t i = 0; i < r->recipient_count; i++)
		all[i] = (struct in_turn){arena_lower(k->arena, r->recipients[i].address), &r->recipients[i]};
	if (r->recipient_count > 1)
		qsort(all, r->recipient_count, sizeof(*all), compare);
	return all;
}

static enum result add_recipients(struct tx *tx, struct keeping *k, struct err *err)
{
	struct keep_request *r = k->request;
	const struct in_turn *all = in_turn(k);

	for (size_t i = 0; i < r->recipient_count; i++) {
		const struct keep_recipient *recipient = all[i].recipient;
		enum keep_way way = way_of(k, recipient);
		if (way == KEEP_RELAYED)
			TRY(add_carried(tx, k, recipient, DELIVERY_RELAY, (struct id){0}, err));
		else
			TRY(add_secured_recipient(tx, k, recipient, way, err));
	}
	if (k->needs_content)
		return add_wrap(tx, k, k->message_id, err);
	return k->joined && k->becomes_secured ? keep_join_release(tx, k, err) : RESULT_OK;
}

static enum result add_event(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	struct keep_request *r = k->request;
	const char *kind = k->joined && !k->becomes_secured ? EVENT_MESSAGE_JOINED
			   : !id_is_none(r->answers_id) && !id_is_none(r->actor.person_id)
				   ? EVENT_MESSAGE_REPLIED
			   : keep_is_secured(r) ? EVENT_MESSAGE_SECURED
						: EVENT_MESSAGE_RELAYED;
	struct event event = {.account_id = k->account.account.id,
		.at = r->now,
		.kind = str_of(kind),
		.actor_id = id_is_none(r->actor.person_id) ? owner_id : actor_self(&r->actor),
		.message_id = k->message_id,
		.origin = r->actor.origin,
		.detail = r->detail};

	return event_record(tx, &event, err);
}

/* What makes it the owner's message: a copy in Sent, and answers that know it. */
static enum result give_to_owner(
	struct tx *tx, struct keeping *k, struct id owner_id, struct id *ret_copy_id, struct err *err)
{
	const struct letter *letter = content_letter(k->request->content);
	uint8_t mac[SEAL_MAC_BYTES];
	struct bytes reference = k->request->reference;
	bool is_claimed = reference.len > 0; /* and known, unless it was claimed by a relayed mail */

	if (!is_claimed && letter->message_id.len) {
		keep_reference(&k->account, letter->message_id, mac);
		reference = (struct bytes){mac, sizeof(mac)};
	}
	if (reference.len && (k->joined || !is_claimed))
		TRY(message_reference_add(tx, k->account.account.id, reference,
			is_claimed ? k->request->fingerprint : reference, k->message_id, err));
	return id_is_none(owner_id) ? RESULT_OK
				    : add_copy(tx, k, owner_id, true, ROLE_OWNER, ret_copy_id, err);
}

/* Somebody from outside begins, in the portal. */
static bool is_outsiders_own(const struct keep_request *r)
{
	return !r->owner_is_internal && !id_is_none(r->actor.person_id) && id_is_none(r->answers_id);
}

/* A repeat that adds nobody was accepted before. Answers from outside have no limit. */
static enum result check_sender(struct tx *tx, struct keeping *k, struct id owner_id, struct err *err)
{
	const struct keep_request *r = k->request;

	if (!id_is_none(r->inquiry_id))
		return inquiry_take_answer(
			tx, r->inquiry_id, owner_id, k->message_id, r->inquiry_bytes, &r->actor, r->now, err);
	if (is_outsiders_own(r))
		return outsider_count(tx, &k->account, owner_id, r->now, err);
	if (id_is_none(owner_id) || !r->owner_is_internal || (!k->becomes_secured && k->added == 0))
		return RESULT_OK;
	return sending_accept(
		tx, r->flow, &k->account, owner_id, k->outside.items, k->outside.count, r->now, err);
}

static enum result keep_in_tx(struct tx *tx, struct keeping *k, struct err *err)
{
	struct keep_request *r = k->request;
	struct person owner = {0};
	struct id owner_copy = {0};

	TRY(claim(tx, k, err));
	if (k->joined && r->written.len) {
		k->result = (struct keep_result){.message_id = k->message_id, .joined = true};
		return RESULT_OK;
	}
	if (keep_is_secured(r) && r->owner.len)
		TRY(people_ensure(tx, &k->account, r->owner, r->owner_name, r->owner_is_internal, r->now,
			k->arena, &owner, NULL, err));
	TRY(k->joined ? keep_join_terms(tx, k, owner.id, err) : add_message(tx, k, owner.id, err));
	if (k->becomes_secured && k->joined)
		TRY(words_add(tx, k->message_id,
			search_words_seal(k->words, &k->key, k->message_id, k->arena), err));
	if (k->becomes_secured)
		TRY(give_to_owner(tx, k, owner.id, &owner_copy, err));
	/* Whose copy it is stays from here on: a person who has gone meanwhile sends nothing. */
	TRY(proof_is_signed_in(tx, &r->actor, err));
	k->outside = list_new(k->arena, sizeof(struct id));
	TRY(add_own_copy(tx, k, owner.id, err));
	TRY(add_recipients(tx, k, err));
	TRY(check_sender(tx, k, owner.id, err));
	k->result = (struct keep_result){
		.message_id = k->message_id, .owner_copy_id = owner_copy, .joined = k->joined};
	return add_event(tx, k, owner.id, err);
}

static enum result keep_work(struct tx *tx, void *context, struct err *err)
{
	struct keeping *result = context;
	cleanup(arena_done) struct arena arena = {0};
	struct keeping k = {.request = result->request,
		.boxes = result->boxes,
		.words = result->words,
		.account = *result->request->account,
		.arena = &arena};

	enum result outcome = keep_in_tx(tx, &k, err);
	if (outcome == RESULT_OK && k.request->only_tries && !k.result.joined)
		outcome = err_code(err, RESULT_CONFLICT, CODE_TRIED, "it could be kept");
	if (outcome == RESULT_OK && k.request->also)
		outcome = k.request->also(tx, k.request->also_context, err);
	key_wipe(&k.key);
	result->result = k.result;
	return outcome;
}

static struct keep_boxes seal_boxes(const struct keep_request *request, struct str words, struct arena *arena)
{
	const struct message_key *key = content_key(request->content);
	struct id message_id = content_message_id(request->content);
	const struct letter *letter = content_letter(request->content);

	return (struct keep_boxes){
		.list = letter_list_seal(letter, key, message_id, arena),
		.head = letter_head_seal(letter, key, message_id, arena),
		.index = letter_index_seal(content_index(request->content), key, message_id, arena),
		.words = search_words_seal(words, key, message_id, arena),
	};
}

enum result keep_mail(struct keep_request *request, struct keep_result *ret, struct err *err)
{
	cleanup(buf_done) struct buf words = buf_new(LIMIT_SEARCH_WORDS_BYTES);
	cleanup(arena_done) struct arena arena = {0};
	struct err why = {0};

	if (keep_is_secured(request))
		search_words(request->content, &words);
	struct keep_boxes boxes = seal_boxes(request, buf_str(&words), &arena);
	struct keeping keeping = {.request = request, .boxes = &boxes, .words = buf_str(&words)};
	enum result result = sealed_body_settle(content_body(request->content), &why);
	if (result == RESULT_OK)
		result = db_write(flow_db(request->flow), keep_work, &keeping, &why);
	bool uncertain = why.code && strcmp(why.code, "db-uncertain") == 0;
	/* When nobody knows whether the commit holds, the blob stays; a sweep finds it if nothing refers to
	 * it. */
	if ((result == RESULT_OK && !keeping.result.joined) || uncertain)
		sealed_body_adopt(content_body(request->content));
	if (result == RESULT_CONFLICT && why.code && strcmp(why.code, CODE_TRIED) == 0) {
		*ret = (struct keep_result){0};
		return RESULT_OK;
	}
	if (err)
		*err = why;
	if (result == RESULT_OK)
		*ret = keeping.result;
	return result;
}
