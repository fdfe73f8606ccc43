#include "cli/admin.h"
#include "cli/command.h"
#include "flow/destroyed.h"

#include <stdio.h>
#include <string.h>

static const char *from;

static enum result repeat(struct admin *admin, const struct options *options, struct err *err)
{
	const char *own = admin->node.config->destructions;
	struct destroyed_again again;

	(void)options;
	TRY(destroyed_repeat(admin->node.flow, from ? from : own, from == NULL || strcmp(from, own) == 0,
		&admin->actor, admin->now, &again, err));
	if (admin->json) {
		json_t *list = json_array();
		(void)json_array_append_new(
			list, json_pack("{s:I,s:I,s:I,s:I}", "lines", (json_int_t)again.lines,
				      "not_understood", (json_int_t)again.bad, "destroyed_again",
				      (json_int_t)again.keys, "done_again", (json_int_t)again.acts));
		admin_print(admin, list, NULL);
		return RESULT_OK;
	}
	(void)printf("%zu lines read, %zu not understood, %zu keys destroyed again, %zu recalls, deletions "
		     "and extensions done again\n",
		again.lines, again.bad, again.keys, again.acts);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	TRY(destroyed_list(admin->node.flow, admin->node.config->destructions, err));
	admin_print_one(admin, json_pack("{s:s}", "file", admin->node.config->destructions),
		admin->node.config->destructions);
	return RESULT_OK;
}

int cmd_destructions(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"from", "FILE", "a list; without it that of this node's configuration", &from, NULL}};
	static const struct admin_verb verbs[] = {
		{"list", "list [--json]", 0, 0, false, list},
		{"repeat", "repeat [--from FILE] [--json]", 0, 0, false, repeat},
	};

	return admin_run("destructions", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
