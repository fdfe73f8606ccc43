#include "cli/admin.h"
#include "cli/command.h"
#include "flow/publish.h"
#include "store/group.h"

#include <string.h>

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	return account_add_group(admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result rename_group(struct admin *admin, const struct options *options, struct err *err)
{
	return account_rename_group(admin->node.flow, &admin->actor, str_of(options->words[0]),
		str_of(options->words[1]), admin->now, err);
}

static enum result remove_group(struct admin *admin, const struct options *options, struct err *err)
{
	return account_remove_group(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"group", "members", "created", NULL};
	struct group *groups;
	size_t count;

	TRY(group_list(tx, admin->actor.account_id, &admin->arena, &groups, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:o,s:I,s:o}", "group", admin_text(groups[i].name), "members",
				      (json_int_t)groups[i].member_count, "created",
				      admin_time(groups[i].created_at)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

struct members {
	struct admin *admin;
	struct str name;
};

static enum result members_in_tx(struct tx *tx, void *context, struct err *err)
{
	const struct members *m = context;
	static const char *const columns[] = {"address", NULL};
	struct arena *arena = &m->admin->arena;
	struct group group;
	struct str *addresses;
	size_t count;

	TRY(group_by_name(tx, m->admin->actor.account_id, m->name, arena, &group, err));
	TRY(group_list_members(tx, group.id, arena, &addresses, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_pack("{s:o}", "address", admin_text(addresses[i])));
	admin_print(m->admin, list, columns);
	return RESULT_OK;
}

static enum result member(struct admin *admin, const struct options *options, struct err *err)
{
	const char *verb = options->words[0];
	struct str group = str_of(options->words[1]);
	struct str address = options->word_count > 2 ? str_of(options->words[2]) : STR_NONE;

	if (strcmp(verb, "list") == 0 && !address.ptr) {
		struct members members = {admin, group};
		return admin_read(admin, members_in_tx, &members, err);
	}
	if (strcmp(verb, "add") == 0 && address.ptr)
		return account_add_member(admin->node.flow, &admin->actor, group, address, admin->now, err);
	if (strcmp(verb, "remove") == 0 && address.ptr)
		return account_remove_member(
			admin->node.flow, &admin->actor, group, address, admin->now, err);
	return err_set(
		err, RESULT_INVALID, "member takes add GROUP ADDRESS, remove GROUP ADDRESS or list GROUP");
}

int cmd_group(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin)};
	static const struct admin_verb verbs[] = {
		{"add", "add NAME", 1, 1, true, add},
		{"rename", "rename NAME NEW-NAME", 2, 2, true, rename_group},
		{"remove", "remove NAME", 1, 1, true, remove_group},
		{"list", "list [--json]", 0, 0, true, list},
		{"member",
			"member add GROUP ADDRESS | member remove GROUP ADDRESS | member list GROUP [--json]"
			"    (of somebody known: sealpost user add)",
			2, 3, true, member},
	};

	return admin_run("group", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
