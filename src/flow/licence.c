#include "flow/licence.h"

#include "base/limits.h"
#include "flow/account_note.h"
#include "flow/people.h"
#include "store/licence_write.h"
#include "store/sending_write.h"

struct change {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	int64_t count;
	bool named_only;
	struct str address;
	const struct new_pack *pack;
	int64_t first_day, last_day;
	struct id id;
};

static enum result note(struct tx *tx, const struct change *c, struct str detail, struct err *err)
{
	return account_note(tx, c->actor, c->now, detail, err);
}

static enum result limit_licences(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};

	TRY(licence_set_terms(tx, c->actor->account_id, c->count, c->named_only, err));
	if (c->count < 0)
		return note(tx, c, STR("licences: any number"), err);
	return note(tx, c,
		arena_printf(&arena, "licences: %lld%s", (long long)c->count,
			c->named_only ? ", for those named only" : ""),
		err);
}

enum result account_limit_licences(struct flow *flow, const struct actor *actor, int64_t count,
	bool named_only, int64_t now, struct err *err)
{
	struct change change = {
		.flow = flow, .actor = actor, .now = now, .count = count, .named_only = named_only};

	if (count < -1 || count > LIMIT_LICENCES)
		return err_set(err, RESULT_INVALID, "licences are 0 to %d, or any number", LIMIT_LICENCES);
	return db_write(flow_db(flow), limit_licences, &change, err);
}

static enum result grant(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(people_find_internal(tx, c->actor->account_id, c->address, &arena, &person, err));
	TRY(licence_take(tx, c->actor->account_id, person.id, false, c->now, err));
	return note(tx, c, arena_printf(&arena, "licence given to %.*s", STR_ARG(person.address)), err);
}

enum result account_grant_licence(
	struct flow *flow, const struct actor *actor, struct str address, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .address = address};

	return db_write(flow_db(flow), grant, &change, err);
}

static enum result revoke(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;

	TRY(people_by_address(tx, c->actor->account_id, c->address, &arena, &person, err));
	TRY(licence_give_back(tx, c->actor->account_id, person.id, err));
	return note(tx, c, arena_printf(&arena, "licence taken from %.*s", STR_ARG(person.address)), err);
}

enum result account_revoke_licence(
	struct flow *flow, const struct actor *actor, struct str address, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .address = address};

	return db_write(flow_db(flow), revoke, &change, err);
}

static enum result add_pack(struct tx *tx, void *context, struct err *err)
{
	struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person person;

	TRY(people_find_internal(tx, c->actor->account_id, c->pack->address, &arena, &person, err));
	TRY(flow_account_load(c->flow, tx, c->actor->account_id, &arena, &account, err));
	const struct zone *zone = flow_account_zone(c->flow, &account);
	struct pack pack = {.id = id_new(c->now),
		.account_id = c->actor->account_id,
		.person_id = person.id,
		.more = c->pack->more,
		.starts_at = zone_day_begins(zone, c->first_day),
		.ends_at = zone_day_begins(zone, c->last_day + 1),
		.created_at = c->now};
	TRY(pack_add(tx, &pack, err));
	c->id = pack.id;
	return note(tx, c,
		arena_printf(&arena, "pack %s: %lld more for %.*s from %.*s until %.*s", id_text(pack.id).s,
			(long long)pack.more, STR_ARG(person.address), STR_ARG(c->pack->first),
			STR_ARG(c->pack->last)),
		err);
}

enum result account_add_pack(struct flow *flow, const struct actor *actor, const struct new_pack *pack,
	int64_t now, struct id *ret_id, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .pack = pack};

	if (pack->more < 1 || pack->more > LIMIT_PACK_RECIPIENTS)
		return err_set(err, RESULT_INVALID, "a pack has 1 to %d recipients", LIMIT_PACK_RECIPIENTS);
	if (!zone_day_parse(pack->first, &change.first_day) || !zone_day_parse(pack->last, &change.last_day))
		return err_set(
			err, RESULT_INVALID, "a pack lasts from one day to another, such as 2026-12-31");
	if (change.first_day > change.last_day)
		return err_set(err, RESULT_INVALID, "a pack ends after it begins");
	TRY(db_write(flow_db(flow), add_pack, &change, err));
	*ret_id = change.id;
	return RESULT_OK;
}

static enum result remove_pack(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};

	TRY(pack_remove(tx, c->actor->account_id, c->id, err));
	return note(tx, c, arena_printf(&arena, "pack %s removed", id_text(c->id).s), err);
}

enum result account_remove_pack(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .id = id};

	return db_write(flow_db(flow), remove_pack, &change, err);
}
