#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"

#include <stdio.h>

static const char *network, *user;
static bool password_stdin, foreign, normalise;

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	struct new_source source = {.network = str_of(network),
		.user_name = str_of(user),
		.allow_foreign = foreign,
		.normalise_newlines = normalise};

	(void)options;
	if (user && !network && !password_stdin)
		return err_set(err, RESULT_INVALID,
			"a user name takes a password: say --password-stdin and give it on standard input");
	if (password_stdin)
		TRY(admin_read_line(admin, &source.password, err));
	struct id id;
	TRY(account_add_source(admin->node.flow, &admin->actor, &source, admin->now, &id, err));
	admin_print_id(admin, id);
	return RESULT_OK;
}

static enum result read_id(const struct options *options, struct id *ret, struct err *err)
{
	return id_parse(str_of(options->words[0]), ret)
		       ? RESULT_OK
		       : err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
}

static enum result remove_source(struct admin *admin, const struct options *options, struct err *err)
{
	struct id id;

	TRY(read_id(options, &id, err));
	return account_remove_source(admin->node.flow, &admin->actor, id, admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"id", "network", "user", "foreign", "normalise_newlines", NULL};
	struct source *sources;
	size_t count;

	TRY(source_list(tx, admin->actor.account_id, &admin->arena, &sources, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o,s:o,s:b,s:b}", "id", admin_id(sources[i].id), "network",
				      admin_text(sources[i].network), "user",
				      admin_text(sources[i].user_name), "foreign", sources[i].allow_foreign,
				      "normalise_newlines", sources[i].normalise_newlines));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

int cmd_source(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"network", "CIDR", "an address range, such as 192.0.2.0/24", &network, NULL},
		{"user", "NAME", "a user name, with a password", &user, NULL},
		{"password-stdin", NULL, "read the password from standard input", NULL, &password_stdin},
		{"foreign", NULL, "may hand in forwarded mail of foreign senders", NULL, &foreign},
		{"normalise-newlines", NULL, "bare CR and LF are mended instead of refused", NULL,
			&normalise}};
	static const struct admin_verb verbs[] = {
		{"add",
			"add (--network CIDR | --user NAME --password-stdin) [--foreign] "
			"[--normalise-newlines] [--json]",
			0, 0, true, add},
		{"remove", "remove ID", 1, 1, true, remove_source},
		{"list", "list [--json]", 0, 0, true, list},
	};

	return admin_run("source", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
