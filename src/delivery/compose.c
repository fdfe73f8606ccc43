#include "delivery/compose.h"

#include "base/limits.h"
#include "flow/changed.h"
#include "flow/choice.h"
#include "flow/genuine.h"
#include "flow/notice.h"
#include "flow/summary.h"
#include "mime/build.h"
#include "mime/rewrite.h"
#include "text/colour.h"
#include "text/format.h"

#include <jansson.h>

#define MAIL_TEXT_BYTES ((size_t)256 * 1024)

/* One mail in the making. */
struct composing {
	const struct compose_texts *texts;
	const struct deliver_job *job;
	struct flow *flow;
	int64_t now;
	const struct language *language;
	struct arena arena;
	json_t *view;
	struct str headers; /* of this mail besides the usual, each with its CRLF */
};

static void set(json_t *object, const char *name, struct str value)
{
	json_t *text = json_stringn(value.ptr ? value.ptr : "", value.len);

	(void)json_object_set_new(object, name, text ? text : json_string("?"));
}

static struct str host_of(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str rest = at < 0 ? url : str_from(url, (size_t)at + 3);

	return str_cut(&rest, '/');
}

/* The account's colour, dark enough for white letters on it. */
static struct str button_colour(struct str setting, struct arena *arena)
{
	struct colour colour;

	if (!setting.len || !colour_parse(str_from(setting, 1), &colour))
		return STR("#1f5fbf");
	colour = colour_for_light(colour);
	return arena_printf(arena, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
}

static void begin_view(struct composing *c)
{
	const struct account_settings *settings = &c->job->account.settings;
	json_t *account = json_object(), *portal = json_object();

	c->language = language_pick(c->texts->languages, STR(""), c->job->recipient_language);
	c->view = json_object();
	set(account, "name", settings->display_name);
	set(account, "help", settings->help_text);
	set(account, "accent", button_colour(settings->accent_colour, &c->arena));
	set(account, "on_accent", STR("#ffffff"));
	set(portal, "url", c->texts->portal_url);
	set(portal, "host", host_of(c->texts->portal_url));
	(void)json_object_set_new(c->view, "account", account);
	(void)json_object_set_new(c->view, "portal", portal);
}

static struct str render(struct composing *c, const char *name, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(MAIL_TEXT_BYTES);

	if (template_render(c->texts->notifications, name, c->view, c->language, &text, err) != RESULT_OK)
		return STR_NONE;
	return str_trim(arena_str(&c->arena, buf_str(&text)));
}

static struct str words_of_time(struct composing *c, int64_t when)
{
	const struct zone *zone = zone_find(c->texts->zones, c->job->account.settings.time_zone);
	struct format format = {&c->arena, c->language, zone ? zone : zone_utc(), c->now};

	return when ? format_time_full(&format, when) : STR("");
}

static struct str link_of(struct composing *c, struct id copy_id)
{
	return arena_printf(&c->arena, "%.*s/m/%s", STR_ARG(c->texts->portal_url), id_text(copy_id).s);
}

/* The same for every try of a delivery, so that a receiver can tell a second one; what was asked for again is
 * another mail. */
static struct str message_id_of(struct composing *c)
{
	const struct delivery *d = &c->job->delivery;

