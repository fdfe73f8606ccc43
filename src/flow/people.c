#include "flow/people.h"

#include "base/limits.h"
#include "flow/own_domain.h"
#include "flow/password_rule.h"
#include "mime/header.h"
#include "seal/box.h"
#include "store/domain.h"
#include "store/person_write.h"

#define NAME_FIELD "person-name"
#define RECIPIENT_NAME_FIELD "recipient-name"

struct bytes people_name_seal(
	const struct flow_account *account, struct id person_id, struct str name, struct arena *arena)
{
	struct box_context context = {NAME_FIELD, person_id};

	return box_seal_account(
		account->key, context, str_bytes(str_sub(name, 0, LIMIT_DISPLAY_NAME_BYTES)), arena);
}

struct str people_name(
	const struct flow_account *account, struct id person_id, struct bytes name_box, struct arena *arena)
{
	struct box_context context = {NAME_FIELD, person_id};
	struct bytes name;

	if (name_box.len == 0 ||
		box_open_account(account->key, context, name_box, arena, &name, NULL) != RESULT_OK)
		return STR_NONE;
	return bytes_str(name);
}

struct naming {
	struct flow *flow;
	const struct actor *actor;
	struct str name;
};

static enum result set_name(struct tx *tx, void *context, struct err *err)
{
	const struct naming *n = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person person;

	TRY(flow_account_load(n->flow, tx, n->actor->account_id, &arena, &account, err));
	TRY(person_find(tx, n->actor->account_id, actor_self(n->actor), &arena, &person, err));
	if (person.is_internal)
		return err_set(err, RESULT_DENIED, "an administrator keeps the names of internal people");
	struct str clean = str_trim(mime_clean_text(n->name, LIMIT_DISPLAY_NAME_BYTES, &arena));
	return person_set_name_box(tx, person.id, people_name_seal(&account, person.id, clean, &arena), err);
}

enum result people_name_set(struct flow *flow, const struct actor *actor, struct str name, struct err *err)
{
	struct naming naming = {flow, actor, name};

	return db_write(flow_db(flow), set_name, &naming, err);
}

struct bytes people_recipient_name_seal(
	const struct message_key *key, struct id person_id, struct str name, struct arena *arena)
{
	struct box_context context = {RECIPIENT_NAME_FIELD, person_id};

	if (name.len == 0)
		return (struct bytes){0};
	return box_seal(key, context, str_bytes(str_sub(name, 0, LIMIT_DISPLAY_NAME_BYTES)), arena);
}

struct str people_recipient_name(
	const struct message_key *key, const struct recipient *recipient, struct arena *arena)
{
	struct box_context context = {RECIPIENT_NAME_FIELD, recipient->person_id};
	struct bytes name;

	if (recipient->name_box.len == 0 ||
		box_open(key, context, recipient->name_box, arena, &name, NULL) != RESULT_OK)
		return STR_NONE;
	return bytes_str(name);
}

enum result people_by_address(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err)
{
	TRY(own_domain_address(tx, address, arena, &address, err));
	return person_by_address(tx, account_id, address, arena, ret, err);
}

enum result people_list_by_address(struct tx *tx, struct str address, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err)
{
	TRY(own_domain_address(tx, address, arena, &address, err));
	return person_list_by_address(tx, address, arena, ret, ret_count, err);
}

enum result people_ensure(struct tx *tx, const struct flow_account *account, struct str address,
	struct str name, bool is_internal, int64_t now, struct arena *arena, struct person *ret,
	bool *ret_is_new, struct err *err)
{
	TRY(own_domain_address(tx, address, arena, &address, err));
	enum result found = person_by_address(tx, account->account.id, address, arena, ret, err);
	bool is_new = found == RESULT_NOT_FOUND;

	if (is_new) {
		struct person person = {.id = id_new(now),
			.account_id = account->account.id,
			.address = address,
			.address_key = arena_lower(arena, address),
			.is_internal = is_internal,
			.created_at = now};
		struct id id;
		if (name.len)
			person.name_box = people_name_seal(account, person.id, name, arena);
		TRY(person_ensure(tx, &person, &id, &is_new, err));
		TRY(person_find(tx, account->account.id, id, arena, ret, err));
	} else {
		TRY(found);
	}
	if (is_internal && !ret->is_internal)
		TRY(person_make_internal(tx, ret->id, &ret->is_internal, err));
	if (!is_new && name.len && ret->name_box.len == 0) {
		ret->name_box = people_name_seal(account, ret->id, name, arena);
		TRY(person_set_name_box(tx, ret->id, ret->name_box, err));
	}
	if (ret_is_new)
		*ret_is_new = is_new;
	return RESULT_OK;
}

enum result people_find_internal(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err)
{
	bool internal = false;

	if (is_address(address))
		TRY(people_is_internal(tx, account_id, address, &internal, err));
	if (!internal)
		return err_set(err, RESULT_INVALID, "%.*s is not an address in one of the account's domains",
			STR_ARG(address));
	enum result found = people_by_address(tx, account_id, address, arena, ret, err);
	if (found == RESULT_NOT_FOUND)
		return err_set(err, found,
			"the account knows nobody with the address %.*s; sealpost user add makes it known",
			STR_ARG(address));
	return found;
}

enum result people_account(struct tx *tx, struct str address, struct id *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct domain domain = {0};
	enum result result = own_domain_find(tx, address_domain(address), &arena, &domain, err);

	if (result != RESULT_OK && result != RESULT_NOT_FOUND)
		return result;
	*ret = domain.account_id;
	return RESULT_OK;
}

enum result people_is_internal(
	struct tx *tx, struct id account_id, struct str address, bool *ret, struct err *err)
{
	struct id owner;

	TRY(people_account(tx, address, &owner, err));
	*ret = id_equal(owner, account_id);
	return RESULT_OK;
}

enum result people_is_own(
	struct tx *tx, const struct actor *actor, struct id person_id, bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	*ret = id_equal(person_id, actor->person_id);
	if (*ret || id_is_none(actor->person_id))
		return RESULT_OK;
	enum result found = person_find(tx, actor->account_id, person_id, &arena, &person, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	*ret = id_equal(person.main_id, actor->person_id);
	return RESULT_OK;
}

struct owner_query {
	struct flow *flow;
	struct id account_id;
	struct arena *arena;
	struct password_owner owner; /* its address is given */
};

static enum result find_owner(struct tx *tx, void *context, struct err *err)
{
	struct owner_query *q = context;
	struct flow_account account;
	struct person person;

	TRY(flow_account_load(q->flow, tx, q->account_id, q->arena, &account, err));
	q->owner.account_name = account.account.name;
	q->owner.account_display_name = account.settings.display_name;
	enum result found = people_by_address(tx, q->account_id, q->owner.address, q->arena, &person, err);
	if (found == RESULT_OK)
		q->owner.name = people_name(&account, person.id, person.name_box, q->arena);
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

enum result people_check_password(
	struct flow *flow, struct id account_id, struct str address, struct str password, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct owner_query query = {
		.flow = flow, .account_id = account_id, .arena = &arena, .owner = {.address = address}};

	TRY(db_read(flow_db(flow), find_owner, &query, err));
	return password_check(password, &query.owner, err);
}
