/* What a look at the recipients tells before a message goes. */
#include "flow/compose.h"

#include "base/address.h"
#include "base/list.h"
#include "mime/address.h"
#include "policy/alike.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/domain.h"
#include "tls/domain_name.h"

#define SENT_LOOKED_AT 500 /* messages, the newest */

struct checking {
	const struct actor *actor;
	struct arena *arena;
	const struct compose_message *message; /* NULL: who is known alone */
	struct str *known;
	size_t known_count;
	struct domain *domains;
	size_t domain_count;
	struct list recipients; /* of struct compose_recipient */
};

static bool is_known(const struct checking *c, struct str address)
{
	for (size_t i = 0; i < c->known_count; i++)
		if (str_equal_nocase(c->known[i], address))
			return true;
	return false;
}

static bool is_inside(const struct checking *c, struct str domain)
{
	bool in_letters = domain_name_is_international(domain);
	struct str ascii = in_letters ? domain_name_ascii(domain, c->arena) : STR_NONE;

	for (size_t i = 0; i < c->domain_count; i++) {
		struct str own = c->domains[i].name;
		if (str_equal_nocase(own, domain) ||
			(in_letters && str_equal_nocase(domain_name_ascii(own, c->arena), ascii)))
			return true;
	}
	return false;
}

/* The known address or own domain that a new one may be mistaken for, else another new one. */
static void find_alike(const struct checking *c, struct compose_recipient *one)
{
	const struct compose_recipient *before = c->recipients.items;

	for (size_t i = 0; i < c->domain_count && !one->like.len; i++)
		if (domain_is_alike(address_domain(one->address), c->domains[i].name))
			one->like = c->domains[i].name;
	for (size_t i = 0; i < c->known_count && !one->like.len; i++)
		if (address_is_alike(one->address, c->known[i]))
			one->like = c->known[i];
	for (size_t i = 0; i < c->recipients.count && !one->like.len; i++)
		if (before[i].is_new && address_is_near(one->address, before[i].address)) {
			one->like = before[i].address;
			one->like_is_new = true;
		}
}

static bool was_added(const struct checking *c, struct str address)
{
	const struct compose_recipient *before = c->recipients.items;

	for (size_t i = 0; i < c->recipients.count; i++)
		if (str_equal_nocase(before[i].address, address))
			return true;
	return false;
}

static enum result add_field(struct checking *c, struct str typed, enum recipient_role field, struct err *err)
{
	struct mime_address *addresses;
	size_t count = mime_addresses_typed(typed, c->arena, &addresses);

	for (size_t i = 0; i < count; i++) {
		struct compose_recipient one = {.address = addresses[i].address, .field = field};
		if (!is_address(one.address) || is_inside(c, address_domain(one.address)) ||
			was_added(c, one.address))
			continue;
		/* Each is compared with all before it. */
		if (c->recipients.count == COMPOSE_RECIPIENTS_MAX)
			return compose_refuse_many(err);
		one.is_new = !is_known(c, one.address);
		if (one.is_new)
			find_alike(c, &one);
		*(struct compose_recipient *)list_add(&c->recipients) = one;
	}
	return RESULT_OK;
}

static enum result read_known(struct tx *tx, void *context, struct err *err)
{
	struct checking *c = context;

	TRY(copy_list_written_to(
		tx, c->actor->person_id, SENT_LOOKED_AT, c->arena, &c->known, &c->known_count, err));
	return domain_list(tx, c->actor->account_id, c->arena, &c->domains, &c->domain_count, err);
}

enum result compose_check(struct flow *flow, const struct actor *actor, const struct compose_message *message,
	struct arena *arena, struct compose_recipient **ret, size_t *ret_count, struct err *err)
{
	struct checking c = {.actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_known, &c, err));
	c.recipients = list_new(arena, sizeof(struct compose_recipient));
	TRY(add_field(&c, message->to, ROLE_TO, err));
	TRY(add_field(&c, message->cc, ROLE_CC, err));
	TRY(add_field(&c, message->bcc, ROLE_BCC, err));
	*ret = c.recipients.items;
	*ret_count = c.recipients.count;
	return RESULT_OK;
}

enum result compose_known(struct flow *flow, const struct actor *actor, struct arena *arena, struct str **ret,
	size_t *ret_count, struct err *err)
{
	struct checking c = {.actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_known, &c, err));
	*ret = c.known;
	*ret_count = c.known_count;
	return RESULT_OK;
}

struct str compose_mark(const struct str *fields, size_t count, struct arena *arena)
{
	char *mark = arena_alloc(arena, base32_len(ID_BYTES) + 1);
	uint8_t digest[HASH_BYTES];
	struct hash hash;

	hash_init(&hash);
	for (size_t i = 0; i < count; i++) {
		hash_add(&hash, fields[i]);
		hash_add(&hash, STR("\n"));
	}
	hash_final(&hash, digest);
	base32_encode(digest, ID_BYTES, mark);
	return str_of(mark);
}
