#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"
#include "flow/people.h"
#include "flow/publish.h"
#include "flow/published.h"
#include "store/definition_folder.h"

#include <stdio.h>
#include <string.h>

static const char *new_name, *description, *expire_days, *extend, *position, *folder_name, *group, *sender;
static bool everybody, sender_is_known;
static const char *print, *reply, *reply_all, *save, *access_code, *read_receipt, *all_recipients,
	*second_factor;

static enum result read_number(
	const char *text, const char *option, bool *ret_said, int64_t *ret, struct err *err)
{
	uint64_t number;

	if (text == NULL)
		return RESULT_OK;
	if (!str_to_uint(str_of(text), 1000000, &number))
		return err_set(err, RESULT_INVALID, "--%s takes a number, 0 or more", option);
	*ret = (int64_t)number;
	*ret_said = true;
	return RESULT_OK;
}

static enum result read_rule(const char *text, const char *option, enum definition_rule *ret, struct err *err)
{
	if (text == NULL)
		return RESULT_OK;
	*ret = strcmp(text, "yes") == 0 ? RULE_YES : RULE_NO;
	if (*ret == RULE_NO && strcmp(text, "no") != 0)
		return err_set(err, RESULT_INVALID, "--%s takes yes or no", option);
	return RESULT_OK;
}

/* What the options say. */
static enum result read_change(struct definition_change *ret, struct err *err)
{
	const struct {
		const char *text, *option;
		enum definition_rule *rule;
	} rules[] = {{print, "print", &ret->print}, {reply, "reply", &ret->reply},
		{reply_all, "reply-all", &ret->reply_all}, {save, "save", &ret->save},
		{access_code, "access-code", &ret->access_code}, {extend, "extend", &ret->extend},
		{read_receipt, "read-receipt", &ret->read_receipt},
		{all_recipients, "all-recipients", &ret->all_recipients},
		{second_factor, "second-factor", &ret->second_factor}};

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		TRY(read_rule(rules[i].text, rules[i].option, rules[i].rule, err));
	if (description)
		ret->description = str_of(description);
	if (folder_name)
		ret->folder = str_of(folder_name);
	TRY(read_number(expire_days, "expire-days", &ret->says_expire_days, &ret->expire_days, err));
	return read_number(position, "position", &ret->says_position, &ret->position, err);
}

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	struct definition_change change = {0};

	TRY(read_change(&change, err));
	return account_add_definition(
		admin->node.flow, &admin->actor, str_of(options->words[0]), &change, admin->now, err);
}

static bool is_something_said(void)
{
	const char *const said[] = {new_name, description, print, reply, reply_all, save, access_code, extend,
		read_receipt, all_recipients, second_factor, expire_days, position, folder_name};

	for (size_t i = 0; i < COUNT_OF(said); i++)
		if (said[i])
			return true;
	return false;
}

static enum result set(struct admin *admin, const struct options *options, struct err *err)
{
	struct definition_change change = {0};

	if (!is_something_said())
		return err_set(err, RESULT_INVALID,
			"say what changes, such as --print no; definition set --help lists what there is");
	if (new_name)
		change.name = str_of(new_name);
	TRY(read_change(&change, err));
	return account_change_definition(
		admin->node.flow, &admin->actor, str_of(options->words[0]), &change, admin->now, err);
}

