#include "flow/publish.h"

#include "flow/account_note.h"
#include "flow/people.h"
#include "store/definition_folder_write.h"
#include "store/definition_write.h"
#include "store/group_write.h"

#define NAME_MAX_BYTES 60

struct change {
	struct flow *flow;
	const struct actor *actor;
	int64_t now;
	struct str name; /* of the group or folder */
	struct str other;
	bool publish;
	const struct str *names;
	size_t count;
};

static enum result note(struct tx *tx, const struct change *c, struct str detail, struct err *err)
{
	return account_note(tx, c->actor, c->now, detail, err);
}

static enum result check_name(struct str name, const char *of, struct err *err)
{
	if (name.len && name.len <= NAME_MAX_BYTES && str_is_line(name))
		return RESULT_OK;
	return err_set(err, RESULT_INVALID, "a %s's name is one line of 1 to %d bytes", of, NAME_MAX_BYTES);
}

static enum result add_group(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct group group = {.id = id_new(c->now),
		.account_id = c->actor->account_id,
		.name = c->name,
		.created_at = c->now};

	TRY(group_add(tx, &group, err));
	return note(tx, c, arena_printf(&arena, "group %.*s added", STR_ARG(c->name)), err);
}

enum result account_add_group(
	struct flow *flow, const struct actor *actor, struct str name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name};

	TRY(check_name(name, "group", err));
	enum result result = db_write(flow_db(flow), add_group, &change, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "there is a group of that name already")
					 : result;
}

static enum result rename_group(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct group group;

	TRY(group_by_name(tx, c->actor->account_id, c->name, &arena, &group, err));
	TRY(group_rename(tx, group.id, c->other, err));
	return note(tx, c,
		arena_printf(&arena, "group %.*s changed: name %.*s", STR_ARG(group.name), STR_ARG(c->other)),
		err);
}

enum result account_rename_group(struct flow *flow, const struct actor *actor, struct str name,
	struct str new_name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name, .other = new_name};

	TRY(check_name(new_name, "group", err));
	enum result result = db_write(flow_db(flow), rename_group, &change, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "there is a group of that name already")
					 : result;
}

static enum result remove_group(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct group group;

	TRY(group_by_name(tx, c->actor->account_id, c->name, &arena, &group, err));
	TRY(group_remove(tx, group.id, err));
	return note(tx, c, arena_printf(&arena, "group %.*s removed", STR_ARG(group.name)), err);
}

enum result account_remove_group(
	struct flow *flow, const struct actor *actor, struct str name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name};

	return db_write(flow_db(flow), remove_group, &change, err);
}

static enum result add_member(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;
	struct group group;

	TRY(group_by_name(tx, c->actor->account_id, c->name, &arena, &group, err));
	TRY(people_find_internal(tx, c->actor->account_id, c->other, &arena, &person, err));
	TRY(group_member_add(tx, group.id, person.id, c->now, err));
	return note(tx, c,
		arena_printf(&arena, "group %.*s: %.*s added", STR_ARG(group.name), STR_ARG(person.address)),
		err);
}

enum result account_add_member(struct flow *flow, const struct actor *actor, struct str group,
	struct str address, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = group, .other = address};

	return db_write(flow_db(flow), add_member, &change, err);
}

static enum result remove_member(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct person person;
	struct group group;

	TRY(group_by_name(tx, c->actor->account_id, c->name, &arena, &group, err));
	TRY(people_by_address(tx, c->actor->account_id, c->other, &arena, &person, err));
	TRY(group_member_remove(tx, group.id, person.id, err));
	return note(tx, c,
		arena_printf(
			&arena, "group %.*s: %.*s removed", STR_ARG(group.name), STR_ARG(person.address)),
		err);
}

enum result account_remove_member(struct flow *flow, const struct actor *actor, struct str group,
	struct str address, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = group, .other = address};

	return db_write(flow_db(flow), remove_member, &change, err);
}

static enum result add_folder(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition_folder folder = {.id = id_new(c->now),
		.account_id = c->actor->account_id,
		.name = c->name,
		.created_at = c->now};

	TRY(definition_folder_add(tx, &folder, err));
	return note(tx, c, arena_printf(&arena, "folder %.*s added", STR_ARG(c->name)), err);
}

