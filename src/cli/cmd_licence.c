#include "base/limits.h"
#include "cli/admin.h"
#include "cli/command.h"
#include "flow/licence.h"
#include "flow/sending.h"
#include "store/licence.h"
#include "store/sending.h"

#include <string.h>

static const char *first, *last;
static bool named;

static enum result show_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"licences", "taken", "named_only", NULL};
	struct licence_terms terms;

	TRY(licence_terms_find(tx, admin->actor.account_id, &terms, err));
	json_t *count = terms.count < 0 ? json_string("any") : json_integer((json_int_t)terms.count);
	json_t *list = json_array();
	(void)json_array_append_new(list, json_pack("{s:o,s:I,s:b}", "licences", count, "taken",
						  (json_int_t)terms.taken, "named_only", terms.named_only));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result show(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, show_in_tx, admin, err);
}

static enum result limit(struct admin *admin, const struct options *options, struct err *err)
{
	struct str text = str_of(options->words[0]);
	bool any = str_equal(text, STR("any"));
	uint64_t count = 0;

	if (!any && !str_to_uint(text, LIMIT_LICENCES, &count))
		return err_set(err, RESULT_INVALID, "limit takes a number up to %d, or any", LIMIT_LICENCES);
	return account_limit_licences(
		admin->node.flow, &admin->actor, any ? -1 : (int64_t)count, named, admin->now, err);
}

static enum result grant(struct admin *admin, const struct options *options, struct err *err)
{
	return account_grant_licence(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result revoke(struct admin *admin, const struct options *options, struct err *err)
{
	return account_revoke_licence(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"address", "since", NULL};
	struct licence *licences;
	size_t count;

	TRY(licence_list(tx, admin->actor.account_id, &admin->arena, &licences, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o}", "address", admin_text(licences[i].address), "since",
				      admin_time(licences[i].since)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

static enum result usage_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"address", "recipients", "limit", "resets", NULL};
	const struct flow *flow = admin->node.flow;
	struct flow_account account;
	struct sending_use *uses;
	struct sending_room room;
	size_t count;

	TRY(flow_account_load(admin->node.flow, tx, admin->actor.account_id, &admin->arena, &account, err));
	TRY(sending_list(tx, admin->actor.account_id, sending_month_of(flow, &account, admin->now),
		&admin->arena, &uses, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		TRY(sending_room_of(tx, flow, &account, uses[i].person_id, admin->now, &room, err));
		(void)json_array_append_new(
			list, json_pack("{s:o,s:I,s:I,s:o}", "address", admin_text(uses[i].address),
				      "recipients", (json_int_t)room.count, "limit", (json_int_t)room.limit,
				      "resets", admin_time(room.resets_at)));
	}
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result usage(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, usage_in_tx, admin, err);
}

static enum result packs_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"id", "address", "more", "starts", "ends", NULL};
	struct pack *packs;
	size_t count;

	TRY(pack_list(tx, admin->actor.account_id, &admin->arena, &packs, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:o,s:I,s:o,s:o}", "id", admin_id(packs[i].id), "address",
				admin_text(packs[i].address), "more", (json_int_t)packs[i].more, "starts",
				admin_time(packs[i].starts_at), "ends", admin_time(packs[i].ends_at)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result add_pack(struct admin *admin, struct str address, struct str more, struct err *err)
{
	struct new_pack pack = {.address = address, .first = str_of(first), .last = str_of(last)};
	uint64_t number;
	struct id id;

	if (!str_to_uint(more, LIMIT_PACK_RECIPIENTS, &number))
		return err_set(err, RESULT_INVALID, "a pack takes a number up to %d", LIMIT_PACK_RECIPIENTS);
	pack.more = (int64_t)number;
	return account_add_pack(admin->node.flow, &admin->actor, &pack, admin->now, &id, err);
}

static enum result pack(struct admin *admin, const struct options *options, struct err *err)
{
	struct str verb = str_of(options->words[0]);
	int words = options->word_count;
	struct id id;

	if (str_equal(verb, STR("list")) && words == 1)
		return admin_read(admin, packs_in_tx, admin, err);
	if (str_equal(verb, STR("add")) && words == 3)
		return add_pack(admin, str_of(options->words[1]), str_of(options->words[2]), err);
	if (str_equal(verb, STR("remove")) && words == 2 && !id_parse(str_of(options->words[1]), &id))
		return err_set(err, RESULT_INVALID, "%s is not an identifier; licence pack list tells them",
			options->words[1]);
	if (str_equal(verb, STR("remove")) && words == 2)
		return account_remove_pack(admin->node.flow, &admin->actor, id, admin->now, err);
	return err_set(
		err, RESULT_INVALID, "pack takes add ADDRESS N --first DAY --last DAY, remove ID, or list");
}

int cmd_licence(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"named", NULL, "only those named have one, not whoever sends first", NULL, &named},
		{"first", "DAY", "of a pack, such as 2026-12-01, in the account's time zone", &first, NULL},
		{"last", "DAY", "of a pack, this day included", &last, NULL}};
	static const struct admin_verb verbs[] = {
		{"show", "show [--json]", 0, 0, true, show},
		{"limit", "limit N|any [--named]", 1, 1, true, limit},
		{"grant", "grant ADDRESS    (of somebody known: sealpost user add)", 1, 1, true, grant},
		{"revoke", "revoke ADDRESS", 1, 1, true, revoke},
		{"list", "list [--json]", 0, 0, true, list},
		{"usage", "usage [--json]", 0, 0, true, usage},
		{"pack",
			"pack add ADDRESS N --first DAY --last DAY | pack remove ID | pack list [--json]    "
			"(ADDRESS of somebody known: sealpost user add)",
			1, 3, true, pack},
	};

	return admin_run("licence", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
