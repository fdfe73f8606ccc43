#include "flow/accept.h"

#include "base/limits.h"
#include "base/list.h"
#include "flow/keep.h"
#include "flow/mail_out.h"
#include "flow/people.h"
#include "flow/refuse.h"
#include "flow/returned.h"
#include "flow/route.h"
#include "mime/header.h"
#include "seal/password.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/domain.h"

#define SOURCE_TRIES 20
#define FINGERPRINT_PURPOSE "intake"

struct intake {
	struct flow *flow;
	struct arena arena;
	int64_t now; /* of MAIL */
	struct intake_peer peer;
	struct intake_envelope envelope;
	/* Of the session; the arena of the session keeps them. */
	struct intake_sources sources;
	const struct source *source; /* NULL: a stranger, who may reach our tagged return addresses only */
	struct flow_account account;
	bool sender_is_ours;	/* of the source's account; else the null path or forwarded mail */
	struct list recipients; /* of struct keep_recipient */
	struct list returns;	/* of struct delivery: what tagged addresses belong to */
	struct content *content;
};

struct source_query {
	struct str address, user_name;
	struct arena *arena;
	int64_t now;
	struct source *items;
	size_t count;
	bool over;
};

static enum result list_networks(struct tx *tx, void *context, struct err *err)
{
	struct source_query *q = context;

	return source_list_networks(tx, q->arena, &q->items, &q->count, err);
}

enum result intake_sources_of_address(struct flow *flow, struct str address, struct arena *arena,
	struct intake_sources *ret, struct err *err)
{
	struct source_query query = {.arena = arena};
	struct network peer, range;
	struct list list = list_new(arena, sizeof(struct source));

	TRY(db_read(flow_db(flow), list_networks, &query, err));
	if (network_parse(address, &peer))
		for (size_t i = 0; i < query.count; i++)
			if (network_parse(query.items[i].network, &range) && network_contains(&range, &peer))
				*(struct source *)list_add(&list) = query.items[i];
	*ret = (struct intake_sources){list.items, list.count};
	return RESULT_OK;
}

static enum result find_by_user_name(struct tx *tx, void *context, struct err *err)
{
	struct source_query *q = context;
	uint8_t key[HASH_BYTES];
	int64_t tries;

	struct str counted =
		arena_printf(q->arena, "source\n%.*s\n%.*s", STR_ARG(q->user_name), STR_ARG(q->address));
	hash_bytes(str_bytes(counted), key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, q->now, MS_HOUR, &tries, err));
	q->over = tries > SOURCE_TRIES;
	q->items = arena_alloc(q->arena, sizeof(*q->items));
	enum result found = source_by_user_name(tx, q->user_name, q->arena, q->items, err);
	q->count = found == RESULT_OK;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result clear_tries(struct tx *tx, void *context, struct err *err)
{
	struct source_query *q = context;
	uint8_t key[HASH_BYTES];

	struct str counted =
		arena_printf(q->arena, "source\n%.*s\n%.*s", STR_ARG(q->user_name), STR_ARG(q->address));
	hash_bytes(str_bytes(counted), key);
	return attempt_clear(tx, (struct bytes){key, sizeof(key)}, err);
}

enum result intake_sources_of_password(struct flow *flow, struct str user_name, struct str password,
	struct str address, int64_t now, struct arena *arena, struct intake_sources *ret, struct err *err)
{
	struct source_query query = {.address = address, .user_name = user_name, .arena = arena, .now = now};

	if (!str_is_utf8(user_name) || str_find_char(user_name, '\0') >= 0)
		return err_set(err, RESULT_DENIED, "user name or password is not right");
	TRY(db_write(flow_db(flow), find_by_user_name, &query, err));
	if (query.over)
		return err_set(err, RESULT_BUSY, "too many tries; try again in an hour");
	TRY(password_verify(query.count ? query.items->password_hash : STR_NONE, password, err));
	TRY(db_write(flow_db(flow), clear_tries, &query, err));
	*ret = (struct intake_sources){query.items, query.count};
	return RESULT_OK;
}