	if (d->resends)
		return arena_printf(&c->arena, "%s.%s.%lld@%.*s", delivery_kind_name(d->kind),
			id_text(d->id).s, (long long)d->resends, STR_ARG(c->texts->return_domain));
	return arena_printf(&c->arena, "%s.%s@%.*s", delivery_kind_name(c->job->delivery.kind),
		id_text(c->job->delivery.id).s, STR_ARG(c->texts->return_domain));
}

/* A mail of our own from three templates. reply_to_tag: answers go where they are told "not read here". */
static enum result build_own(struct composing *c, const char *base, struct str from_name, bool has_html,
	const char *submitted, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	struct mime_address to = {.address = job->delivery.recipient};
	struct str from = notification_address(c->flow, &job->account, &c->arena);
	struct mime_draft draft = {.from = {from_name, from},
		.to = &to,
		.to_count = 1,
		.message_id = message_id_of(c),
		.date = job->delivery.created_at,
		.headers =
			arena_printf(&c->arena, "Auto-Submitted: %s\r\n%.*s", submitted, STR_ARG(c->headers)),
		.boundary = str_of(id_text(job->delivery.id).s)};
	struct str boundary = arena_str(&c->arena, draft.boundary);

	draft.boundary = boundary;
	if (job->delivery.sender.len)
		draft.reply_to = (struct mime_address){.address = job->delivery.sender};
	draft.subject = render(c, arena_printf(&c->arena, "%s_subject.txt", base).ptr, err);
	draft.text = render(c, arena_printf(&c->arena, "%s.txt", base).ptr, err);
	if (has_html)
		draft.html = render(c, arena_printf(&c->arena, "%s.html", base).ptr, err);
	if (draft.subject.len == 0 || draft.text.len == 0)
		return RESULT_INTERNAL;
	return mime_build(&draft, out, err);
}

static void set_sender(struct composing *c, struct str name, struct str address)
{
	json_t *sender = json_object();

	set(sender, "name", name.len ? name : address);
	set(sender, "address", address);
	(void)json_object_set_new(c->view, "sender", sender);
}

/* A notification, or a reminder of it, which has a subject and a beginning of its own. */
static enum result compose_notification(
	struct composing *c, const char *base, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	json_t *recipient = json_object();

	set_sender(c, job->owner_name, job->owner_address);
	set(recipient, "address", job->delivery.recipient);
	(void)json_object_set_new(c->view, "recipient", recipient);
	set(c->view, "subject", job->account.settings.notification_subject ? job->letter.subject : STR(""));
	set(c->view, "link", link_of(c, job->delivery.copy_id));
	set(c->view, "expires_on", words_of_time(c, job->message.expires_at));
	set(c->view, "from_address", notification_address(c->flow, &job->account, &c->arena));
	set(c->view, "check_code", genuine_code(&job->account, job->delivery.created_at, &c->arena));
	return build_own(c, base, render(c, "notification_from.txt", err), true, "auto-generated", out, err);
}

static enum result compose_code(struct composing *c, const struct writer *out, struct err *err)
{
	struct str rest = c->job->payload;
	struct str digits = str_cut(&rest, '\n'), wanted_by = str_cut(&rest, '\n');

	if (rest.len)
		c->language = language_pick(c->texts->languages, STR(""), rest);
	bool proves = wanted_by.len && str_equal(wanted_by, c->job->delivery.recipient);
	(void)json_object_set_new(c->view, "proves", json_boolean(proves));
	set(c->view, "wanted_by", proves ? STR_NONE : wanted_by);
	set(c->view, "address", c->job->delivery.recipient);
	set(c->view, "code",
		arena_printf(&c->arena, "%.*s %.*s", STR_ARG(str_sub(digits, 0, digits.len / 2)),
			STR_ARG(str_from(digits, digits.len / 2))));
	(void)json_object_set_new(c->view, "minutes", json_integer(LIMIT_CODE_MS / MS_MINUTE));
	return build_own(c, "code", c->job->account.settings.display_name, true, "auto-generated", out, err);
}

static enum result compose_waiting_reply(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;

	set_sender(c, job->owner_name, job->owner_address);
	set(c->view, "link", link_of(c, job->delivery.copy_id));
	set(c->view, "size", format_size(&c->arena, c->language, (uint64_t)job->message.size));
	(void)json_object_set_new(c->view, "is_too_large", json_boolean(job->message.size > 20 << 20));
	return build_own(
		c, "reply_too_large", job->account.settings.display_name, true, "auto-generated", out, err);
}

static enum result compose_not_sent(struct composing *c, const struct writer *out, struct err *err)
{
	set(c->view, "at", words_of_time(c, c->job->delivery.created_at));
	set(c->view, "link", arena_printf(&c->arena, "%.*s/drafts", STR_ARG(c->texts->portal_url)));
	return build_own(
		c, "not_sent", c->job->account.settings.display_name, true, "auto-generated", out, err);
}

static struct str link_in_sent(struct composing *c, struct id copy_id)
{
	return arena_printf(&c->arena, "%.*s/message/%s", STR_ARG(c->texts->portal_url), id_text(copy_id).s);
}

static enum result view_notice(struct composing *c, struct notice *ret, struct err *err)
{
	json_t *people = json_array();

