#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"
#include "flow/end_entries.h"
#include "flow/second_factor.h"

#define LIST_MAX 10000

static const char *name;
static bool password_stdin, administrator, remove_factor;

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	struct new_user user = {.address = str_of(options->words[0]),
		.name = str_of(name),
		.is_administrator = administrator};

	if (password_stdin)
		TRY(admin_read_line(admin, &user.password, err));
	return account_add_user(admin->node.flow, &admin->actor, &user, admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"address", "administrator", "password", "proved", NULL};
	struct person *people;
	size_t count;

	TRY(person_list_internal(
		tx, admin->actor.account_id, STR(""), LIST_MAX, &admin->arena, &people, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:b,s:b,s:o}", "address", admin_text(people[i].address),
				"administrator", people[i].is_administrator, "password",
				people[i].password_hash.len > 0, "proved", admin_time(people[i].proved_at)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

static enum result second_factor(struct admin *admin, const struct options *options, struct err *err)
{
	if (!remove_factor)
		return err_set(err, RESULT_INVALID,
			"say --remove: only its owner sets a second factor up, when signing in the next "
			"time");
	return account_remove_second_factor(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result end_entries(struct admin *admin, const struct options *options, struct err *err)
{
	return account_end_entries(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

int cmd_user(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin), {"name", "TEXT", "display name", &name, NULL},
		{"password-stdin", NULL, "read a password from standard input", NULL, &password_stdin},
		{"administrator", NULL, "may administer the account", NULL, &administrator},
		{"remove", NULL, "the second factor, of somebody who lost it", NULL, &remove_factor}};
	static const struct admin_verb verbs[] = {
		{"add", "add ADDRESS [--name TEXT] [--password-stdin] [--administrator]", 1, 1, true, add},
		{"second-factor", "second-factor ADDRESS --remove", 1, 1, true, second_factor},
		{"sign-out",
			"sign-out ADDRESS    "
			"(ends sessions, password, passkeys and second factor; codes by mail are left)",
			1, 1, true, end_entries},
		{"list", "list [--json]", 0, 0, true, list},
	};

	return admin_run("user", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
