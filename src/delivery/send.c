#include "delivery/send.h"

#include "base/address.h"
#include "smtp/client.h"

#include <string.h>

static void later(struct deliver_attempt *attempt, struct arena *arena, const struct err *why)
{
	attempt->outcome = ATTEMPT_LATER;
	attempt->reply = arena_str(arena, str_of(why->text));
}

static void send_to_outbox(const struct delivery_options *options, struct compose_source *source,
	struct arena *arena, struct deliver_attempt *attempt)
{
	const struct delivery *d = &source->job->delivery;
	struct err err = {0};

	if (outbox_deliver(options->outbox, d->id, d->sender, d->recipient, compose_source_write, source,
		    &err) != RESULT_OK) {
		later(attempt, arena, &err);
		return;
	}
	attempt->outcome = ATTEMPT_SENT;
	attempt->reply = STR("kept in the outbox");
	attempt->host = STR("outbox");
}

/* What a next hop needs of TLS: content of a secured message only by verified TLS, but for this machine
 * itself and hops that the account has loosened by name (R2). */
static enum smtp_client_tls tls_needed(
	const struct delivery_options *options, const struct deliver_job *job, const struct hop_address *to)
{
	if (job->needs_verified_tls && !job->hop_is_loosened && !to->is_loopback)
		return SMTP_CLIENT_TLS_VERIFIED;
	bool smart = str_equal(job->delivery.destination, flow_names(options->flow)->smart_host);
	if (smart && options->smart_host_verified)
		return SMTP_CLIENT_TLS_VERIFIED;
	return SMTP_CLIENT_TLS_OPPORTUNISTIC;
}

static enum result connect_one(const struct delivery_options *options, const struct deliver_job *job,
	const struct hop_address *to, struct smtp_client **ret, struct err *err)
{
	bool smart = str_equal(job->delivery.destination, flow_names(options->flow)->smart_host);
	struct smtp_client_options client = {.helo = flow_names(options->flow)->host_name.ptr,
		.tls_name = to->host,
		.tls = tls_needed(options, job, to),
		.trust = options->trust,
		.user = smart ? options->smart_host_user : NULL,
		.password = smart ? options->smart_host_password : NULL};

	return smtp_client_connect((const struct sockaddr *)&to->address, to->len, &client, ret, err);
}

/* Counts bytes and looks for 8-bit ones, so that SIZE and 8BITMIME are told truly. */
struct measure {
	uint64_t size;
	bool is_8bit;
};

static enum result measure_write(void *context, const void *data, size_t size, struct err *err)
{
	struct measure *measure = context;
	const char *bytes = data;

	(void)err;
	measure->size += size;
	for (size_t i = 0; i < size && !measure->is_8bit; i++)
		measure->is_8bit = (bytes[i] & 0x80) != 0;
	return RESULT_OK;
}

static const char *notify_words(int64_t bits, struct arena *arena)
{
	if (bits == 0)
		return "";
	if (bits & DSN_NEVER)
		return "NEVER";
	return arena_printf(arena, "%s%s%s", bits & DSN_SUCCESS ? "SUCCESS," : "",
		bits & DSN_FAILURE ? "FAILURE," : "", bits & DSN_DELAY ? "DELAY," : "")
		.ptr;
}

static void take_facts(struct deliver_attempt *attempt, const struct smtp_client *client,
	const struct hop_address *to, struct arena *arena)
{
	const struct smtp_tls_facts *tls = smtp_client_tls(client);

	attempt->host = arena_printf(arena, "%s [%s]", to->host, to->text);
	attempt->reports_success = smtp_client_has_dsn(client);
	if (tls == NULL)
		return;
	attempt->tls_version = arena_str(arena, str_of(tls->version));
	attempt->tls_cipher = arena_str(arena, str_of(tls->cipher));
	attempt->tls_verified = tls->verified ? STR("yes") : arena_str(arena, str_of(tls->why_not));
}

static void send_by(struct smtp_client *client, struct compose_source *source, const struct measure *measure,
	struct arena *arena, struct deliver_attempt *attempt)
{
	const struct delivery *d = &source->job->delivery;
	struct err err = {0};
	struct str notify = str_of(notify_words(d->dsn_notify, arena));

	if (notify.len && notify.ptr[notify.len - 1] == ',')
		notify.len--;
	struct smtp_client_recipient recipient = {
		.address = d->recipient, .notify = notify, .orcpt = d->dsn_original};
	struct smtp_client_mail mail = {.sender = d->sender,
		.smtputf8 = d->smtputf8,
		.is_8bit = measure->is_8bit,
		.ret = d->dsn_return == DSN_RETURN_FULL ? STR("FULL")
		       : d->dsn_return			? STR("HDRS")
							: STR_NONE,
		.envid = d->dsn_envelope,
		.size = measure->size,
		.content = compose_source_write,
		.content_context = source};
	enum result result = smtp_client_send(client, &mail, &recipient, 1, &err);
	attempt->reply = arena_str(arena, str_of(recipient.reply[0] ? recipient.reply : err.text));
	attempt->outcome = recipient.outcome == SMTP_RECIPIENT_SENT && result == RESULT_OK ? ATTEMPT_SENT
			   : recipient.outcome == SMTP_RECIPIENT_REFUSED		   ? ATTEMPT_REFUSED
											   : ATTEMPT_LATER;
}

/* One address after the other until a server speaks to us. */
static void send_by_smtp(const struct delivery_options *options, struct compose_source *source,
	struct arena *arena, struct deliver_attempt *attempt)
{
	struct measure measure = {0};
	struct writer counter = {measure_write, &measure};
	struct err err = {0};
	struct hop hop;

	enum result result = compose_source_write(source, &counter, &err);
	if (result == RESULT_OK)
		result = resolve_destination(
			options->resolver, source->job->delivery.destination, arena, &hop, &err);
	if (result != RESULT_OK) {
		later(attempt, arena, &err);
		if (result == RESULT_NOT_FOUND)
			attempt->outcome = ATTEMPT_REFUSED;
		return;
	}
	err = (struct err){.text = "no server to connect to"};
	for (size_t i = 0; i < hop.count; i++) {
		cleanup(smtp_client_free_at) struct smtp_client *client = NULL;
		result = connect_one(options, source->job, &hop.addresses[i], &client, &err);
		if (result != RESULT_OK)
			continue;
		take_facts(attempt, client, &hop.addresses[i], arena);
		send_by(client, source, &measure, arena, attempt);
		return;
	}
	/* Whatever the refusal, somebody may mend it until the queue gives up. */
	later(attempt, arena, &err);
}

void send_mail(const struct delivery_options *options, const struct deliver_job *job, int64_t now,
	struct arena *arena, struct deliver_attempt *ret)
{
	struct compose_source source = {&options->texts, job, options->flow, now};

	if (options->outbox)
		send_to_outbox(options, &source, arena, ret);
	else
		send_by_smtp(options, &source, arena, ret);
}
