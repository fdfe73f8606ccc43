/* A new message: of one of the account's people to anybody, or from outside to them where the account allows
 * it. */
#include "flow/compose.h"

#include "base/address.h"
#include "base/limits.h"
#include "flow/sending.h"
#include "mime/address.h"
#include "web/portal/rights.h"
#include "web/portal/write.h"

#include <string.h>

#define KNOWN_SHOWN 100

static const char *const address_fields[] = {"to", "cc", "bcc"};

static void set_choice(struct request *request, json_t *item, const struct definition *definition)
{
	const struct language *language = visit_of(request)->language;

	view_set(item, "id", str_of(id_text(definition->id).s));
	view_set(item, "name", definition->name);
	view_set(item, "description", definition->description);
	view_set(item, "expires_in",
		definition->expire_days
			? format_duration(request->arena, language, definition->expire_days * MS_DAY)
			: STR_NONE);
	rights_set(item, definition);
}

/* The choice is shown where there is one. */
static enum result set_definitions(struct request *request, json_t *view)
{
	struct definition *definitions;
	struct id chosen = {0};
	size_t count, at = 0;

	TRY(compose_choices(flow_of(request), &visit_of(request)->actor, request->arena, &definitions, &count,
		&request->err));
	(void)id_parse(write_value(request, "definition"), &chosen);
	for (size_t i = 0; i < count; i++)
		if (id_equal(definitions[i].id, chosen))
			at = i;
	if (count == 1) {
		write_set_protection(request, view, &definitions[0], definitions[0].expire_days * MS_DAY);
		return RESULT_OK;
	}
	json_t *list = view_add_list(view_add_object(view, "choice"), "list");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		set_choice(request, item, &definitions[i]);
		view_set_flag(item, "is_chosen", i == at);
	}
	return RESULT_OK;
}

static enum result check_may_compose(struct request *request)
{
	if (page_may_compose(visit_of(request)))
		return RESULT_OK;
	return err_set(&request->err, RESULT_DENIED, "the account takes no new messages from outside");
}

/* How much of the month's limit is used (R11); from outside, whom the account lets write to. */
static enum result set_room(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct sending_room room;

	view_set_flag(view, "is_internal", visit->session.person.is_internal);
	if (!visit->session.person.is_internal) {
		bool to_all = visit->session.settings.outsiders_may_write == OUTSIDERS_WRITE_TO_ALL;
		view_set_flag(view, to_all ? "to_all" : "to_writers", true);
		return RESULT_OK;
	}
	TRY(sending_room(flow_of(request), &visit->actor, request->now, &room, &request->err));
	json_t *object = view_add_object(view, "room");
	view_set_number(object, "limit", room.limit);
	view_set_number(object, "count", room.count);
	view_set(object, "date", format_date(&visit->format, room.resets_at));
	view_set_flag(object, "is_full", room.count >= room.limit);
	return RESULT_OK;
}

/* For completion; the page stays small. */
static enum result set_known(struct request *request, json_t *view)
{
	struct str *known;
	size_t count;

	TRY(compose_known(
		flow_of(request), &visit_of(request)->actor, request->arena, &known, &count, &request->err));
	json_t *list = view_add_list(view, "known");
	for (size_t i = 0; i < count && i < KNOWN_SHOWN; i++)
		view_set(view_append(list), "address", known[i]);
	return RESULT_OK;
}

/* It was made from a message that was sent, with nothing sent yet. */
static void set_told(const struct request *request, json_t *view)
{
	static const char *const words[] = {"again", "corrected"};

	if (request->method != METHOD_GET)
		return;
	struct str told = request_query(request, "told");
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(told, str_of(words[i])))
			view_set_flag(view_add_object(view, "told"), words[i], true);
}

/* The choices of a draft that was refused for them, as far as they are wrong now. */
static void set_refused(struct request *request, json_t *view)
{
	const struct draft_text *draft = visit_of(request)->draft;
	struct err err = {0};

	if (!write_was_refused(request, "unknown-definition") &&
		!write_was_refused(request, "recipient-not-allowed"))
		return;
	struct compose_message message = {
		.to = draft->to, .cc = draft->cc, .bcc = draft->bcc, .definition_id = draft->definition_id};
	if (compose_may(flow_of(request), &visit_of(request)->actor, &message, &err) != RESULT_INVALID)
		return;
	const char *code = err.code ? err.code : "";
	if (strcmp(code, "recipient-not-allowed") == 0)
		view_set(write_add_refused(view, "to_unknown"), "address", str_of(err.text));
	else if (strcmp(code, "unknown-definition") == 0)
		(void)write_add_refused(view, "definition_gone");
}

static enum result show(
	struct request *request, struct response *response, json_t *view, const struct write_target *target)
{
	(void)target;
	TRY(set_definitions(request, view));
	TRY(set_room(request, view));
	TRY(set_known(request, view));
	view_set(view, "to_text", write_value(request, "to"));
	view_set(view, "cc_text", write_value(request, "cc"));
	view_set(view, "bcc_text", write_value(request, "bcc"));
	view_set_flag(
		view, "shows_copies", write_value(request, "cc").len || write_value(request, "bcc").len);
	view_set(view, "subject", write_value(request, "subject"));
	set_told(request, view);
	write_set_fields(request, view);
	set_refused(request, view);
	TRY(write_set_begin(request, view, false));
	return page_portal(request, response, "compose", "compose", view);
}