	TRY(notice_read(c->job->payload, &c->arena, ret, err));
	for (size_t i = 0; i < ret->count; i++) {
		json_t *person = json_object();
		set(person, "address", ret->people[i]);
		(void)json_array_append_new(people, person);
	}
	(void)json_object_set_new(c->view, "people", people);
	(void)json_object_set_new(c->view, "count", json_integer((json_int_t)ret->count + ret->others));
	(void)json_object_set_new(c->view, "others", json_integer(ret->others));
	(void)json_object_set_new(c->view, "has_others", json_boolean(ret->others > 0));
	set(c->view, "address", ret->count ? ret->people[0] : STR(""));
	set(c->view, "subject", ret->subject);
	set(c->view, "sent_on", words_of_time(c, ret->sent_at));
	set(c->view, "at", words_of_time(c, ret->at));
	(void)json_object_set_new(c->view, "is_expired", json_boolean(ret->at != 0));
	set(c->view, "link", link_in_sent(c, c->job->delivery.copy_id));
	return RESULT_OK;
}

static enum result compose_receipt(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	struct notice notice;

	TRY(view_notice(c, &notice, err));
	struct mime_receipt mail = {.from = {job->account.settings.display_name,
					    notification_address(c->flow, &job->account, &c->arena)},
		.to = job->delivery.recipient,
		.subject = render(c, "receipt_subject.txt", err),
		.text = render(c, "receipt.txt", err),
		.message_id = message_id_of(c),
		.date = job->delivery.created_at,
		.reporting_host = c->texts->host_name,
		.recipient = notice.count ? notice.people[0] : STR(""),
		.original_message_id = notice.message_id,
		.boundary = arena_str(&c->arena, str_of(id_text(job->delivery.id).s))};
	if (mail.subject.len == 0 || mail.text.len == 0)
		return RESULT_INTERNAL;
	return mime_build_receipt(&mail, out, err);
}

static enum result compose_unread(struct composing *c, const struct writer *out, struct err *err)
{
	struct notice notice;

	TRY(view_notice(c, &notice, err));
	return build_own(
		c, "unread", c->job->account.settings.display_name, true, "auto-generated", out, err);
}

static struct str addresses_of(struct composing *c, const struct notice *item)
{
	struct str text = item->count ? item->people[0] : STR("");

