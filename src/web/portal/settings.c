/* A person's choices: name, language and time zone. The language can be chosen by anybody, at the foot of a
 * page.
 */
#include "base/limits.h"
#include "flow/people.h"
#include "flow/second_factor.h"
#include "flow/signature.h"
#include "flow/summary.h"
#include "flow/views.h"
#include "web/portal/page.h"

#define LANGUAGE_S (365 * 24 * 3600)
#define ZONE_BYTES 60
/* So that it fits whatever the characters are. */
#define SIGNATURE_CHARACTERS (SIGNATURE_BYTES_MAX / 4)

/* The words of the form for the orders of dates. */
static const char *const orders[DATES_COUNT] = {"language", "iso", "day", "month"};

static void add_dates(const struct visit *visit, json_t *view)
{
	json_t *list = view_add_list(view, "orders"), *clocks = view_add_list(view, "clocks");

	for (size_t i = 0; i < DATES_COUNT; i++) {
		json_t *item = view_append(list);
		struct format format = visit->format;
		format.dates = (enum format_dates)i;
		view_set(item, "value", str_of(orders[i]));
		view_set(item, "example", format_date(&format, format.now));
		view_set_flag(item, "is_current", visit->format.dates == i);
	}
	for (int i = 0; i < 2; i++) {
		json_t *item = view_append(clocks);
		struct format format = visit->format;
		format.twelve_hours = i;
		view_set(item, "value", i ? STR("12") : STR("24"));
		view_set(item, "example", format_clock(&format, format.now));
		view_set_flag(item, "is_current", visit->format.twelve_hours == format.twelve_hours);
	}
}

/* A form without the fields leaves them as they are. */
static struct person_dates dates_of(const struct request *request)
{
	struct person_dates dates = visit_of(request)->session.person.dates;
	struct str order = request_field(request, "dates"), clock = request_field(request, "clock");

	for (size_t i = 0; i < DATES_COUNT; i++)
		if (str_equal(order, str_of(orders[i])))
			dates.order = (int64_t)i;
	if (clock.len)
		dates.twelve_hours = str_equal(clock, STR("12"));
	return dates;
}

static enum result add_signature(struct request *request, json_t *view)
{
	struct signature signature;

	TRY(signature_find(
		flow_of(request), &visit_of(request)->actor, request->arena, &signature, &request->err));
	view_set(view, "signature", signature.text);
	view_set_number(view, "signature_most", SIGNATURE_CHARACTERS);
	view_set_flag(view, "signs_replies", signature.on_replies);
	view_set_flag(view, "writes_plain", signature.writes_plain);
	return RESULT_OK;
}

static enum result get_settings(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	cleanup(json_decrefp) json_t *view = json_object();
	const struct zone *zone;
	struct mailbox *mailboxes;
	size_t mailbox_count;
	struct factor_facts factor;
	bool needs_code;

	TRY(mailbox_list(flow_of(request), visit->token, request->now, request->arena, &mailboxes,
		&mailbox_count, &needs_code, &request->err));
	TRY(second_factor_facts(flow_of(request), &visit->actor, request->arena, &factor, &request->err));
	view_set_flag(view, "has_factor", factor.is_set);
	view_set_flag(view, "has_mailboxes", mailbox_count > 1);
	view_set_flag(view, "needs_code", needs_code);
	view_set_flag(view, "was_saved", request_query(request, "saved").len > 0);
	view_set_flag(view, "has_password", visit->session.person.password_hash.len > 0);
	view_set_flag(view, "may_export", visit->session.settings.export);
	view_set_flag(view, "may_name", !visit->session.person.is_internal);
	view_set_flag(view, "keys_on", !visit->session.person.views.no_keys);
	view_set_flag(view, "conversations_on", visit->session.person.views.conversations);
	view_set_flag(view, "has_summary",
		visit->session.person.is_internal &&
			visit->session.settings.sender_notices == SENDER_NOTICES_DAILY);
	view_set_flag(view, "summary_on", !visit->session.person.no_summary);
	view_set_number(view, "idle_minutes", visit->session.settings.session_idle_minutes);
	TRY(add_signature(request, view));
	add_dates(visit, view);
	json_t *zones = view_add_list(view, "zones");
	for (size_t i = 0; (zone = zones_at(visit->portal->zones, i)); i++) {
		json_t *item = view_append(zones);
		view_set(item, "name", zone_name(zone));
		view_set_flag(item, "is_current", zone == visit->format.zone);
	}
	return page_portal(request, response, "settings", "settings", view);
}