/* Whether the source may hand in mail with an envelope sender that is not of its account. */
static bool allows_other_sender(const struct intake *intake, const struct source *source)
{
	return intake->envelope.sender.len == 0 || source->allow_foreign;
}

/* Of the sources the one whose account has the address; NULL when none has. */
static enum result source_of_address(struct tx *tx, const struct intake_sources *sources, struct str address,
	const struct source **ret, struct err *err)
{
	struct id account_id;

	*ret = NULL;
	if (address.len == 0 || sources->count == 0)
		return RESULT_OK;
	TRY(people_account(tx, address, &account_id, err));
	for (size_t i = 0; i < sources->count && *ret == NULL; i++)
		if (id_equal(sources->items[i].account_id, account_id))
			*ret = &sources->items[i];
	return RESULT_OK;
}

/* The account whose mail this is: of the sources' accounts the one that has the sender's domain; with the
 * null path or a foreign sender the first that allows it, until the header is there. */
static enum result choose_account(struct tx *tx, void *context, struct err *err)
{
	struct intake *intake = context;
	const struct source *chosen;

	TRY(source_of_address(tx, &intake->sources, intake->envelope.sender, &chosen, err));
	intake->sender_is_ours = chosen != NULL;
	for (size_t i = 0; i < intake->sources.count && chosen == NULL; i++)
		if (allows_other_sender(intake, &intake->sources.items[i]))
			chosen = &intake->sources.items[i];
	intake->source = chosen;
	return chosen ? flow_account_load(
				intake->flow, tx, chosen->account_id, &intake->arena, &intake->account, err)
		      : RESULT_OK;
}

/* Where the envelope sender names no account, the header From does. */
static enum result choose_account_by_header(struct tx *tx, void *context, struct err *err)
{
	struct intake *intake = context;
	struct keep_recipient *recipients = intake->recipients.items;
	const struct source *chosen;

	TRY(source_of_address(
		tx, &intake->sources, content_letter(intake->content)->from.address, &chosen, err));
	if (chosen == NULL || id_equal(chosen->account_id, intake->source->account_id) ||
		!allows_other_sender(intake, chosen))
		return RESULT_OK;
	for (size_t i = 0; i < intake->recipients.count; i++)
		TRY(people_is_internal(
			tx, chosen->account_id, recipients[i].address, &recipients[i].is_internal, err));
	TRY(flow_account_load(intake->flow, tx, chosen->account_id, &intake->arena, &intake->account, err));
	/* Last: a work that runs again has to come to the same choice. */
	intake->source = chosen;
	return RESULT_OK;
}

enum result intake_begin(struct flow *flow, const struct intake_peer *peer,
	const struct intake_sources *sources, const struct intake_envelope *envelope, int64_t now,
	struct intake **ret, struct err *err)
{
	struct intake *intake = mem_new(sizeof(*intake));
	struct arena *arena = &intake->arena;

	*intake = (struct intake){.flow = flow, .now = now, .sources = *sources};
	intake->peer = (struct intake_peer){.address = arena_str(arena, peer->address)};
	intake->envelope = *envelope;
	intake->envelope.sender = arena_str(arena, envelope->sender);
	intake->envelope.dsn_envelope = arena_str(arena, envelope->dsn_envelope);
	intake->recipients = list_new(arena, sizeof(struct keep_recipient));
	intake->returns = list_new(arena, sizeof(struct delivery));
	enum result result = RESULT_OK;
	if (envelope->declared_size > flow_names(flow)->mail_bytes_max)
		result = err_code(err, RESULT_TOO_LARGE, "too-large", "larger than %lld bytes",
			(long long)flow_names(flow)->mail_bytes_max);
	else if (envelope->sender.len && !is_address(envelope->sender))
		result = err_code(err, RESULT_INVALID, "sender-invalid", "the sender %s",
			address_fault(envelope->sender));
	else
		result = db_read(flow_db(flow), choose_account, intake, err);
	if (result != RESULT_OK) {
		intake_free(intake);
		return result;
	}
	*ret = intake;
	return RESULT_OK;
}

