#include "cli/admin.h"
#include "cli/command.h"
#include "cli/event_rows.h"
#include "flow/access_code.h"
#include "flow/extend.h"
#include "flow/notify_again.h"
#include "flow/recall.h"
#include "store/delivery.h"
#include "store/event.h"
#include "store/message.h"

#include <stdio.h>

#define LIST_MAX 200
#define EVENTS_MAX 2000

static const char *recipient, *reason, *until, *code_text;
static bool quotes;

static json_t *facts(const struct message *m)
{
	return json_pack("{s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "id", admin_id(m->id), "kind",
		m->kind == MESSAGE_SECURED ? "secured" : "relayed", "sender", admin_text(m->sender),
		"definition", admin_text(m->definition_name), "sent", admin_time(m->sent_at), "expires",
		admin_time(m->expires_at), "recalled", admin_time(m->recalled_at), "extended",
		admin_time(m->extended_at), "latest",
		m->kind == MESSAGE_SECURED ? admin_time(m->content_ends_at) : json_null(), "size",
		(json_int_t)m->size);
}

/* What it was sent with, whatever its definition says by now. */
static json_t *rights_of(const struct message *m)
{
	return json_pack("{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b}", "print", m->rights.print, "reply",
		m->rights.reply, "reply_all", m->rights.reply_all, "save", m->rights.save, "extend",
		m->rights.extend, "access_code", m->code_set_at > 0, "second_factor", m->rights.second_factor,
		"read_receipt", m->read_receipt, "all_recipients", m->all_recipients);
}

struct show {
	struct admin *admin;
	struct id id;
};

static enum result events_of(struct tx *tx, const struct show *s, json_t **ret, struct err *err)
{
	struct event *events;
	size_t count;

	TRY(event_list_by_message(tx, s->id, &s->admin->arena, &events, &count, err));
	return event_rows(tx, s->admin, events, count, ret, err);
}

static enum result events_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {
		"at", "event", "message", "address", "by_address", "origin", "detail", NULL};
	struct event *events;
	size_t count;
	json_t *rows;

	TRY(event_list(tx, admin->actor.account_id, (struct id){{0}}, EVENTS_MAX, &admin->arena, &events,
		&count, err));
	TRY(event_rows(tx, admin, events, count, &rows, err));
	admin_print(admin, rows, columns);
	return RESULT_OK;
}

static enum result events(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, events_in_tx, admin, err);
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

/* Of a relayed mail nothing is known but its envelope. */
static enum result envelope_of(struct tx *tx, const struct show *s, json_t *recipients, struct err *err)
{
	struct delivery *d;
	size_t count;

	TRY(delivery_list_by_message(tx, s->id, &s->admin->arena, &d, &count, err));
	for (size_t i = 0; i < count; i++)
		if (d[i].kind == DELIVERY_RELAY)
			(void)json_array_append_new(
				recipients, json_pack("{s:o,s:s,s:s}", "address", admin_text(d[i].recipient),
						    "role", "envelope", "route", "mail-server"));
	return RESULT_OK;
}

/* Whom it went to: all of them as JSON, in a table the first one. */
static enum result set_recipients(struct tx *tx, const struct show *s, json_t *one, struct err *err)
{
	json_t *recipients;

	TRY(recipients_of(tx, s, &recipients, err));
	if (json_array_size(recipients) == 0)
		TRY(envelope_of(tx, s, recipients, err));
	size_t count = json_array_size(recipients);
	const char *first = json_string_value(json_object_get(json_array_get(recipients, 0), "address"));
	if (s->admin->json)
		return json_object_set_new(one, "recipients", recipients)
			       ? err_set(err, RESULT_UNAVAILABLE, "no memory is left")
			       : RESULT_OK;
	struct str text = str_of(first);
	if (count > 1)
		text = arena_printf(&s->admin->arena, "%s and %zu more", first, count - 1);
	(void)json_object_set_new(one, "to", admin_text(text));
	json_decref(recipients);
	return RESULT_OK;
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {
		"id", "kind", "sender", "to", "definition", "sent", "expires", "recalled", "size", NULL};
	struct message *messages;
	size_t count;

	TRY(message_list(tx, admin->actor.account_id, (struct id){{0}}, LIST_MAX, &admin->arena, &messages,
		&count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		struct show show = {admin, messages[i].id};
		json_t *one = facts(&messages[i]);
		(void)json_array_append_new(list, one);
		TRY(set_recipients(tx, &show, one, err));
	}
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

static void print_section(struct admin *admin, const char *name, json_t *rows, const char *const *columns)
{
	(void)fprintf(admin_out(admin), "\n%s\n", name);
	admin_print(admin, rows, columns);
}

static enum result show_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct show *s = context;
	struct admin *admin = s->admin;
	struct message message;
	json_t *events, *recipients, *deliveries;
	static const char *const fact_columns[] = {
		"id", "kind", "sender", "definition", "sent", "expires", "recalled", "size", NULL};
	static const char *const rights_columns[] = {"print", "reply", "reply_all", "save", "extend",
		"access_code", "second_factor", "read_receipt", "all_recipients", NULL};
	static const char *const recipient_columns[] = {"address", "role", "route", NULL};
	static const char *const delivery_columns[] = {
		"kind", "state", "recipient", "last_reply", "tls", "verified", NULL};
	static const char *const event_columns[] = {
		"at", "event", "address", "by_address", "origin", "detail", NULL};

	TRY(message_find(tx, admin->actor.account_id, s->id, &admin->arena, &message, err));
	TRY(recipients_of(tx, s, &recipients, err));
	if (message.kind != MESSAGE_SECURED && json_array_size(recipients) == 0)
		TRY(envelope_of(tx, s, recipients, err));
	TRY(deliveries_of(tx, s, &deliveries, err));
	TRY(events_of(tx, s, &events, err));
	json_t *whole = json_array();
	json_t *one = facts(&message);
	json_t *rights = message.kind == MESSAGE_SECURED ? rights_of(&message) : json_null();
	if (admin->json) {
		(void)json_object_set_new(one, "rights", rights);
		(void)json_object_set_new(one, "recipients", recipients);
		(void)json_object_set_new(one, "deliveries", deliveries);
		(void)json_object_set_new(one, "events", events);
	}
	(void)json_array_append_new(whole, one);
	admin_print(admin, whole, fact_columns);
	if (!admin->json) {
		if (message.kind == MESSAGE_SECURED)
			print_section(admin, "Sent with", json_pack("[o]", rights), rights_columns);
		print_section(admin, "Recipients", recipients, recipient_columns);
		print_section(admin, "Deliveries", deliveries, delivery_columns);
		print_section(admin, "Events", events, event_columns);
	}
	return RESULT_OK;
}

static enum result read_id(const struct options *options, struct id *ret, struct err *err)
{
	return id_parse(str_of(options->words[0]), ret)
		       ? RESULT_OK
		       : err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
}

static enum result show(struct admin *admin, const struct options *options, struct err *err)
{
	struct show s = {.admin = admin};