static enum result post_choices(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	const struct language *language =
		language_find(visit->portal->languages, request_field(request, "language"));
	const struct zone *zone = zone_find(visit->portal->zones, request_field(request, "time_zone"));

	if (!language || !zone)
		return err_set(&request->err, RESULT_INVALID, "there is no such language or time zone");
	if (pairs_get(&request->fields, "name").ptr)
		TRY(people_name_set(
			flow_of(request), &visit->actor, request_field(request, "name"), &request->err));
	struct person_choices choices = {language_tag(language), zone_name(zone), dates_of(request)};
	TRY(choices_set(flow_of(request), &visit->actor, &choices, request->now, &request->err));
	response_redirect(response, STR("/settings?saved=1"));
	return RESULT_OK;
}

static enum result post_views(struct request *request, struct response *response)
{
	struct person_views views = {
		.no_keys = !request_field(request, "keys").len,
		.conversations = request_field(request, "conversations").len > 0,
	};

	TRY(views_set(flow_of(request), &visit_of(request)->actor, &views, &request->err));
	response_redirect(response, STR("/settings?saved=1"));
	return RESULT_OK;
}

static enum result post_writing(struct request *request, struct response *response)
{
	struct signature signature = {.text = request_field(request, "signature"),
		.on_replies = request_field(request, "replies").len > 0,
		.writes_plain = request_field(request, "plain").len > 0};

	TRY(signature_set(flow_of(request), &visit_of(request)->actor, &signature, &request->err));
	response_redirect(response, STR("/settings?saved=1"));
	return RESULT_OK;
}

static enum result post_mails(struct request *request, struct response *response)
{
	TRY(summary_choose(flow_of(request), &visit_of(request)->actor,
		request_field(request, "summary").len > 0, request->now, &request->err));
	response_redirect(response, STR("/settings?saved=1"));
	return RESULT_OK;
}

static enum result post_language(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	const struct language *language =
		language_find(visit->portal->languages, request_field(request, "language"));

	if (!language)
		return err_set(&request->err, RESULT_INVALID, "there is no such language");
	struct person_choices choices = {
		language_tag(language), visit->session.person.time_zone, visit->session.person.dates};
	if (visit->is_signed_in)
		TRY(choices_set(flow_of(request), &visit->actor, &choices, request->now, &request->err));
	else
		response_cookie(response, COOKIE_LANGUAGE, language_tag(language), LANGUAGE_S);
	response_redirect(response, request_local_path(request_field(request, "return"), STR("/")));
	return RESULT_OK;
}

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "saved", 1, 0, "the choices were kept"},
	{0},
};

static const struct route_parameter choices_parameters[] = {
	{PARAMETER_FIELD, "language", LANGUAGE_BYTES, 0, "tag of a language"},
	{PARAMETER_FIELD, "time_zone", ZONE_BYTES, 0, "IANA name of a time zone"},
	{PARAMETER_FIELD, "dates", 10, 0, "language, iso, day or month: the order of dates"},
	{PARAMETER_FIELD, "clock", 2, 0, "12 or 24 hours"},
	{PARAMETER_FIELD, "name", LIMIT_DISPLAY_NAME_BYTES, 0, "of somebody from outside; may be empty"},
	{0},
};

static const struct route_parameter views_parameters[] = {
	{PARAMETER_FIELD, "keys", 1, 0, "keyboard shortcuts"},
	{PARAMETER_FIELD, "conversations", 1, 0, "one row a conversation"},
	{0},
};

static const struct route_parameter writing_parameters[] = {
	{PARAMETER_FIELD, "signature", SIGNATURE_BYTES_MAX, 0, "what stands below new messages"},
	{PARAMETER_FIELD, "replies", 1, 0, "below answers as well"},
	{PARAMETER_FIELD, "plain", 1, 0, "begin without formatting"},
	{0},
};

static const struct route_parameter mails_parameters[] = {
	{PARAMETER_FIELD, "summary", 1, 0, "one mail a day about messages sent"},
	{0},
};

static const struct route_parameter language_parameters[] = {
	{PARAMETER_FIELD, "language", LANGUAGE_BYTES, 0, "tag of a language"},
	{PARAMETER_FIELD, "return", LOCAL_PATH_BYTES, 0, "the page to show again"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings", RIGHTS_SIGNED_IN, get_parameters, get_settings, NULL,
		"The person's choices"},
	{METHOD_POST, "/settings/choices", RIGHTS_SIGNED_IN, choices_parameters, post_choices, NULL,
		"Keeps language and time zone"},
	{METHOD_POST, "/settings/views", RIGHTS_SIGNED_IN, views_parameters, post_views, NULL,
		"Keeps how the person wants lists"},
	{METHOD_POST, "/settings/writing", RIGHTS_SIGNED_IN, writing_parameters, post_writing, NULL,
		"Keeps the signature and how the person writes"},
	{METHOD_POST, "/settings/mails", RIGHTS_SIGNED_IN, mails_parameters, post_mails, NULL,
		"Keeps which mails the person wants"},
	{METHOD_POST, "/language", RIGHTS_OWN_COOKIES, language_parameters, post_language, NULL,
		"Shows the pages in another language"},
};

const struct route_table portal_routes_settings = {rows, COUNT_OF(rows)};
