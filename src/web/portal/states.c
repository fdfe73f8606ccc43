#include "web/portal/states.h"

#include "web/portal/content.h"

#define EXPIRY_SHOWN_MS (14 * MS_DAY)

static void add_date(const struct visit *visit, json_t *states, const char *name, int64_t when)
{
	view_set(view_add_object(states, name), "date", format_date(&visit->format, when));
}

static void add_time(const struct visit *visit, json_t *states, const char *name, int64_t when)
{
	view_set(view_add_object(states, name), "time", format_time_short(&visit->format, when));
}

/* Where it came from is for the organisation's own people. */
static void add_origin(const struct visit *visit, json_t *sign, struct str origin)
{
	view_set(sign, "origin", visit->session.person.is_internal ? origin : STR_NONE);
}

static void add_sign(const struct visit *visit, json_t *states, const char *name, struct open_sign sign)
{
	if (!sign.at)
		return;
	add_time(visit, states, name, sign.at);
	add_origin(visit, json_object_get(states, name), sign.origin);
}

/* The recipient's mail server took it: how safely. */
static void add_notified(const struct visit *visit, json_t *states, const struct delivery *delivery)
{
	add_time(visit, states, "notified", delivery->done_at);
	json_t *notified = json_object_get(states, "notified");
	/* An outbox is no server. */
	bool is_known = visit->session.person.is_internal && delivery->last_host.len &&
			!str_equal(delivery->last_host, STR("outbox"));
	bool is_verified = str_equal(delivery->tls_verified, STR("yes"));

	add_origin(visit, notified, is_known ? delivery->last_host : STR_NONE);
	view_set(notified, "tls", is_known ? delivery->tls_version : STR_NONE);
	view_set_flag(notified, "is_plain", is_known && !delivery->tls_version.len);
	view_set_flag(notified, "is_verified", is_verified);
}

static json_t *add_share(json_t *states, const char *name, int64_t count, int64_t all)
{
	json_t *share = view_add_object(states, name);

	view_set_number(share, "count", count);
	view_set_number(share, "all", all);
	return share;
}

/* What became of a message of one's own, at a glance. */
static void add_tally(json_t *states, const struct open_summary *summary)
{
	const struct copy_tally *tally = &summary->tally;

	if (tally->failed)
		(void)add_share(states, "failed", tally->failed, tally->people);
	if (tally->recalled && !summary->recalled_at)
		(void)add_share(states, "recalled_from", tally->recalled, tally->people);
	if (tally->read)
		(void)add_share(states, "read_by", tally->read, tally->copies);
	view_set_flag(states, "unread", tally->copies && !tally->read);
}

void states_of_message(
	const struct visit *visit, json_t *view, const struct open_summary *summary, bool is_in_list)
{
	json_t *states = view_add_object(view, "states");
	int64_t left = summary->expires_at - visit->format.now;

	if (summary->recalled_at)
		add_date(visit, states, "recalled", summary->recalled_at);
	else if (summary->expires_at && left <= 0)
		add_date(visit, states, "expired", summary->expires_at);
	else if (summary->expires_at && (!is_in_list || left < EXPIRY_SHOWN_MS))
		view_set(view_add_object(states, "expires"), "text",
			format_expiry(&visit->format, summary->expires_at));
	if (summary->copy.is_owner && is_in_list)
		add_tally(states, summary);
	view_set_flag(states, "own_copy", summary->in_own_mailbox);
	view_set_flag(states, "extended", summary->copy.is_owner && summary->extended_at);
	if (summary->came_to.len)
		view_set(view_add_object(states, summary->copy.is_owner ? "came_from" : "came_to"), "address",
			summary->came_to);
	if (is_in_list && summary->files)
		view_set_number(view_add_object(states, "files"), "count", summary->files);
}

void states_of_opened(const struct visit *visit, json_t *view, const struct open_message *message)
{
	states_of_message(visit, view, &message->summary, false);
	view_set_flag(json_object_get(view, "states"), "quotes_recalled", message->quotes_recalled_at > 0);
}