/* What is refused to one of the sources is an event of the account; strangers' tries are not. */
static enum result told(
	const struct intake *intake, enum result result, const struct err *why, struct err *err)
{
	if (is_refusal(result) && intake->sources.count > 0)
		refuse_record(intake->flow,
			intake->source ? intake->source->account_id : intake->sources.items[0].account_id,
			intake->peer.address, why, intake->now);
	if (err)
		*err = *why;
	return result;
}

struct recipient_query {
	struct intake *intake;
	const struct intake_recipient *given;
	struct delivery delivery;
	bool is_return;
	bool is_internal;
};

static enum result look_at_recipient(struct tx *tx, void *context, struct err *err)
{
	struct recipient_query *q = context;
	struct intake *intake = q->intake;

	enum result found =
		return_address_find(intake->flow, tx, q->given->address, &intake->arena, &q->delivery, err);
	q->is_return = found == RESULT_OK;
	if (found != RESULT_NOT_FOUND || intake->source == NULL)
		return found == RESULT_NOT_FOUND ? RESULT_OK : found;
	q->is_internal = intake->sender_is_ours;
	if (str_equal_nocase(address_domain(q->given->address), address_domain(intake->envelope.sender)))
		return RESULT_OK;
	return people_is_internal(tx, intake->account.account.id, q->given->address, &q->is_internal, err);
}

static bool is_named_already(const struct intake *intake, struct str address)
{
	const struct keep_recipient *known = intake->recipients.items;

	for (size_t i = 0; i < intake->recipients.count; i++)
		if (str_equal_nocase(known[i].address, address))
			return true;
	return false;
}

static enum result no_relay(struct err *err)
{
	return err_code(err, RESULT_DENIED, "relay-denied",
		"not an authorised source for this sender, and no relay for others");
}

struct postmaster_query {
	struct intake *intake;
	struct str address; /* empty: the account has no domain */
};

/* At the account's first domain: the one it has had longest. */
static enum result find_postmaster(struct tx *tx, void *context, struct err *err)
{
	struct postmaster_query *q = context;
	struct arena *arena = &q->intake->arena;
	const struct domain *first = NULL;
	struct domain *domains;
	size_t count;

	TRY(domain_list(tx, q->intake->account.account.id, arena, &domains, &count, err));
	for (size_t i = 0; i < count; i++)
		if (first == NULL || domains[i].created_at < first->created_at)
			first = &domains[i];
	if (first)
		q->address = arena_printf(arena, "postmaster@%.*s", STR_ARG(first->name));
	return RESULT_OK;
}

static enum result add_recipient(
	struct intake *intake, const struct intake_recipient *recipient, struct err *err)
{
	struct recipient_query query = {.intake = intake, .given = recipient};

	if (!is_address(recipient->address))
		return err_code(err, RESULT_INVALID, "recipient-invalid", "the recipient %s",
			address_fault(recipient->address));
	TRY(db_read(flow_db(intake->flow), look_at_recipient, &query, err));
	if (query.is_return) {
		*(struct delivery *)list_add(&intake->returns) = query.delivery;
		return RESULT_OK;
	}
	if (str_equal_nocase(address_domain(recipient->address), flow_names(intake->flow)->return_domain))
		return err_code(err, RESULT_DENIED, "relay-denied",
			"mail to this address is not read; please answer in the portal");
	if (intake->source == NULL)
		return no_relay(err);
	if (is_named_already(intake, recipient->address))
		return RESULT_OK;
	*(struct keep_recipient *)list_add(&intake->recipients) =
		(struct keep_recipient){.address = arena_str(&intake->arena, recipient->address),
			.is_internal = query.is_internal,
			.dsn_notify = recipient->dsn_notify,
			.dsn_original = arena_str(&intake->arena, recipient->dsn_original)};
	return RESULT_OK;
}

