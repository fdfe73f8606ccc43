#include "cli/admin.h"
#include "cli/command.h"
#include "flow/inquiry.h"

static const char *state_of(const struct inquiry *inquiry, int64_t now)
{
	return inquiry->closed_at ? "closed" : inquiry->expires_at <= now ? "expired" : "open";
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	static const char *const columns[] = {
		"id", "asker", "asked", "state", "expires", "answers", "bytes", NULL};
	struct inquiry_facts *facts;
	size_t count;

	(void)options;
	TRY(inquiry_list(admin->node.flow, &admin->actor, &admin->arena, &facts, &count, err));
	json_t *rows = json_array();
	for (size_t i = 0; i < count; i++) {
		const struct inquiry *inquiry = &facts[i].inquiry;
		(void)json_array_append_new(rows,
			json_pack("{s:o,s:o,s:o,s:s,s:o,s:I,s:I}", "id", admin_id(inquiry->id), "asker",
				admin_text(inquiry->asker_address), "asked",
				admin_text(inquiry->asked_address), "state", state_of(inquiry, admin->now),
				"expires", admin_time(inquiry->expires_at), "answers",
				(json_int_t)inquiry->answers, "bytes", (json_int_t)inquiry->bytes_got));
	}
	admin_print(admin, rows, columns);
	return RESULT_OK;
}

static enum result close_one(struct admin *admin, const struct options *options, struct err *err)
{
	struct id id;

	if (!id_parse(str_of(options->words[0]), &id))
		return err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
	return inquiry_close(admin->node.flow, &admin->actor, id, admin->now, err);
}

int cmd_request(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin)};
	static const struct admin_verb verbs[] = {
		{"list", "list [--json]", 0, 0, true, list},
		{"close", "close ID", 1, 1, true, close_one},
	};

	return admin_run("request", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