static enum result remove_definition(struct admin *admin, const struct options *options, struct err *err)
{
	return account_remove_definition(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result order(struct admin *admin, const struct options *options, struct err *err)
{
	struct str names[OPTIONS_WORDS_MAX];

	for (int i = 0; i < options->word_count; i++)
		names[i] = str_of(options->words[i]);
	return account_order_definitions(
		admin->node.flow, &admin->actor, names, (size_t)options->word_count, admin->now, err);
}

static struct str folder_of(
	const struct definition_folder *folders, size_t count, const struct definition *definition)
{
	for (size_t i = 0; i < count; i++)
		if (id_equal(folders[i].id, definition->folder_id))
			return folders[i].name;
	return STR_NONE;
}

/* The address that --for names, as the account keeps it. Who is not known yet may send all the same. */
static enum result find_sender(struct tx *tx, struct admin *admin, struct str *ret, struct err *err)
{
	struct person person;
	bool internal;

	TRY(people_is_internal(tx, admin->actor.account_id, str_of(sender), &internal, err));
	if (!internal)
		return err_set(err, RESULT_INVALID,
			"%s is not an address in one of the account's domains: others choose none", sender);
	enum result found =
		people_by_address(tx, admin->actor.account_id, str_of(sender), &admin->arena, &person, err);
	sender_is_known = found == RESULT_OK;
	*ret = sender_is_known ? person.address : str_of(sender);
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"name", "folder", "default", "print", "reply", "reply_all",
		"save", "access_code", "expire_days", "extend", "read_receipt", "all_recipients",
		"second_factor", "description", NULL};
	struct definition_folder *folders;
	struct definition *d;
	size_t count, folder_count;
	struct str address;

	if (sender)
		TRY(find_sender(tx, admin, &address, err));
	TRY(sender ? published_to(tx, admin->actor.account_id, address, &admin->arena, &d, &count, err)
		   : definition_list(tx, admin->actor.account_id, &admin->arena, &d, &count, err));
	TRY(definition_folder_list(tx, admin->actor.account_id, &admin->arena, &folders, &folder_count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:o,s:b,s:b,s:b,s:b,s:b,s:b,s:I,s:b,s:b,s:b,s:b,s:o}", "name",
				admin_text(d[i].name), "folder",
				admin_text(folder_of(folders, folder_count, &d[i])), "default",
				d[i].is_default, "print", d[i].rights.print, "reply", d[i].rights.reply,
				"reply_all", d[i].rights.reply_all, "save", d[i].rights.save, "access_code",
				d[i].access_code, "expire_days", (json_int_t)d[i].expire_days, "extend",
				d[i].rights.extend, "read_receipt", d[i].read_receipt, "all_recipients",
				d[i].all_recipients, "second_factor", d[i].rights.second_factor,
				"description", admin_text(d[i].description)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	TRY(admin_read(admin, list_in_tx, admin, err));
	if (sender && !sender_is_known)
		(void)fprintf(stderr,
			"sealpost: the account knows nobody with the address %s; whoever is new may choose "
			"these\n",
			sender);
	return RESULT_OK;
}

static enum result folders_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"folder", "everybody", "groups", NULL};
	struct definition_folder *folders;
	size_t count, group_count;
	struct str *groups;