/* "postmaster" without a domain is known to every server (RFC 5321 4.5.1), here to those it serves. */
static enum result add_named(struct intake *intake, const struct intake_recipient *recipient, struct err *err)
{
	struct postmaster_query query = {.intake = intake};
	struct intake_recipient named = *recipient;

	if (!str_equal_nocase(recipient->address, STR("postmaster")))
		return add_recipient(intake, recipient, err);
	if (intake->source == NULL)
		return no_relay(err);
	TRY(db_read(flow_db(intake->flow), find_postmaster, &query, err));
	if (query.address.len)
		named.address = query.address;
	return add_recipient(intake, &named, err);
}

enum result intake_recipient(struct intake *intake, const struct intake_recipient *recipient, struct err *err)
{
	struct err why = {0};

	return told(intake, add_named(intake, recipient, &why), &why, err);
}

bool intake_normalises(const struct intake *intake)
{
	return intake->source && intake->source->normalise_newlines;
}

enum result intake_data_begin(struct intake *intake, struct str received, int64_t now, struct err *err)
{
	if (intake->recipients.count + intake->returns.count == 0)
		return err_code(err, RESULT_INVALID, "no-recipients", "no valid recipients");
	content_free(intake->content);
	intake->content = content_new(flow_blobs(intake->flow), intake->account.key,
		flow_names(intake->flow)->mail_bytes_max + (int64_t)received.len, now);
	return content_add(intake->content, received, err);
}

enum result intake_data(struct intake *intake, struct str piece, struct err *err)
{
	struct err why = {0};

	return told(intake, content_add(intake->content, piece, &why), &why, err);
}

/* Those who stand in the field, with the names that they have there. */
static void give_role(
	struct intake *intake, enum recipient_role role, const struct mime_address *named, size_t count)
{
	struct keep_recipient *recipients = intake->recipients.items;

	for (size_t i = 0; i < intake->recipients.count; i++)
		for (size_t k = count; k > 0; k--)
			if (str_equal_nocase(named[k - 1].address, recipients[i].address)) {
				recipients[i].role = role;
				recipients[i].name = named[k - 1].name;
			}
}

/* Who is in the envelope but in neither To nor Cc is Bcc. Of long fields the letter has the begin only. */
static void give_roles(struct intake *intake)
{
	const struct letter *letter = content_letter(intake->content);
	struct str header = content_header(intake->content);
	struct keep_recipient *recipients = intake->recipients.items;
	struct mime_address *to = letter->to, *cc = letter->cc;
	size_t to_count = letter->to_count, cc_count = letter->cc_count;

	if (to_count == LIMIT_ADDRESSES_SHOWN)
		to_count = mime_addresses_of(header, STR("To"), LIMIT_ADDRESSES_READ, &intake->arena, &to);
	if (cc_count == LIMIT_ADDRESSES_SHOWN)
		cc_count = mime_addresses_of(header, STR("Cc"), LIMIT_ADDRESSES_READ, &intake->arena, &cc);
	for (size_t i = 0; i < intake->recipients.count; i++)
		recipients[i].role = ROLE_BCC;
	give_role(intake, ROLE_CC, cc, cc_count);
	give_role(intake, ROLE_TO, to, to_count);
}

/* Empty for a mail that nobody named: the same alarm twice is two mails, and better a mail handed in again
 * comes twice than one of them never. */
static struct bytes fingerprint(struct intake *intake)
{
	struct arena *arena = &intake->arena;
	uint8_t content[CONTENT_MAC_BYTES], *mac = arena_alloc(arena, SEAL_MAC_BYTES);

