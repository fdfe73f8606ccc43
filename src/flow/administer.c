#include "flow/administer.h"

#include "base/address.h"
#include "base/limits.h"
#include "flow/account_note.h"
#include "flow/own_domain.h"
#include "flow/people.h"
#include "seal/box.h"
#include "seal/password.h"
#include "store/account_write.h"
#include "store/definition_folder_write.h"
#include "store/definition_write.h"
#include "store/domain_write.h"
#include "store/event_write.h"
#include "store/person_write.h"
#include "store/policy_row_write.h"
#include "store/setting_write.h"
#include "store/source_write.h"

#define ACCOUNT_NAME_MAX 40
#define DEFINITION_NAME_MAX 60
#define DESCRIPTION_MAX 200
#define EXPIRE_DAYS_MAX 36500
#define NEW_POSITION 100

/* What every change works on; `with` is the change's own argument. */
struct change {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	const void *with;
	struct id id;
	struct str name;
	struct str value;
};

static enum result note(struct tx *tx, const struct change *c, struct str detail, struct err *err)
{
	return account_note(tx, c->actor, c->now, detail, err);
}

static bool is_account_name(struct str name)
{
	if (name.len == 0 || name.len > ACCOUNT_NAME_MAX || name.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

static enum result create_account(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct account *account = c->with;
	struct definition_folder folder = {.id = id_new(c->now),
		.account_id = account->id,
		.name = STR("General"),
		.to_everybody = true,
		.created_at = c->now};
	struct definition first = {.id = id_new(c->now),
		.account_id = account->id,
		.folder_id = folder.id,
		.name = STR("Default"),
		.description = STR("Read and answer in the portal"),
		.is_default = true,
		.rights = {.print = true, .reply = true, .reply_all = true, .extend = true},
		.expire_days = 30,
		.created_at = c->now};
	struct event event = {.account_id = account->id,
		.at = c->now,
		.kind = STR(EVENT_ACCOUNT_CREATED),
		.actor_id = c->actor->person_id,
		.origin = c->actor->origin};

	TRY(account_add(tx, account, err));
	TRY(definition_folder_add(tx, &folder, err));
	TRY(definition_add(tx, &first, err));
	if (c->value.len)
		TRY(setting_set(tx, account->id, setting_find(STR("display_name")), c->value, err));
	return event_record(tx, &event, err);
}

enum result account_create(struct flow *flow, const struct actor *actor, struct str name,
	struct str display_name, int64_t now, struct id *ret_id, struct err *err)
{
	uint8_t wrap[SEAL_WRAP_BYTES];
	struct account account = {
		.id = id_new(now), .name = name, .key_wrap = {wrap, sizeof(wrap)}, .created_at = now};
	struct change change = {
		.flow = flow, .actor = actor, .now = now, .with = &account, .value = display_name};
	struct account_key key;

	if (!is_account_name(name))
		return err_set(err, RESULT_INVALID, "an account's name is 1 to %d of a-z, 0-9 and -",
			ACCOUNT_NAME_MAX);
	TRY(setting_check(setting_find(STR("display_name")), display_name, err));
	account_key_new(&key);
	account_key_wrap(flow_root_key(flow), account.id, &key, wrap);
	key_wipe(&key);
	enum result result = db_write(flow_db(flow), create_account, &change, err);
	if (result == RESULT_CONFLICT)
		return err_set(err, result, "there is an account of that name already");
	if (result == RESULT_OK && ret_id)
		*ret_id = account.id;
	return result;
}

static enum result set_setting(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct setting *setting = c->with;
	cleanup(arena_done) struct arena arena = {0};

	TRY(setting_set(tx, c->actor->account_id, setting, c->value, err));
	return note(tx, c, arena_printf(&arena, "setting %s = %.*s", setting->name, STR_ARG(c->value)), err);
}

/* What a text has to be that the node looks up or sends from. Languages are known to the edges alone. */
static enum result check_text(
	const struct flow *flow, const struct setting *setting, struct str value, struct err *err)
{
	const struct zones *zones = flow_names(flow)->zones;
	struct str name = str_of(setting->name);

	if (str_equal(name, STR("time_zone")) && zones && zone_find(zones, value) == NULL)
		return err_set(err, RESULT_INVALID,
			"this machine knows no time zone %.*s; one is Europe/Berlin", STR_ARG(value));
	if (str_equal(name, STR("notification_address")) && value.len && !is_address(value))
		return err_set(err, RESULT_INVALID, "notification_address takes an address, or nothing");
	return RESULT_OK;
}

enum result account_set(struct flow *flow, const struct actor *actor, struct str name, struct str value,
	int64_t now, struct err *err)
{
	const struct setting *setting = setting_find(name);
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = setting, .value = value};

	if (setting == NULL)
		return err_set(err, RESULT_INVALID,
			"there is no setting %.*s; sealpost account show lists them", STR_ARG(name));
	TRY(setting_check(setting, value, err));
	TRY(check_text(flow, setting, value, err));
	return db_write(flow_db(flow), set_setting, &change, err);
}

static enum result check_hop(struct str hop, struct err *err)
{
	struct host_port parsed;

	return host_port_parse(hop, &parsed)
		       ? RESULT_OK
		       : err_set(err, RESULT_INVALID, "a next hop is host:port or [address]:port, not %.*s",
				 STR_ARG(hop));
}

static enum result add_domain(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct domain *domain = c->with;
	cleanup(arena_done) struct arena arena = {0};
	struct domain other;

	enum result known = own_domain_find(tx, domain->name, &arena, &other, err);
	if (known == RESULT_OK)
		return err_set(err, RESULT_CONFLICT, "an account has the domain already");
	if (known != RESULT_NOT_FOUND)
		return known;
	TRY(domain_add(tx, domain, err));
	return note(tx, c,
		arena_printf(&arena, "domain %.*s added, next hop %.*s, TLS %s", STR_ARG(domain->name),
			STR_ARG(domain->next_hop), hop_tls_name(domain->hop_tls)),
		err);
}

enum result account_add_domain(struct flow *flow, const struct actor *actor, struct str name,
	struct str next_hop, enum hop_tls hop_tls, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct domain domain = {.name = arena_lower(&arena, name),
		.account_id = actor->account_id,
		.next_hop = next_hop,
		.hop_tls = hop_tls,
		.created_at = now};
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = &domain};

	if (!is_domain_name(name))
		return err_set(err, RESULT_INVALID, "%.*s is not a domain name", STR_ARG(name));
	TRY(check_hop(next_hop, err));
	enum result result = db_write(flow_db(flow), add_domain, &change, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "an account has the domain already") : result;
}