	TRY(read_id(options, &s.id, err));
	return admin_read(admin, show_in_tx, &s, err);
}

static enum result recall(struct admin *admin, const struct options *options, struct err *err)
{
	struct str from = recipient ? str_of(recipient) : STR_NONE;
	struct recall_request request = {
		.from = &from, .from_count = recipient ? 1 : 0, .with_quotes = quotes};
	struct recall_done done;

	TRY(read_id(options, &request.message_id, err));
	if (reason[0] == '\0')
		return err_set(err, RESULT_INVALID,
			"say why with --reason: recipients are shown it, and it stands in the message's "
			"events");
	request.reason = str_of(reason);
	TRY(recall_message(admin->node.flow, &admin->actor, &request, admin->now, &done, err));
	struct str text = quotes ? arena_printf(&admin->arena, "recalled from %zu\nquotes blanked: %zu",
					   done.people, done.quotes)
				 : arena_printf(&admin->arena, "recalled from %zu", done.people);
	admin_print_one(admin,
		json_pack("{s:I,s:I}", "recipients", (json_int_t)done.people, "quotes",
			(json_int_t)done.quotes),
		text.ptr);
	return RESULT_OK;
}

/* In the account's time zone, unless the text says UTC. */
static enum result read_until(struct admin *admin, int64_t *ret, struct err *err)
{
	const struct zone *zone;

	TRY(admin_zone(admin, &zone, err));
	if (!zone_read_time(zone, str_of(until), ret))
		return err_set(err, RESULT_INVALID,
			"give --until 2026-11-30T14:02 in the account's time zone, or with a Z at its end in "
			"UTC");
	return RESULT_OK;
}

static enum result extend(struct admin *admin, const struct options *options, struct err *err)
{
	struct extend_request request = {0};
	int64_t latest = 0;

	TRY(read_id(options, &request.message_id, err));
	TRY(read_until(admin, &request.until, err));
	enum result result =
		extend_message(admin->node.flow, &admin->actor, &request, admin->now, &latest, err);
	if (result == RESULT_INVALID && latest && request.until > latest) {
		json_t *words = admin_time(latest);
		(void)err_set(err, result, "messages are not kept that long: the latest possible is %s",
			json_string_value(words));
		json_decref(words);
	}
	return result;
}

static enum result notify(struct admin *admin, const struct options *options, struct err *err)
{
	struct id id;

	if (!id_parse(str_of(options->words[0]), &id))
		return err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
	return notify_again_admin(
		admin->node.flow, &admin->actor, id, str_of(options->words[1]), admin->now, err);
}

static enum result new_code(struct admin *admin, const struct options *options, struct err *err)
{
	struct str code;
	struct id id;

	TRY(read_id(options, &id, err));
	TRY(access_code_change(admin->node.flow, &admin->actor, (struct id){{0}}, id,
		code_text ? str_of(code_text) : STR_NONE, admin->now, &admin->arena, &code, err));
	admin_print_one(admin, json_pack("{s:o}", "code", admin_text(code)), arena_cstr(&admin->arena, code));
	return RESULT_OK;
}

int cmd_message(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"recipient", "ADDRESS", "recall only from this one", &recipient, NULL},
		{"reason", "TEXT", "why it is recalled; recipients are shown it", &reason, NULL},
		{"quotes", NULL, "also blank what answers in the portal quote of it", NULL, &quotes},
		{"until", "TIME",
			"until when recipients can read it: 2026-11-30T14:02, in the account's time zone",
			&until, NULL},
		{"code", "TEXT", "the access code; without it one is made", &code_text, NULL}};
	static const struct admin_verb verbs[] = {
		{"list", "list [--json]", 0, 0, true, list},
		{"show", "show ID [--json]", 1, 1, true, show},
		{"recall", "recall ID [--recipient ADDRESS | --quotes] --reason TEXT [--json]", 1, 1, true,
			recall},
		{"extend", "extend ID --until TIME", 1, 1, true, extend},
		{"code", "code ID [--code TEXT] [--json]    (sets a new access code and prints it)", 1, 1,
			true, new_code},
		{"notify", "notify ID ADDRESS    (sends the notification again)", 2, 2, true, notify},
		{"events", "events [--json]    (the account's newest, of refused mail too)", 0, 0, true,
			events},
	};

	return admin_run("message", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
