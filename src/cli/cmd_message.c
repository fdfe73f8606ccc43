#include "cli/admin.h"
#include "cli/command.h"
#include "store/delivery.h"
#include "store/event.h"
#include "store/message.h"

#include <stdio.h>

#define LIST_MAX 200

static json_t *facts(const struct message *m)
{
	return json_pack("{s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:I}", "id", admin_id(m->id), "kind",
		m->kind == MESSAGE_SECURED ? "secured" : "relayed", "sender", admin_text(m->sender),
		"definition", admin_text(m->definition_name), "sent", admin_time(m->sent_at), "expires",
		admin_time(m->expires_at), "recalled", admin_time(m->recalled_at), "size",
		(json_int_t)m->size);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {
		"id", "kind", "sender", "definition", "sent", "expires", "size", NULL};
	struct message *messages;
	size_t count;

	TRY(message_list(tx, admin->actor.account_id, (struct id){{0}}, LIST_MAX, &admin->arena, &messages,
		&count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, facts(&messages[i]));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return db_read(admin->node.db, list_in_tx, admin, err);
}

struct show {
	struct admin *admin;
	struct id id;
};

static const char *const event_columns[] = {"at", "event", "origin", "detail", NULL};

static json_t *event_rows(const struct event *events, size_t count)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			rows, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "at", admin_time(events[i].at), "event",
				      admin_text(events[i].kind), "message", admin_id(events[i].message_id),
				      "person", admin_id(events[i].person_id), "origin",
				      admin_text(events[i].origin), "detail", admin_text(events[i].detail)));
	return rows;
}

static enum result events_of(struct tx *tx, const struct show *s, json_t **ret, struct err *err)
{
	struct event *events;
	size_t count;

	TRY(event_list_by_message(tx, s->id, &s->admin->arena, &events, &count, err));
	*ret = event_rows(events, count);
	return RESULT_OK;
}

static enum result events_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	struct event *events;
	size_t count;

	TRY(event_list(tx, admin->actor.account_id, (struct id){{0}}, LIST_MAX, &admin->arena, &events,
		&count, err));
	admin_print(admin, event_rows(events, count), event_columns);
	return RESULT_OK;
}

static enum result events(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return db_read(admin->node.db, events_in_tx, admin, err);
}

static enum result recipients_of(struct tx *tx, const struct show *s, json_t **ret, struct err *err)
{
	static const char *const roles[] = {"owner", "to", "cc", "bcc"};
	struct recipient *recipients;
	size_t count;

	TRY(recipient_list(tx, s->id, &s->admin->arena, &recipients, &count, err));
	*ret = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			*ret, json_pack("{s:o,s:s,s:s}", "address", admin_text(recipients[i].address), "role",
				      roles[recipients[i].role], "route",
				      recipients[i].route == ROUTE_PORTAL ? "portal" : "mail-server"));
	return RESULT_OK;
}

static enum result deliveries_of(struct tx *tx, const struct show *s, json_t **ret, struct err *err)
{
	struct delivery *d;
	size_t count;

	TRY(delivery_list_by_message(tx, s->id, &s->admin->arena, &d, &count, err));
	*ret = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(*ret,
			json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "kind", delivery_kind_name(d[i].kind),
				"state", delivery_state_name(d[i].state), "recipient",
				admin_text(d[i].recipient), "last_reply", admin_text(d[i].last_reply), "tls",
				admin_text(d[i].tls_version), "verified", admin_text(d[i].tls_verified),
				"cipher", admin_text(d[i].tls_cipher), "host", admin_text(d[i].last_host)));
	return RESULT_OK;
}

static void print_section(struct admin *admin, const char *name, json_t *rows, const char *const *columns)
{
	(void)printf("\n%s\n", name);
	admin_print(admin, rows, columns);
}

static enum result show_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct show *s = context;
	struct admin *admin = s->admin;
	struct message message;
	json_t *events, *recipients, *deliveries;
	static const char *const fact_columns[] = {
		"id", "kind", "sender", "definition", "sent", "expires", "size", NULL};
	static const char *const recipient_columns[] = {"address", "role", "route", NULL};
	static const char *const delivery_columns[] = {
		"kind", "state", "recipient", "last_reply", "tls", "verified", NULL};

	TRY(message_find(tx, admin->actor.account_id, s->id, &admin->arena, &message, err));
	TRY(recipients_of(tx, s, &recipients, err));
	TRY(deliveries_of(tx, s, &deliveries, err));
	TRY(events_of(tx, s, &events, err));
	json_t *whole = json_array();
	json_t *one = facts(&message);
	if (admin->json) {
		(void)json_object_set_new(one, "recipients", recipients);
		(void)json_object_set_new(one, "deliveries", deliveries);
		(void)json_object_set_new(one, "events", events);
	}
	(void)json_array_append_new(whole, one);
	admin_print(admin, whole, fact_columns);
	if (!admin->json) {
		print_section(admin, "Recipients", recipients, recipient_columns);
		print_section(admin, "Deliveries", deliveries, delivery_columns);
		print_section(admin, "Events", events, event_columns);
	}
	return RESULT_OK;
}

static enum result show(struct admin *admin, const struct options *options, struct err *err)
{
	struct show s = {.admin = admin};

	if (!id_parse(str_of(options->words[0]), &s.id))
		return err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
	return db_read(admin->node.db, show_in_tx, &s, err);
}

int cmd_message(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin)};
	static const struct admin_verb verbs[] = {
		{"list", "list [--json]", 0, 0, true, list},
		{"show", "show ID [--json]", 1, 1, true, show},
		{"events", "events [--json]    (the account's newest, of refused mail too)", 0, 0, true,
			events},
	};

	return admin_run("message", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