/* The account's domain, which either form names; *ret as the account said it. */
static enum result find_domain(
	struct tx *tx, const struct change *c, struct arena *arena, struct str *ret, struct err *err)
{
	struct domain domain;
	enum result found = own_domain_find(tx, c->name, arena, &domain, err);

	if (found == RESULT_NOT_FOUND ||
		(found == RESULT_OK && !id_equal(domain.account_id, c->actor->account_id)))
		return err_set(err, RESULT_NOT_FOUND, "the account has no such domain");
	if (found == RESULT_OK)
		*ret = domain.name;
	return found;
}

static enum result change_domain(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct domain *hop = c->with;
	cleanup(arena_done) struct arena arena = {0};
	struct str name;

	TRY(find_domain(tx, c, &arena, &name, err));
	TRY(domain_set_hop(tx, c->actor->account_id, name, hop->next_hop, hop->hop_tls, err));
	return note(tx, c,
		arena_printf(&arena, "domain %.*s changed, next hop %.*s, TLS %s", STR_ARG(name),
			STR_ARG(hop->next_hop), hop_tls_name(hop->hop_tls)),
		err);
}

enum result account_change_domain(struct flow *flow, const struct actor *actor, struct str name,
	struct str next_hop, enum hop_tls hop_tls, int64_t now, struct err *err)
{
	struct domain hop = {.next_hop = next_hop, .hop_tls = hop_tls};
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name, .with = &hop};

	TRY(check_hop(next_hop, err));
	return db_write(flow_db(flow), change_domain, &change, err);
}