/* The first recipient that is no address, so that the page can name it at its field. */
static void set_wrong(struct request *request, struct response *response, json_t *view)
{
	for (size_t field = 0; field < COUNT_OF(address_fields); field++) {
		struct mime_address *addresses;
		size_t count = mime_addresses_typed(
			request_field(request, address_fields[field]), request->arena, &addresses);
		for (size_t i = 0; i < count; i++)
			if (!is_address(addresses[i].address)) {
				view_set(page_problem(view, response, address_fields[field], "to_wrong"),
					"address", addresses[i].address);
				return;
			}
	}
	(void)page_problem(view, response, "to", "to_missing");
}

static struct compose_message recipients_of(const struct request *request)
{
	return (struct compose_message){.to = request_field(request, "to"),
		.cc = request_field(request, "cc"),
		.bcc = request_field(request, "bcc")};
}

/* The first field with a recipient outside. */
static const char *outside_field(struct request *request)
{
	static const char *const fields[] = {[ROLE_TO] = "to", [ROLE_CC] = "cc", [ROLE_BCC] = "bcc"};
	struct compose_message message = recipients_of(request);
	struct compose_recipient *recipients;
	struct err err = {0};
	size_t count;

	if (compose_check(flow_of(request), &visit_of(request)->actor, &message, request->arena, &recipients,
		    &count, &err) != RESULT_OK ||
		count == 0)
		return "to";
	return fields[recipients[0].field];
}

/* What the verb says of the fields that are not text. */
static bool set_problem(struct request *request, struct response *response, json_t *view, enum result result)
{
	const char *code = request->err.code ? request->err.code : "";

	if (result == RESULT_DENIED)
		return write_set_month_full(request, response, view, outside_field(request));
	if (result != RESULT_INVALID)
		return false;
	if (strcmp(code, "too-many-recipients") == 0)
		view_set_number(
			page_problem(view, response, "to", "to_many"), "most", COMPOSE_RECIPIENTS_MAX);
	else if (strcmp(code, "recipient-not-allowed") == 0)
		view_set(page_problem(view, response, "to", "to_unknown"), "address",
			str_of(request->err.text));
	else if (strcmp(code, "unknown-definition") == 0)
		(void)page_problem(view, response, "definition", "definition_gone");
	else
		set_wrong(request, response, view);
	return true;
}

static bool check_recipients(struct request *request, struct response *response, json_t *view)
{
	for (size_t i = 0; i < COUNT_OF(address_fields); i++)
		if (str_trim(request_field(request, address_fields[i])).len)
			return true;
	(void)page_problem(view, response, "to", "to_missing");
	return false;
}

static enum result send(struct request *request, const struct write_target *target,
	const struct written *written, struct id form_id, struct id *ret_copy_id)
{
	struct compose_message message = recipients_of(request);

	(void)target;
	message.subject = request_field(request, "subject");
	message.written = *written;
	(void)id_parse(request_field(request, "definition"), &message.definition_id);
	return compose_send(flow_of(request), &visit_of(request)->actor, &message, form_id, request->now,
		ret_copy_id, &request->err);
}

static void add_address(json_t *check, const char *name, struct str address)
{
	json_t *group = json_object_get(check, name);
	json_t *list = group ? json_object_get(group, "list")
			     : view_add_list(group = view_add_object(check, name), "list");
	json_t *item = view_append(list);

	view_set(item, "address", address);
	view_set_flag(item, "is_next", json_array_size(list) > 1);
	view_set_number(group, "count", (int64_t)json_array_size(list));
}

/* People outside who are new to the writer, or look like somebody else; the others outside as well where no
 * page names them while the message can be taken back. */
static enum result look(struct request *request, json_t *check, bool *ret)
{
	bool is_last_page = visit_of(request)->session.settings.undo_seconds == 0;
	bool has_new = false;
	struct compose_message message = recipients_of(request);
	struct compose_recipient *recipients;
	size_t count;

	if (!visit_of(request)->session.person.is_internal)
		return RESULT_OK;
	TRY(compose_check(flow_of(request), &visit_of(request)->actor, &message, request->arena, &recipients,
		&count, &request->err));
	json_t *alike = view_add_list(check, "alike");
	for (size_t i = 0; i < count; i++) {
		const struct compose_recipient *one = &recipients[i];
		has_new = has_new || one->is_new;
		if (one->like.len) {
			json_t *item = view_append(alike);
			view_set(item, "address", one->address);
			view_set(item, "like", one->like);
			view_set_flag(item, "like_is_new", one->like_is_new);
		} else if (one->is_new || is_last_page) {
			add_address(check, one->is_new ? "new" : "outside", one->address);
		}
	}
	*ret = has_new || (is_last_page && count > 0);
	view_set_flag(check, "has_new", has_new);
	return RESULT_OK;
}

static enum result get_compose(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	/* First: when the account takes none any more its page shows what was written. */
	TRY(write_load_draft(request));
	TRY(check_may_compose(request));
	return show(request, response, view, NULL);
}

static enum result post_compose(struct request *request, struct response *response)
{
	struct write_target target = {.path = STR("/compose"),
		.send = send,
		.show = show,
		.check = check_recipients,
		.look = look,
		.set_problem = set_problem};

	TRY(check_may_compose(request));
	return write_post(request, response, &target);
}

static const struct route_parameter parameters[] = {
	COMPOSE_PARAMETERS,
	WRITE_PARAMETERS,
	{0},
};

static const struct route_parameter get_parameters[] = {
	WRITE_GET_PARAMETERS,
	{PARAMETER_QUERY, "told", 9, 0, "it was just made from a message that was sent"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/compose", RIGHTS_SIGNED_IN, get_parameters, get_compose, NULL,
		"The form for a new message"},
	{METHOD_POST, "/compose", RIGHTS_SIGNED_IN, parameters, post_compose, write_open_sink,
		"Sends a new message"},
};

const struct route_table portal_routes_compose = {rows, COUNT_OF(rows)};