	if (str_trim(mime_header_get(content_header(intake->content), STR("Message-ID"))).len == 0)
		return (struct bytes){0};
	content_fingerprint(intake->content, content);
	struct str text =
		arena_printf(arena, "%.*s\n%.*s\n", STR_ARG(arena_lower(arena, intake->envelope.sender)),
			STR_ARG(content_letter(intake->content)->message_id));
	char *joined = arena_alloc(arena, text.len + sizeof(content));
	for (size_t i = 0; i < text.len; i++)
		joined[i] = text.ptr[i];
	for (size_t i = 0; i < sizeof(content); i++)
		joined[text.len + i] = (char)content[i];
	account_mac(intake->account.key, FINGERPRINT_PURPOSE,
		(struct bytes){(const uint8_t *)joined, text.len + sizeof(content)}, mac);
	return (struct bytes){mac, SEAL_MAC_BYTES};
}

/* Empty when it cannot be found by one. */
static struct bytes reference(struct intake *intake, struct bytes fingerprint)
{
	struct str message_id = content_letter(intake->content)->message_id;
	uint8_t *mac = arena_alloc(&intake->arena, SEAL_MAC_BYTES);

	if (fingerprint.len == 0 || message_id.len == 0)
		return (struct bytes){0};
	keep_reference(&intake->account, message_id, mac);
	return (struct bytes){mac, SEAL_MAC_BYTES};
}

static enum result keep_recipients(struct intake *intake, struct returned *returned, int64_t now,
	struct id *ret_message_id, struct err *err)
{
	struct keep_result kept;

	if (!intake->sender_is_ours && intake->sources.count > 1)
		TRY(db_read(flow_db(intake->flow), choose_account_by_header, intake, err));
	struct keep_request request = {.flow = intake->flow,
		.content = intake->content,
		.account = &intake->account,
		.actor = {.account_id = intake->account.account.id, .origin = intake->peer.address},
		.sender = intake->envelope.sender,
		.sender_is_internal = intake->sender_is_ours,
		.recipients = intake->recipients.items,
		.recipient_count = intake->recipients.count,
		.smtputf8 = intake->envelope.smtputf8,
		.dsn_return = intake->envelope.dsn_return,
		.dsn_envelope = intake->envelope.dsn_envelope,
		.also = returned_take,
		.also_context = returned,
		.now = now};

	give_roles(intake);
	TRY(route_mail(&request, &intake->arena, err));
	request.fingerprint = fingerprint(intake);
	request.reference = reference(intake, request.fingerprint);
	TRY(keep_mail(&request, &kept, err));
	*ret_message_id = kept.message_id;
	return RESULT_OK;
}

/* Refused when it is for nobody else: a mail that others get is not kept from them. */
static enum result take_returns(struct intake *intake, struct returned *returned, struct err *err)
{
	TRY(db_write(flow_db(intake->flow), returned_take, returned, err));
	if (returned->refused == 0 || returned->refused < returned->count)
		return RESULT_OK;
	return err_code(err, RESULT_DENIED, "relay-denied",
		"mail to this address is not read; please answer in the portal");
}

static enum result take_mail(struct intake *intake, int64_t now, struct id *ret_message_id, struct err *err)
{
	int hops_max = flow_names(intake->flow)->hops_max;

	TRY(content_end(intake->content, err));
	if (content_index(intake->content)->received > (size_t)(hops_max ? hops_max : LIMIT_SMTP_HOPS))
		return err_code(
			err, RESULT_INVALID, "loop", "too many hops: the mail goes round in a circle");
	*ret_message_id = content_message_id(intake->content);
	struct returned returned = {.flow = intake->flow,
		.deliveries = intake->returns.items,
		.count = intake->returns.count,
		.sender = intake->envelope.sender,
		.origin = intake->peer.address,
		.now = now};
	if (returned.count)
		TRY(returned_look(&returned, intake->content, &intake->arena, err));
	if (intake->recipients.count)
		return keep_recipients(intake, &returned, now, ret_message_id, err);
	return take_returns(intake, &returned, err);
}

enum result intake_end(struct intake *intake, int64_t now, struct id *ret_message_id, struct err *err)
{
	struct err why = {0};

	return told(intake, take_mail(intake, now, ret_message_id, &why), &why, err);
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	content_free(intake->content);
	arena_done(&intake->arena);
	free(intake);
}