static enum result check_unused(struct tx *tx, const struct change *c, struct str name, struct err *err)
{
	int64_t users, waiting;

	TRY(domain_count_use(tx, c->actor->account_id, name, &users, &waiting, err));
	if (users == 0 && waiting == 0)
		return RESULT_OK;
	return err_set(err, RESULT_CONFLICT,
		"the domain has %lld users, and %lld mails wait for it: its people would count as external, "
		"and "
		"their mail would go outside; with --force it is removed all the same",
		(long long)users, (long long)waiting);
}

static enum result remove_domain(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct str name;

	TRY(find_domain(tx, c, &arena, &name, err));
	if (!*(const bool *)c->with)
		TRY(check_unused(tx, c, name, err));
	TRY(domain_remove(tx, c->actor->account_id, name, err));
	return note(tx, c, arena_printf(&arena, "domain %.*s removed", STR_ARG(name)), err);
}

enum result account_remove_domain(struct flow *flow, const struct actor *actor, struct str name,
	bool is_forced, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name, .with = &is_forced};

	return db_write(flow_db(flow), remove_domain, &change, err);
}

static enum result add_user(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;
	const struct new_user *user = c->with;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct domain domain;
	struct person person;
	bool is_new;

	TRY(flow_account_load(c->flow, tx, c->actor->account_id, &arena, &account, err));
	enum result found = own_domain_find(tx, address_domain(user->address), &arena, &domain, err);
	if (found == RESULT_NOT_FOUND ||
		(found == RESULT_OK && !id_equal(domain.account_id, c->actor->account_id)))
		return err_set(
			err, RESULT_INVALID, "an internal user's address is in one of the account's domains");
	TRY(found);
	found = people_by_address(tx, c->actor->account_id, user->address, &arena, &person, err);
	if (found != RESULT_OK && found != RESULT_NOT_FOUND)
		return found;
	bool was_internal = found == RESULT_OK && person.is_internal;
	TRY(people_ensure(
		tx, &account, user->address, user->name, true, c->now, &arena, &person, &is_new, err));
	if (!is_new)
		TRY(person_hold(tx, person.id, &arena, &person, err));
	if (!person.is_internal)
		return err_set(err, RESULT_CONFLICT,
			"somebody from outside has the address together with others: that has to end first");
	/* The own password of somebody from outside stays. */
	if (!is_new && person.password_hash.len && (was_internal || c->value.len))
		return err_set(err, RESULT_CONFLICT,
			was_internal ? "the account has this user already"
				     : "they have a password of their own, from outside: add them without "
				       "one, and it stays");
	if (user->name.len)
		TRY(person_set_name_box(
			tx, person.id, people_name_seal(&account, person.id, user->name, &arena), err));
	if (c->value.len)
		TRY(person_set_password(tx, person.id, c->value, c->now, err));
	if (user->is_administrator)
		TRY(person_set_administrator(tx, person.id, true, err));
	return note(tx, c,
		arena_printf(&arena, "%s %.*s added", user->is_administrator ? "administrator" : "user",
			STR_ARG(user->address)),
		err);
}

enum result account_add_user(struct flow *flow, const struct actor *actor, const struct new_user *user,
	int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = user};

	if (!is_address(user->address))
		return err_set(err, RESULT_INVALID, "%.*s is not a mail address", STR_ARG(user->address));
	if (user->name.len > LIMIT_DISPLAY_NAME_BYTES || !str_is_line(user->name))
		return err_set(err, RESULT_INVALID, "a user's name is one line of at most %d bytes",
			LIMIT_DISPLAY_NAME_BYTES);
	if (user->password.len) {
		TRY(people_check_password(flow, actor->account_id, user->address, user->password, err));
		TRY(password_hash(user->password, &arena, &change.value, err));
	}
	return db_write(flow_db(flow), add_user, &change, err);
}