	for (size_t i = 1; i < item->count; i++)
		text = arena_printf(&c->arena, "%.*s, %.*s", STR_ARG(text), STR_ARG(item->people[i]));
	return text;
}

static void view_item(struct composing *c, json_t *list, const struct notice *item)
{
	json_t *row = json_object();

	set(row, "who", addresses_of(c, item));
	(void)json_object_set_new(row, "others", json_integer(item->others));
	(void)json_object_set_new(row, "has_others", json_boolean(item->others > 0));
	set(row, "sent_on", words_of_time(c, item->sent_at));
	set(row, "at", words_of_time(c, item->at));
	set(row, "subject", item->subject);
	set(row, "link", link_in_sent(c, item->copy));
	(void)json_array_append_new(list, row);
}

/* By RFC 8058: a mail program ends these mails by one POST. */
static void offer_to_stop(struct composing *c)
{
	struct str token = summary_token(&c->job->account, c->job->delivery.copy_id, &c->arena);
	struct str stop =
		arena_printf(&c->arena, "%.*s/summary/%.*s", STR_ARG(c->texts->portal_url), STR_ARG(token));

	set(c->view, "stop", stop);
	c->headers = arena_printf(&c->arena,
		"List-Unsubscribe: <%.*s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		STR_ARG(stop));
}

static enum result compose_summary(struct composing *c, const struct writer *out, struct err *err)
{
	static const char *const names[] = {[SUMMARY_FAILED] = "failed",
		[SUMMARY_EXPIRED] = "expired",
		[SUMMARY_ENDS_SOON] = "ends_soon",
		[SUMMARY_UNREAD] = "unread"};
	struct notice *items;
	size_t count;

	TRY(notices_read(c->job->payload, &c->arena, &items, &count, err));
	for (int64_t matter = SUMMARY_FAILED; matter <= SUMMARY_MATTERS; matter++) {
		json_t *list = json_array();
		for (size_t i = 0; i < count; i++)
			if (items[i].matter == matter)
				view_item(c, list, &items[i]);
		(void)json_object_set_new(c->view, arena_printf(&c->arena, "has_%s", names[matter]).ptr,
			json_boolean(json_array_size(list) > 0));
		(void)json_object_set_new(c->view, names[matter], list);
	}
	(void)json_object_set_new(c->view, "count", json_integer((json_int_t)count));
	set(c->view, "link", arena_printf(&c->arena, "%.*s/sent", STR_ARG(c->texts->portal_url)));
	offer_to_stop(c);
	return build_own(
		c, "summary", c->job->account.settings.display_name, true, "auto-generated", out, err);
}

/* What changed about signing in, by the kind of its event. */
static enum result compose_changed(struct composing *c, const struct writer *out, struct err *err)
{
	struct str who = c->job->payload;
	struct str kind = str_cut(&who, '\n');
	struct str address = str_cut(&who, '\n');
	const char *word = changed_word(kind);

	if (word)
		(void)json_object_set_new(c->view, word, json_true());
	set(c->view, "address", address);
	set(c->view, "who", who);
	set(c->view, "recipient", c->job->delivery.recipient);
	set(c->view, "at", words_of_time(c, c->job->delivery.created_at));
	set(c->view, "link",
		arena_printf(&c->arena, "%.*s/settings/sessions", STR_ARG(c->texts->portal_url)));
	return build_own(
		c, "changed", c->job->account.settings.display_name, true, "auto-generated", out, err);
}

static enum result compose_request(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	json_t *recipient = json_object();
	struct notice notice;

	TRY(notice_read(job->payload, &c->arena, &notice, err));
	if (notice.count != 2)
		return err_set(err, RESULT_INTERNAL, "a request without its asker");
	set_sender(c, notice.people[1], notice.people[0]);
	set(recipient, "address", job->delivery.recipient);
	(void)json_object_set_new(c->view, "recipient", recipient);
	set(c->view, "purpose", notice.subject);
	set(c->view, "until", words_of_time(c, notice.at));
	set(c->view, "link", link_of(c, job->delivery.copy_id));
	set(c->view, "from_address", notification_address(c->flow, &job->account, &c->arena));
	return build_own(
		c, "request", render(c, "notification_from.txt", err), true, "auto-generated", out, err);
}

static enum result compose_address_denied(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;

	bool is_request = id_is_none(job->delivery.copy_id);

	set(c->view, "address", job->payload);
	(void)json_object_set_new(c->view, "is_request", json_boolean(is_request));
	set(c->view, "link",
		is_request ? arena_printf(&c->arena, "%.*s/requests", STR_ARG(c->texts->portal_url))
			   : link_in_sent(c, job->delivery.copy_id));
	return build_own(
		c, "address_denied", job->account.settings.display_name, true, "auto-generated", out, err);
}

static enum result compose_report(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	json_t *rows = json_array(), *row = json_object();
	struct report report;

	TRY(report_read(job->payload, &c->arena, &report, err));
	set(row, "address", report.recipient);
	set(row, "reason", report.reason);
	set(row, "host", report.host);
	(void)json_array_append_new(rows, row);
	(void)json_object_set_new(c->view, "rows", rows);
	static const char *const actions[] = {"failed", "delayed", "relayed"};
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		(void)json_object_set_new(c->view, arena_printf(&c->arena, "is_%s", actions[i]).ptr,
			json_boolean(str_equal(report.action, str_of(actions[i]))));
	(void)json_object_set_new(c->view, "is_notification", json_boolean(report.is_notification));
	(void)json_object_set_new(c->view, "is_own_copy", json_boolean(report.is_own_copy));
	(void)json_object_set_new(c->view, "is_expired", json_boolean(report.is_expired));
	set(c->view, "subject", report.subject);
	set(c->view, "sent_on", words_of_time(c, report.sent_at));
	set(c->view, "give_up_on", words_of_time(c, report.give_up_at));
	struct mime_report mail = {.from = {job->account.settings.display_name,
					   notification_address(c->flow, &job->account, &c->arena)},
		.to = job->delivery.recipient,
		.subject = render(c, "report_subject.txt", err),
		.text = render(c, "report.txt", err),
		.message_id = message_id_of(c),
		.date = job->delivery.created_at,
		.reporting_host = c->texts->host_name,
		.envelope_id = report.envelope_id,
		.recipient = report.recipient,
		.original_recipient = report.original_recipient,
		.action = report.action,
		.status = report.status,
		.diagnostic = report.reason,
		.retry_until = report.give_up_at,
		.original_message_id = report.message_id,
		.original_subject = report.subject,
		.boundary = arena_str(&c->arena, str_of(id_text(job->delivery.id).s))};
	return mime_build_report(&mail, out, err);
}

/* banner: the templates at its top. */
static enum result compose_copy(
	struct composing *c, const char *banner, struct str mark, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	/* A sender's program may leave Bcc in; nobody else learns of it (R15). */
	struct str drop[] = {DEFINITION_HEADER, STR(OWN_COPY_HEADER), STR("Bcc"), STR("Resent-Bcc")};

	set(c->view, "expires_on", words_of_time(c, job->message.expires_at));
	struct mime_rewrite change = {.drop = drop,
		.drop_count = COUNT_OF(drop),
		.subject = job->letter.subject.ptr ? job->letter.subject : STR(""),
		.headers = arena_printf(&c->arena, "X-Sealpost-Secure: yes\r\n%.*s", STR_ARG(mark)),
		.banner_text = arena_printf(&c->arena, "%.*s\r\n\r\n",
			STR_ARG(render(c, arena_printf(&c->arena, "%s.txt", banner).ptr, err))),
		.banner_html = render(c, arena_printf(&c->arena, "%s.html", banner).ptr, err)};
	return mime_rewrite(&job->content, &job->index, &change, out, err);
}

/* An answer is ordinary mail; where its quotes stay in the portal, it says so. */
static enum result compose_reply(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;

	if (!job->has_quotes)
		return reader_copy(&job->content, 0, job->content.size, out, err);
	set(c->view, "link", link_of(c, job->delivery.copy_id));
	struct mime_rewrite change = {.banner_text = arena_printf(&c->arena, "%.*s\r\n\r\n",
					      STR_ARG(render(c, "banner_quotes.txt", err))),
		.banner_html = render(c, "banner_quotes.html", err)};
	return mime_rewrite(&job->content, &job->index, &change, out, err);
}

/* The owner's own, known again should the mail server hand it back. */
static enum result compose_own_copy(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;
	struct str tag = own_copy_tag(&job->account, job->message.id, &c->arena);

	set(c->view, "link", link_of(c, job->delivery.copy_id));
	return compose_copy(c, "banner_own",
		arena_printf(&c->arena, "%s: %.*s\r\n", OWN_COPY_HEADER, STR_ARG(tag)), out, err);
}

static enum result compose(struct composing *c, const struct writer *out, struct err *err)
{
	const struct deliver_job *job = c->job;

	switch (job->delivery.kind) {
	case DELIVERY_REPLY:
		return compose_reply(c, out, err);
	case DELIVERY_RELAY:
		return reader_copy(&job->content, 0, job->content.size, out, err);
	case DELIVERY_INTERNAL_COPY:
		return compose_copy(c, "banner", STR(""), out, err);
	case DELIVERY_OWN_COPY:
		return compose_own_copy(c, out, err);
	case DELIVERY_NOTIFICATION:
		return compose_notification(c, "notification", out, err);
	case DELIVERY_REMINDER:
		return compose_notification(c, "reminder", out, err);
	case DELIVERY_CODE:
		return compose_code(c, out, err);
	case DELIVERY_NOT_READ_HERE:
		return build_own(c, "not_read_here", job->account.settings.display_name, true, "auto-replied",
			out, err);
	case DELIVERY_TOO_LARGE:
		return compose_waiting_reply(c, out, err);
	case DELIVERY_NOT_SENT:
		return compose_not_sent(c, out, err);
	case DELIVERY_ADDRESS_DENIED:
		return compose_address_denied(c, out, err);
	case DELIVERY_RECEIPT:
		return compose_receipt(c, out, err);
	case DELIVERY_UNREAD:
		return compose_unread(c, out, err);
	case DELIVERY_SUMMARY:
		return compose_summary(c, out, err);
	case DELIVERY_REQUEST:
		return compose_request(c, out, err);
	case DELIVERY_CHANGED:
		return compose_changed(c, out, err);
	case DELIVERY_REPORT:
		return compose_report(c, out, err);
	}
	return err_set(err, RESULT_INTERNAL, "a delivery of no known kind");
}

enum result compose_mail(const struct compose_texts *texts, const struct deliver_job *job, struct flow *flow,
	int64_t now, const struct writer *out, struct err *err)
{
	struct composing c = {.texts = texts, .job = job, .flow = flow, .now = now};

	begin_view(&c);
	enum result result = compose(&c, out, err);
	json_decref(c.view);
	arena_done(&c.arena);
	return result;
}

enum result compose_source_write(void *context, const struct writer *out, struct err *err)
{
	const struct compose_source *source = context;

	return compose_mail(source->texts, source->job, source->flow, source->now, out, err);
}
