#include "cli/admin.h"
#include "cli/command.h"
#include "flow/destination.h"
#include "store/destination.h"

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	return destination_enforce(
		admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result remove_destination(struct admin *admin, const struct options *options, struct err *err)
{
	return destination_relax(admin->node.flow, &admin->actor, str_of(options->words[0]), admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"domain", "tls", "since", NULL};
	struct destination *destinations;
	size_t count;

	TRY(destination_list(tx, admin->actor.account_id, &admin->arena, &destinations, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:o,s:s,s:o}", "domain", admin_text(destinations[i].domain), "tls",
				      "verified", "since", admin_time(destinations[i].created_at)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

int cmd_destination(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin)};
	static const struct admin_verb verbs[] = {
		{"add", "add DOMAIN    (mail for it goes by verified TLS only)", 1, 1, true, add},
		{"remove", "remove DOMAIN", 1, 1, true, remove_destination},
		{"list", "list [--json]", 0, 0, true, list},
	};

	return admin_run("destination", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