static enum result add_source(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct source *source = c->with;
	cleanup(arena_done) struct arena arena = {0};

	TRY(source_add(tx, source, err));
	return note(tx, c,
		arena_printf(&arena, "source %.*s%.*s added%s%s", STR_ARG(source->network),
			STR_ARG(source->user_name), source->allow_foreign ? ", foreign senders allowed" : "",
			source->normalise_newlines ? ", newlines normalised" : ""),
		err);
}

enum result account_add_source(struct flow *flow, const struct actor *actor,
	const struct new_source *new_source, int64_t now, struct id *ret_id, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct source source = {.id = id_new(now),
		.account_id = actor->account_id,
		.network = new_source->network,
		.user_name = new_source->user_name,
		.allow_foreign = new_source->allow_foreign,
		.normalise_newlines = new_source->normalise_newlines,
		.created_at = now};
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = &source};
	struct network network;

	if ((source.network.len == 0) == (source.user_name.len == 0))
		return err_set(err, RESULT_INVALID, "a source has either --network or --user");
	if (source.network.len && !network_parse(source.network, &network))
		return err_set(err, RESULT_INVALID, "%.*s is not an address range such as 192.0.2.0/24",
			STR_ARG(source.network));
	if (source.network.len && !network_is_whole(source.network))
		return err_set(err, RESULT_INVALID,
			"%.*s does not begin where the range begins: for one address leave out the /, "
			"for all say its first",
			STR_ARG(source.network));
	if (source.user_name.len) {
		TRY(people_check_password(
			flow, actor->account_id, source.user_name, new_source->password, err));
		TRY(password_hash(new_source->password, &arena, &source.password_hash, err));
	}
	enum result result = db_write(flow_db(flow), add_source, &change, err);
	if (result == RESULT_CONFLICT)
		return err_set(err, result, "there is such a source already");
	if (result == RESULT_OK && ret_id)
		*ret_id = source.id;
	return result;
}

static enum result remove_source(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};

	TRY(source_remove(tx, c->actor->account_id, c->id, err));
	return note(tx, c, arena_printf(&arena, "source %s removed", id_text(c->id).s), err);
}

enum result account_remove_source(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .id = id};

	return db_write(flow_db(flow), remove_source, &change, err);
}

static enum result check_definition(const struct definition *definition, struct err *err)
{
	if (definition->name.len == 0 || definition->name.len > DEFINITION_NAME_MAX ||
		!str_is_line(definition->name) || str_find_char(definition->name, ']') >= 0)
		return err_set(err, RESULT_INVALID,
			"a definition's name is one line of 1 to %d bytes and no ]", DEFINITION_NAME_MAX);
	if (definition->description.len > DESCRIPTION_MAX || !str_is_line(definition->description))
		return err_set(err, RESULT_INVALID, "a description is one line of at most %d bytes",
			DESCRIPTION_MAX);
	if (definition->expire_days < 0 || definition->expire_days > EXPIRE_DAYS_MAX)
		return err_set(err, RESULT_INVALID, "days until expiry are 0 (the end of retention) to %d",
			EXPIRE_DAYS_MAX);
	if (definition->rights.reply_all && !definition->rights.reply)
		return err_set(err, RESULT_INVALID, "reply all is allowed only together with reply");
	return RESULT_OK;
}

static void apply_rule(enum definition_rule rule, bool *may)
{
	if (rule != RULE_STAYS)
		*may = rule == RULE_YES;
}

/* What is said, over what stands. */
static enum result apply(struct tx *tx, const struct definition_change *said, struct arena *arena,
	struct definition *definition, struct err *err)
{
	struct definition_folder folder;