/* What a server said, its names among it, is for the organisation's own people. A reply is in the portal
 * anyway. */
static void add_failure(const struct visit *visit, json_t *states, const struct delivery *delivery)
{
	const char *name = delivery->kind == DELIVERY_NOTIFICATION ? "not_delivered"
			   : delivery->kind == DELIVERY_REPLY	   ? "only_in_portal"
								   : "not_handed_over";

	view_set(view_add_object(states, name), "reason",
		visit->session.person.is_internal ? delivery->last_reply : STR_NONE);
}

/* How far the mail got that tells of the message, or that is the message. */
static void add_delivery(const struct visit *visit, json_t *states, const struct delivery *delivery)
{
	if (delivery->state == DELIVERY_FAILED || delivery->state == DELIVERY_DROPPED)
		add_failure(visit, states, delivery);
	else if (delivery->state == DELIVERY_SENT && delivery->kind == DELIVERY_NOTIFICATION)
		add_notified(visit, states, delivery);
	else if (delivery->state == DELIVERY_SENT)
		add_time(visit, states, "handed_over", delivery->done_at);
	else if (delivery->state == DELIVERY_WAITING)
		view_set_flag(states, "waiting", true);
}

/* "Dana Doe (dana@partner.example)": the name is what they say, the address is proved. */
static struct str who_of(const struct open_person *person, struct arena *arena)
{
	return person->name.len
		       ? arena_printf(arena, "%.*s (%.*s)", STR_ARG(person->name), STR_ARG(person->address))
		       : person->address;
}

static void add_downloads(const struct visit *visit, json_t *states, const struct open_message *message,
	const struct open_recipient *recipient)
{
	struct arena *arena = visit->format.arena;
	json_t *downloads = view_add_list(states, "downloads"), *shown = view_add_list(states, "shown");

	for (size_t i = 0; i < recipient->download_count; i++) {
		const struct open_download *download = &recipient->downloads[i];
		const struct mime_part *part = mime_index_by_path(message->index, download->path);
		json_t *item = view_append(download->was_shown ? shown : downloads);
		view_set(item, "name", part ? content_file_name(message, part, arena) : download->path);
		view_set(item, "time", format_time_short(&visit->format, download->at));
		for (size_t j = 0; j < recipient->reader_count; j++)
			if (id_equal(recipient->readers[j].id, download->reader_id))
				view_set(item, "by", who_of(&recipient->readers[j].person, arena));
		add_origin(visit, item, download->origin);
	}
}

static void add_readers(const struct visit *visit, json_t *states, const struct open_recipient *recipient)
{
	json_t *list = view_add_list(states, "readers");

	for (size_t i = 0; i < recipient->reader_count; i++) {
		json_t *item = view_append(list);
		view_set(item, "who", who_of(&recipient->readers[i].person, visit->format.arena));
		view_set(item, "time", format_time_short(&visit->format, recipient->readers[i].at));
		add_origin(visit, item, recipient->readers[i].origin);
	}
}

void states_of_recipient(const struct visit *visit, json_t *view, const struct open_message *message,
	const struct open_recipient *recipient)
{
	json_t *states = view_add_object(view, "states");

	add_delivery(visit, states, &recipient->delivery);
	if (recipient->recalled_at)
		add_date(visit, states, "recalled", recipient->recalled_at);
	/* Told once there is a question of what is where. */
	view_set_flag(states, "stays", recipient->in_mail_system && message->summary.tally.recalled);
	if (recipient->denied_at)
		add_time(visit, states, "denied", recipient->denied_at);
	add_sign(visit, states, "link_opened", recipient->link_opened);
	add_sign(visit, states, "signed_in", recipient->signed_in);
	add_sign(visit, states, "code_entered", recipient->code_entered);
	add_readers(visit, states, recipient);
	if (!recipient->reader_count)
		add_sign(visit, states, "read", recipient->read);
	add_sign(visit, states, "saved", recipient->saved);
	add_downloads(visit, states, message, recipient);
	if (recipient->deleted_at)
		add_date(visit, states, "account_deleted", recipient->deleted_at);
}
