#include "cli/admin.h"
#include "cli/command.h"
#include "flow/deliver.h"

#define LIST_MAX 1000

static const char *reason;
static bool all;

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"id", "kind", "state", "recipient", "destination", "attempts",
		"next_try", "last_reply", NULL};
	struct delivery *d;
	size_t count;

	TRY(delivery_list(tx, admin->actor.account_id, all, LIST_MAX, &admin->arena, &d, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:s,s:s,s:o,s:o,s:I,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id",
				admin_id(d[i].id), "kind", delivery_kind_name(d[i].kind), "state",
				delivery_state_name(d[i].state), "recipient", admin_text(d[i].recipient),
				"destination", admin_text(d[i].destination), "attempts",
				(json_int_t)d[i].attempts, "is_tried",
				d[i].state == DELIVERY_WAITING && !id_is_none(d[i].holder_id), "next_try",
				admin_time(d[i].next_try_at), "last_reply", admin_text(d[i].last_reply),
				"message", admin_id(d[i].message_id), "host", admin_text(d[i].last_host),
				"tls_version", admin_text(d[i].tls_version), "tls_cipher",
				admin_text(d[i].tls_cipher), "tls_verified", admin_text(d[i].tls_verified)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

static enum result read_id(const struct options *options, struct id *ret, struct err *err)
{
	return id_parse(str_of(options->words[0]), ret)
		       ? RESULT_OK
		       : err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
}

static enum result retry(struct admin *admin, const struct options *options, struct err *err)
{
	struct id id;

	TRY(read_id(options, &id, err));
	return deliver_retry(admin->node.flow, &admin->actor, id, admin->now, err);
}

static enum result drop(struct admin *admin, const struct options *options, struct err *err)
{
	struct id id;

	TRY(read_id(options, &id, err));
	if (reason[0] == '\0')
		return err_set(
			err, RESULT_INVALID, "say why with --reason: it stands in the message's events");
	return deliver_drop(admin->node.flow, &admin->actor, id, str_of(reason), admin->now, err);
}

int cmd_queue(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin), {"all", NULL, "finished ones too", NULL, &all},
		{"reason", "TEXT", "why a mail is dropped", &reason, NULL}};
	static const struct admin_verb verbs[] = {
		{"list", "list [--all] [--json]", 0, 0, true, list},
		{"retry", "retry ID", 1, 1, true, retry},
		{"drop", "drop ID --reason TEXT", 1, 1, true, drop},
	};

	return admin_run("queue", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
