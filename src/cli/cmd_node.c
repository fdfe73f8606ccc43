#include "cli/admin.h"
#include "cli/command.h"
#include "store/delivery.h"
#include "store/node_run.h"

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"name", "started", "last_beat", "in_hand", NULL};
	struct node_run *runs;
	size_t count;

	TRY(node_run_list(tx, &admin->arena, &runs, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		int64_t held = 0;
		enum result result = delivery_count_held(tx, runs[i].id, &held, err);
		if (result != RESULT_OK) {
			json_decref(list);
			return result;
		}
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o,s:o,s:I}", "name", admin_text(runs[i].name), "started",
				      admin_time(runs[i].started_at), "last_beat",
				      admin_time(runs[i].beaten_at), "in_hand", (json_int_t)held));
	}
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

int cmd_node(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin)};
	static const struct admin_verb verbs[] = {
		{"list", "list [--json]", 0, 0, false, list},
	};

	return admin_run("node", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