	TRY(definition_folder_list(tx, admin->actor.account_id, &admin->arena, &folders, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		TRY(definition_folder_list_groups(
			tx, folders[i].id, &admin->arena, &groups, &group_count, err));
		json_t *names = json_array();
		for (size_t k = 0; k < group_count; k++)
			(void)json_array_append_new(names, admin_text(groups[k]));
		(void)json_array_append_new(
			list, json_pack("{s:o,s:b,s:o}", "folder", admin_text(folders[i].name), "everybody",
				      folders[i].to_everybody, "groups", names));
	}
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result folder(struct admin *admin, const struct options *options, struct err *err)
{
	const char *verb = options->words[0];
	struct str name = options->word_count > 1 ? str_of(options->words[1]) : STR_NONE;

	if (options->word_count == 3 && strcmp(verb, "rename") == 0)
		return account_rename_folder(
			admin->node.flow, &admin->actor, name, str_of(options->words[2]), admin->now, err);
	if (options->word_count == 3)
		return err_set(err, RESULT_INVALID, "folder %s takes one name", verb);
	if (strcmp(verb, "list") == 0 && !name.ptr)
		return admin_read(admin, folders_in_tx, admin, err);
	if (strcmp(verb, "add") == 0 && name.ptr)
		return account_add_folder(admin->node.flow, &admin->actor, name, admin->now, err);
	if (strcmp(verb, "remove") == 0 && name.ptr)
		return account_remove_folder(admin->node.flow, &admin->actor, name, admin->now, err);
	return err_set(
		err, RESULT_INVALID, "folder takes add NAME, rename NAME NEW-NAME, remove NAME or list");
}

static enum result publish_or_not(
	struct admin *admin, const struct options *options, bool publish, struct err *err)
{
	if ((group != NULL) == everybody || (group && !*group))
		return err_set(err, RESULT_INVALID, "say --group NAME or --everybody");
	return account_publish_folder(admin->node.flow, &admin->actor, str_of(options->words[0]),
		group ? str_of(group) : STR_NONE, publish, admin->now, err);
}

static enum result publish(struct admin *admin, const struct options *options, struct err *err)
{
	return publish_or_not(admin, options, true, err);
}

static enum result withdraw(struct admin *admin, const struct options *options, struct err *err)
{
	return publish_or_not(admin, options, false, err);
}

#define RULES                                                                                                \
	"[--description TEXT] [--print yes|no] [--reply yes|no] [--reply-all yes|no] [--save yes|no] "       \
	"[--access-code yes|no] [--expire-days N] [--extend yes|no]"                                         \
	" [--read-receipt yes|no] [--all-recipients yes|no] [--second-factor yes|no] [--position N]"         \
	" [--folder NAME]"

int cmd_definition(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"name", "NEW-NAME",
			"what it is called from now on; messages keep the name they were sent with",
			&new_name, NULL},
		{"description", "TEXT", "shown to senders", &description, NULL},
		{"print", "yes|no", "recipients may print", &print, NULL},
		{"reply", "yes|no", "recipients may reply", &reply, NULL},
		{"reply-all", "yes|no", "recipients may reply to all", &reply_all, NULL},
		{"save", "yes|no", "recipients may save the whole message as a file (.eml)", &save, NULL},
		{"access-code", "yes|no", "recipients need a code that the sender tells them", &access_code,
			NULL},
		{"expire-days", "N", "days until it expires; 0: at the end of retention", &expire_days, NULL},
		{"extend", "yes|no", "its sender may extend it once", &extend, NULL},
		{"read-receipt", "yes|no", "the sender is told when it was read", &read_receipt, NULL},
		{"all-recipients", "yes|no", "internal recipients read it in the portal too", &all_recipients,
			NULL},
		{"second-factor", "yes|no", "recipients need a second factor to open it", &second_factor,
			NULL},
		{"position", "N", "place in the sender's list", &position, NULL},
		{"folder", "NAME", "in which it lies; new ones in the oldest folder", &folder_name, NULL},
		{"group", "NAME", "of people, to whom the folder is published", &group, NULL},
		{"everybody", NULL, "of the account", NULL, &everybody},
		{"for", "ADDRESS", "only what this person may choose", &sender, NULL}};
	static const struct admin_verb verbs[] = {
		{"add", "add NAME " RULES, 1, 1, true, add},
		{"set", "set NAME [--name NEW-NAME] " RULES, 1, 1, true, set},
		{"remove", "remove NAME", 1, 1, true, remove_definition},
		{"list", "list [--for ADDRESS] [--json]", 0, 0, true, list},
		{"order", "order NAME … (the others follow in the order that they have)", 1,
			OPTIONS_WORDS_MAX, true, order},
		{"folder",
			"folder add NAME | folder rename NAME NEW-NAME | folder remove NAME | folder list "
			"[--json]",
			1, 3, true, folder},
		{"publish", "publish FOLDER (--group NAME | --everybody)", 1, 1, true, publish},
		{"withdraw", "withdraw FOLDER (--group NAME | --everybody)", 1, 1, true, withdraw},
	};

	return admin_run("definition", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
