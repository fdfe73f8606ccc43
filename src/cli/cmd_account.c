#include "cli/admin.h"
#include "cli/command.h"
#include "cli/logo.h"
#include "flow/administer.h"
#include "text/language.h"

#include <inttypes.h>

static const char *display_name;

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	return account_create(admin->node.flow, &admin->actor, str_of(options->words[0]),
		str_of(display_name), admin->now, NULL, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"name", "id", "created", NULL};
	struct account *accounts;
	size_t count;

	TRY(account_list(tx, &admin->arena, &accounts, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:o,s:o}", "name", admin_text(accounts[i].name), "id",
				admin_id(accounts[i].id), "created", admin_time(accounts[i].created_at)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

/* Which languages there are is known by the files of the portal. */
static enum result check_language(struct admin *admin, struct str tag, struct err *err)
{
	struct str folder = arena_printf(&admin->arena, "%s/languages", admin->node.config->web_dir);
	cleanup(languages_free_at) struct languages *languages = NULL;
	struct str tags = STR_NONE;

	TRY(languages_load(folder.ptr, &languages, err));
	for (size_t i = 0; languages_at(languages, i); i++) {
		const struct language *language = languages_at(languages, i);
		if (str_equal(language_tag(language), tag))
			return RESULT_OK;
		if (!language_is_pseudo(language))
			tags = arena_printf(&admin->arena, "%.*s%s%.*s", STR_ARG(tags), tags.len ? ", " : "",
				STR_ARG(language_tag(language)));
	}
	return err_set(err, RESULT_INVALID, "language takes one of: %.*s", STR_ARG(tags));
}

static enum result set(struct admin *admin, const struct options *options, struct err *err)
{
	struct str name = str_of(options->words[0]), value = str_of(options->words[1]);

	if (str_equal(name, STR("logo_file")) && value.len)
		TRY(logo_keep(admin->node.config->logos, options->words[1], &admin->arena, &value, err));
	if (str_equal(name, STR("language")))
		TRY(check_language(admin, value, err));
	return account_set(admin->node.flow, &admin->actor, name, value, admin->now, err);
}

static json_t *value_of(const struct account_settings *settings, const struct setting *setting)
{
	const void *field = (const char *)settings + setting->offset;

	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_COLOUR:
		return admin_text(*(const struct str *)field);
	case SETTING_BOOL:
		return json_string(*(const bool *)field ? "yes" : "no");
	case SETTING_NUMBER:
		return json_integer(*(const int64_t *)field);
	case SETTING_CHOICE:
		return json_string(setting->choices[*(const enum reply_from *)field]);
	}
	return json_null();
}

/* What the setting is, and what it takes. */
static json_t *help_of(struct admin *admin, const struct setting *setting)
{
	struct str help = str_of(setting->help);

	if (setting->kind == SETTING_NUMBER)
		help = arena_printf(&admin->arena, "%s (%" PRId64 " to %" PRId64 ")", setting->help,
			setting->least, setting->most);
	if (setting->kind == SETTING_BOOL)
		help = arena_printf(&admin->arena, "%s (yes or no)", setting->help);
	for (size_t i = 0; setting->kind == SETTING_CHOICE && setting->choices[i]; i++)
		help = arena_printf(&admin->arena, "%.*s%s%s%s", STR_ARG(help), i ? ", " : " (",
			setting->choices[i], setting->choices[i + 1] ? "" : ")");
	return admin_text(help);
}

static enum result show_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"setting", "value", "help", NULL};
	struct account_settings settings;
	size_t count;
	const struct setting *table = setting_table(&count);

	TRY(settings_load(tx, admin->actor.account_id, &admin->arena, &settings, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:o,s:o}", "setting", table[i].name, "value",
				      value_of(&settings, &table[i]), "help", help_of(admin, &table[i])));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result show(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, show_in_tx, admin, err);
}

int cmd_account(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"display-name", "TEXT", "name of the organisation as people see it", &display_name, NULL}};
	static const struct admin_verb verbs[] = {
		{"add", "add NAME [--display-name TEXT]", 1, 1, false, add},
		{"list", "list [--json]", 0, 0, false, list},
		{"show", "show [--json]", 0, 0, true, show},
		{"set", "set SETTING VALUE    (all of them: sealpost account show)", 2, 2, true, set},
	};

	return admin_run("account", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