	if (said->name.ptr)
		definition->name = said->name;
	if (said->description.ptr)
		definition->description = said->description;
	apply_rule(said->print, &definition->rights.print);
	apply_rule(said->reply, &definition->rights.reply);
	apply_rule(said->reply_all, &definition->rights.reply_all);
	apply_rule(said->save, &definition->rights.save);
	apply_rule(said->extend, &definition->rights.extend);
	apply_rule(said->second_factor, &definition->rights.second_factor);
	apply_rule(said->access_code, &definition->access_code);
	apply_rule(said->read_receipt, &definition->read_receipt);
	apply_rule(said->all_recipients, &definition->all_recipients);
	/* Asked for without reply it is refused, not forgotten. */
	if (said->reply_all == RULE_STAYS)
		definition->rights.reply_all = definition->rights.reply_all && definition->rights.reply;
	if (said->says_expire_days)
		definition->expire_days = said->expire_days;
	if (said->says_position)
		definition->position = said->position;
	if (said->folder.ptr) {
		TRY(definition_folder_by_name(tx, definition->account_id, said->folder, arena, &folder, err));
		definition->folder_id = folder.id;
	}
	return check_definition(definition, err);
}

/* A definition of which nothing else is said goes into the oldest folder. */
static enum result add_definition(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	struct definition definition = {.id = c->id,
		.account_id = c->actor->account_id,
		.name = c->name,
		.position = NEW_POSITION,
		.rights = {.print = true, .reply = true, .reply_all = true, .extend = true},
		.created_at = c->now};
	cleanup(arena_done) struct arena arena = {0};
	struct definition_folder *folders;
	size_t count;

	TRY(apply(tx, c->with, &arena, &definition, err));
	TRY(definition_folder_list(tx, c->actor->account_id, &arena, &folders, &count, err));
	if (id_is_none(definition.folder_id) && count == 0)
		return err_set(err, RESULT_INVALID, "the account has no folder for definitions");
	if (id_is_none(definition.folder_id))
		definition.folder_id = folders[0].id;
	TRY(definition_add(tx, &definition, err));
	return note(tx, c, arena_printf(&arena, "definition %.*s added", STR_ARG(definition.name)), err);
}

enum result account_add_definition(struct flow *flow, const struct actor *actor, struct str name,
	const struct definition_change *said, int64_t now, struct err *err)
{
	struct change change = {
		.flow = flow, .actor = actor, .now = now, .with = said, .id = id_new(now), .name = name};
	enum result result = db_write(flow_db(flow), add_definition, &change, err);

	return result == RESULT_CONFLICT ? err_set(err, result, "there is a definition of that name already")
					 : result;
}

/* ": print no, expire-days 14", as the command's options say it; empty when nothing changes. */
static struct str what_changes(const struct definition *a, const struct definition *b, struct arena *arena)
{
	const struct {
		const char *option;
		bool before, now;
	} rules[] = {
		{"print", a->rights.print, b->rights.print},
		{"reply", a->rights.reply, b->rights.reply},
		{"reply-all", a->rights.reply_all, b->rights.reply_all},
		{"save", a->rights.save, b->rights.save},
		{"access-code", a->access_code, b->access_code},
		{"extend", a->rights.extend, b->rights.extend},
		{"read-receipt", a->read_receipt, b->read_receipt},
		{"all-recipients", a->all_recipients, b->all_recipients},
		{"second-factor", a->rights.second_factor, b->rights.second_factor},
	};
	struct str text = STR_NONE;

	if (!str_equal(a->name, b->name))
		text = arena_printf(arena, ", name %.*s", STR_ARG(b->name));
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (rules[i].before != rules[i].now)
			text = arena_printf(arena, "%.*s, %s %s", STR_ARG(text), rules[i].option,
				rules[i].now ? "yes" : "no");
	if (a->expire_days != b->expire_days)
		text = arena_printf(
			arena, "%.*s, expire-days %lld", STR_ARG(text), (long long)b->expire_days);
	if (a->position != b->position)
		text = arena_printf(arena, "%.*s, position %lld", STR_ARG(text), (long long)b->position);
	if (!id_equal(a->folder_id, b->folder_id))
		text = arena_printf(arena, "%.*s, another folder", STR_ARG(text));
	if (!str_equal(a->description, b->description))
		text = arena_printf(arena, "%.*s, another description", STR_ARG(text));
	return text.len ? arena_printf(arena, ":%.*s", (int)text.len - 1, text.ptr + 1) : STR_NONE;
}