enum result account_add_folder(
	struct flow *flow, const struct actor *actor, struct str name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name};

	TRY(check_name(name, "folder", err));
	enum result result = db_write(flow_db(flow), add_folder, &change, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "there is a folder of that name already")
					 : result;
}

static enum result rename_folder(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition_folder folder;

	TRY(definition_folder_by_name(tx, c->actor->account_id, c->name, &arena, &folder, err));
	TRY(definition_folder_rename(tx, folder.id, c->other, err));
	return note(tx, c,
		arena_printf(
			&arena, "folder %.*s changed: name %.*s", STR_ARG(folder.name), STR_ARG(c->other)),
		err);
}

enum result account_rename_folder(struct flow *flow, const struct actor *actor, struct str name,
	struct str new_name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name, .other = new_name};

	TRY(check_name(new_name, "folder", err));
	enum result result = db_write(flow_db(flow), rename_folder, &change, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "there is a folder of that name already")
					 : result;
}

static enum result remove_folder(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition_folder folder;

	TRY(definition_folder_by_name(tx, c->actor->account_id, c->name, &arena, &folder, err));
	TRY(definition_folder_remove(tx, folder.id, err));
	return note(tx, c, arena_printf(&arena, "folder %.*s removed", STR_ARG(folder.name)), err);
}

enum result account_remove_folder(
	struct flow *flow, const struct actor *actor, struct str name, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .name = name};

	return db_write(flow_db(flow), remove_folder, &change, err);
}

static enum result publish_to_group(
	struct tx *tx, const struct change *c, struct id folder_id, struct arena *arena, struct err *err)
{
	struct group group;

	TRY(group_by_name(tx, c->actor->account_id, c->other, arena, &group, err));
	return c->publish ? definition_folder_add_group(tx, folder_id, group.id, err)
			  : definition_folder_remove_group(tx, folder_id, group.id, err);
}

static enum result publish_folder(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition_folder folder;

	TRY(definition_folder_by_name(tx, c->actor->account_id, c->name, &arena, &folder, err));
	TRY(c->other.len ? publish_to_group(tx, c, folder.id, &arena, err)
			 : definition_folder_set_everybody(tx, folder.id, c->publish, err));
	return note(tx, c,
		arena_printf(&arena, "folder %.*s %s %s%.*s", STR_ARG(folder.name),
			c->publish ? "published to" : "withdrawn from", c->other.len ? "group " : "everybody",
			STR_ARG(c->other)),
		err);
}

enum result account_publish_folder(struct flow *flow, const struct actor *actor, struct str folder,
	struct str group, bool publish, int64_t now, struct err *err)
{
	struct change change = {
		.flow = flow, .actor = actor, .now = now, .name = folder, .other = group, .publish = publish};

	return db_write(flow_db(flow), publish_folder, &change, err);
}

/* Takes the definition of that name out of those not placed yet, and places it. */
static enum result place(struct tx *tx, const struct change *c, struct definition *all, size_t count,
	struct str name, int64_t position, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_equal_nocase(all[i].name, name))
			continue;
		if (all[i].position < 0)
			return err_set(err, RESULT_INVALID, "%.*s is named twice", STR_ARG(name));
		all[i].position = -1;
		return definition_set_position(tx, c->actor->account_id, all[i].id, position, err);
	}
	return err_set(err, RESULT_NOT_FOUND, "the account has no definition %.*s", STR_ARG(name));
}

static enum result order_definitions(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct definition *all;
	size_t count;
	int64_t position = 0;
	struct str names = STR_NONE;

	TRY(definition_list(tx, c->actor->account_id, &arena, &all, &count, err));
	for (size_t i = 0; i < c->count; i++) {
		TRY(place(tx, c, all, count, c->names[i], position++, err));
		names = arena_printf(
			&arena, "%.*s%s%.*s", STR_ARG(names), i ? ", " : "", STR_ARG(c->names[i]));
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].position >= 0)
			TRY(definition_set_position(tx, c->actor->account_id, all[i].id, position++, err));
	return note(tx, c, arena_printf(&arena, "definitions ordered, first %.*s", STR_ARG(names)), err);
}

enum result account_order_definitions(struct flow *flow, const struct actor *actor, const struct str *names,
	size_t count, int64_t now, struct err *err)
{
	struct change change = {.flow = flow, .actor = actor, .now = now, .names = names, .count = count};

	return db_write(flow_db(flow), order_definitions, &change, err);
}
