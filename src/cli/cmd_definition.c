#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"

static const char *description, *expire_days, *position;
static bool no_print, no_reply, no_reply_all, read_receipt, all_recipients;

static enum result read_number(const char *text, const char *option, int64_t *ret, struct err *err)
{
	uint64_t number;

	if (text == NULL)
		return RESULT_OK;
	if (!str_to_uint(str_of(text), 1000000, &number))
		return err_set(err, RESULT_INVALID, "--%s takes a number", option);
	*ret = (int64_t)number;
	return RESULT_OK;
}

/* What the options say, over what stands. */
static enum result fill(struct definition *definition, struct err *err)
{
	if (description)
		definition->description = str_of(description);
	definition->rights.print = definition->rights.print && !no_print;
	definition->rights.reply = definition->rights.reply && !no_reply;
	definition->rights.reply_all = definition->rights.reply_all && !no_reply_all && !no_reply;
	definition->read_receipt = definition->read_receipt || read_receipt;
	definition->all_recipients = definition->all_recipients || all_recipients;
	TRY(read_number(expire_days, "expire-days", &definition->expire_days, err));
	return read_number(position, "position", &definition->position, err);
}

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	struct definition definition = {
		.name = str_of(options->words[0]), .position = 100, .rights = {true, true, true}};

	TRY(fill(&definition, err));
	return account_add_definition(admin->node.flow, &admin->actor, &definition, admin->now, err);
}

struct find {
	struct admin *admin;
	struct str name;
	struct definition definition;
};

static enum result find_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct find *f = context;

	return definition_by_name(
		tx, f->admin->actor.account_id, f->name, &f->admin->arena, &f->definition, err);
}

static enum result set(struct admin *admin, const struct options *options, struct err *err)
{
	struct find find = {.admin = admin, .name = str_of(options->words[0])};

	TRY(db_read(admin->node.db, find_in_tx, &find, err));
	find.definition.rights = (struct rights){true, true, true};
	find.definition.read_receipt = find.definition.all_recipients = false;
	TRY(fill(&find.definition, err));
	return account_change_definition(admin->node.flow, &admin->actor, &find.definition, admin->now, err);
}

static enum result remove_definition(struct admin *admin, const struct options *options, struct err *err)
{
	return account_remove_definition(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"name", "default", "print", "reply", "reply_all", "expire_days",
		"read_receipt", "all_recipients", "description", NULL};
	struct definition *d;
	size_t count;

	TRY(definition_list(tx, admin->actor.account_id, &admin->arena, &d, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:o,s:b,s:b,s:b,s:b,s:I,s:b,s:b,s:o}", "name",
				      admin_text(d[i].name), "default", d[i].is_default, "print",
				      d[i].rights.print, "reply", d[i].rights.reply, "reply_all",
				      d[i].rights.reply_all, "expire_days", (json_int_t)d[i].expire_days,
				      "read_receipt", d[i].read_receipt, "all_recipients",
				      d[i].all_recipients, "description", admin_text(d[i].description)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return db_read(admin->node.db, list_in_tx, admin, err);
}

#define RULES                                                                                                \
	"[--description TEXT] [--no-print] [--no-reply] [--no-reply-all] [--expire-days N] [--read-receipt]" \
	" [--all-recipients] [--position N]"

int cmd_definition(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"description", "TEXT", "shown to senders", &description, NULL},
		{"no-print", NULL, "recipients may not print", NULL, &no_print},
		{"no-reply", NULL, "recipients may not reply", NULL, &no_reply},
		{"no-reply-all", NULL, "recipients may not reply to all", NULL, &no_reply_all},
		{"expire-days", "N", "days until it expires; 0: at the end of retention", &expire_days, NULL},
		{"read-receipt", NULL, "the sender is told when it was read", NULL, &read_receipt},
		{"all-recipients", NULL, "internal recipients read it in the portal too", NULL,
			&all_recipients},
		{"position", "N", "place in the sender's list", &position, NULL}};
	static const struct admin_verb verbs[] = {
		{"add", "add NAME " RULES, 1, 1, true, add},
		{"set", "set NAME " RULES, 1, 1, true, set},
		{"remove", "remove NAME", 1, 1, true, remove_definition},
		{"list", "list [--json]", 0, 0, true, list},
	};

	return admin_run("definition", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