/* Held while it is read: of two who change different rules at once, both are followed. */
static enum result change_definition(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition before, definition;

	TRY(definition_hold_by_name(tx, c->actor->account_id, c->name, &arena, &before, err));
	definition = before;
	TRY(apply(tx, c->with, &arena, &definition, err));
	TRY(definition_update(tx, &definition, err));
	struct str what = what_changes(&before, &definition, &arena);
	return note(tx, c,
		arena_printf(&arena, "definition %.*s changed%.*s", STR_ARG(before.name), STR_ARG(what)),
		err);
}

enum result account_change_definition(struct flow *flow, const struct actor *actor, struct str name,
	const struct definition_change *said, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = said, .name = name};
	enum result result = db_write(flow_db(flow), change_definition, &change, err);

	return result == RESULT_CONFLICT ? err_set(err, result, "there is a definition of that name already")
					 : result;
}

static enum result remove_definition(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition definition;
	struct policy_row *policies;
	size_t count;

	TRY(definition_by_name(tx, c->actor->account_id, c->name, &arena, &definition, err));
	TRY(policy_row_list(tx, c->actor->account_id, &arena, &policies, &count, err));
	for (size_t i = 0; i < count; i++)
		if (id_equal(policies[i].definition_id, definition.id))
			return err_set(err, RESULT_CONFLICT,
				"a policy secures with it: remove policy %s first",
				id_text(policies[i].id).s);
	TRY(definition_remove(tx, c->actor->account_id, definition.id, err));
	return note(tx, c, arena_printf(&arena, "definition %.*s removed", STR_ARG(definition.name)), err);
}

enum result account_remove_definition(
	struct flow *flow, const struct actor *actor, struct str name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name};

	return db_write(flow_db(flow), remove_definition, &change, err);
}

static enum result add_policy(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	const struct policy_row *policy = c->with;
	cleanup(arena_done) struct arena arena = {0};

	TRY(policy_row_add(tx, policy, err));
	return note(tx, c, arena_printf(&arena, "policy %s added", id_text(policy->id).s), err);
}

enum result account_add_policy(
	struct flow *flow, const struct actor *actor, struct policy_row *policy, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .with = policy};

	if (policy->narrative.len == 0 || policy->narrative.len > POLICY_NARRATIVE_MAX ||
		!str_is_line(policy->narrative))
		return err_set(err, RESULT_INVALID, "a policy's narrative is one line of 1 to %d bytes",
			POLICY_NARRATIVE_MAX);
	policy->id = id_new(now);
	policy->account_id = actor->account_id;
	policy->created_at = now;
	return db_write(flow_db(flow), add_policy, &change, err);
}

static enum result enable_policy(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	bool enabled = *(const bool *)c->with;

	TRY(policy_row_set_enabled(tx, c->actor->account_id, c->id, enabled, err));
	return note(tx, c,
		arena_printf(&arena, "policy %s %s", id_text(c->id).s, enabled ? "enabled" : "disabled"),
		err);
}

enum result account_enable_policy(struct flow *flow, const struct actor *actor, struct id id, bool enabled,
	int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .id = id, .with = &enabled};

	return db_write(flow_db(flow), enable_policy, &change, err);
}

static enum result remove_policy(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};

	TRY(policy_row_remove(tx, c->actor->account_id, c->id, err));
	return note(tx, c, arena_printf(&arena, "policy %s removed", id_text(c->id).s), err);
}

enum result account_remove_policy(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .id = id};

	return db_write(flow_db(flow), remove_policy, &change, err);
}
