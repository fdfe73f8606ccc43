#include "delivery/send.h"

#include "base/address.h"
#include "smtp/client.h"
#include "smtp/reply.h"

#include <stdio.h>
#include <string.h>

/* The same for all that are still to be sent. */
static void decide_all(
	const struct send_request *r, struct deliver_attempt *attempts, const struct deliver_attempt *all)
{
	for (size_t i = 0; i < r->count; i++)
		attempts[i] = *all;
}

/* Of a domain that takes no mail: RFC 3463, RFC 7505. */
static struct str status_of_domain(const struct err *why)
{
	return why->code && strcmp(why->code, RESOLVE_NULL_MX) == 0 ? STR("5.1.10") : STR("5.1.2");
}

/* What the server's answer says, or the like answer that the client gave in its place. */
static struct str status_of_reply(struct str text, struct arena *arena)
{
	struct smtp_reply_line reply;

	if (!smtp_reply_line_parse(text, &reply))
		return STR_NONE;
	return arena_str(arena, str_of(smtp_reply_status(reply.code, reply.text).s));
}

static void send_to_outbox(const struct send_request *r, struct compose_source *source, struct arena *arena,
	struct deliver_attempt *attempts)
{
	struct err err = {0};

	for (size_t i = 0; i < r->count; i++) {
		const struct delivery *d = r->deliveries[i];
		if (outbox_deliver(r->options->outbox, d, compose_source_write, source, &err) == RESULT_OK)
			attempts[i] = (struct deliver_attempt){.outcome = ATTEMPT_SENT,
				.reply = STR("kept in the outbox"),
				.host = STR("outbox")};
		else
			attempts[i] = (struct deliver_attempt){
				.outcome = ATTEMPT_LATER, .reply = arena_str(arena, str_of(err.text))};
	}
}

static bool is_smart_host(const struct send_request *r)
{
	return str_equal(r->job->delivery.destination, flow_names(r->options->flow)->smart_host);
}

/* What the next hop needs of TLS: content of a secured message only by verified TLS, but for this machine
 * itself and hops that the account has loosened by name (R2). */
static enum smtp_client_tls tls_needed(const struct send_request *r, bool is_loopback)
{
	const struct deliver_job *job = r->job;

	bool excepted = job->hop_tls == HOP_TLS_LOOSENED || (job->hop_tls == HOP_TLS_VERIFIED && is_loopback);
	if (job->needs_verified_tls && !excepted)
		return SMTP_CLIENT_TLS_VERIFIED;
	if (is_smart_host(r) && r->options->smart_host_verified)
		return SMTP_CLIENT_TLS_VERIFIED;
	return SMTP_CLIENT_TLS_OPPORTUNISTIC;
}

static enum result connect_to(const struct send_request *r, const struct hop_address *to,
	enum smtp_client_tls tls, struct connection *ret, struct err *err)
{
	bool smart = is_smart_host(r);
	struct smtp_client_options client = {.helo = flow_names(r->options->flow)->host_name.ptr,
		.tls_name = to->host,
		.tls = tls,
		.trust = r->options->trust,
		.cut = r->cut,
		.user = smart ? r->options->smart_host_user : NULL,
		.password = smart ? r->options->smart_host_password : NULL};

	*ret = (struct connection){.tls = tls, .is_loopback = to->is_loopback};
	(void)snprintf(ret->host, sizeof(ret->host), "%s", to->host);
	(void)snprintf(ret->text, sizeof(ret->text), "%s", to->text);
	return smtp_client_connect(
		(const struct sockaddr *)&to->address, to->len, &client, &ret->client, err);
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

static struct deliver_attempt facts_of(const struct connection *connection, struct arena *arena)
{
	const struct tls_facts *tls = smtp_client_tls(connection->client);
	struct deliver_attempt facts = {.outcome = ATTEMPT_LATER,
		.host = arena_printf(arena, "%s [%s]", connection->host, connection->text),
		.reports_success = smtp_client_has_dsn(connection->client)};

	if (tls == NULL)
		return facts;
	facts.tls_version = arena_str(arena, str_of(tls->version));
	facts.tls_cipher = arena_str(arena, str_of(tls->cipher));
	facts.tls_verified = tls->verified ? STR("yes") : arena_str(arena, str_of(tls->why_not));
	return facts;
}

/* What the next server is to report (RFC 3461) is passed on with mail that others wrote; of our own we want
 * no more than the bounces. */
static void read_dsn(const struct delivery *d, struct arena *arena, struct smtp_client_recipient *recipient)
{
	if (d->kind == DELIVERY_NOTIFICATION)
		return;
	struct str notify = str_of(notify_words(d->dsn_notify, arena));
	if (notify.len && notify.ptr[notify.len - 1] == ',')
		notify.len--;
	recipient->notify = notify;
	recipient->orcpt = d->dsn_original;
}

static void send_over(const struct send_request *r, const struct connection *connection,
	struct compose_source *source, const struct measure *measure, struct arena *arena,
	struct deliver_attempt *attempts)
{
	const struct delivery *d = &r->job->delivery;
	struct smtp_client_recipient *recipients = arena_alloc(arena, r->count * sizeof(*recipients));
	struct deliver_attempt facts = facts_of(connection, arena);
	struct err err = {0};
	struct smtp_client_mail mail = {.sender = d->sender,
		.smtputf8 = d->smtputf8,
		.is_8bit = measure->is_8bit,
		.ret = d->dsn_return == DSN_RETURN_FULL ? STR("FULL")
		       : d->dsn_return			? STR("HDRS")
							: STR_NONE,
		.envid = d->kind == DELIVERY_NOTIFICATION ? STR_NONE : d->dsn_envelope,
		.size = measure->size,
		.content = compose_source_write,
		.content_context = source};

	for (size_t i = 0; i < r->count; i++) {
		recipients[i] = (struct smtp_client_recipient){.address = r->deliveries[i]->recipient};
		read_dsn(r->deliveries[i], arena, &recipients[i]);
	}
	enum result result = smtp_client_send(connection->client, &mail, recipients, r->count, &err);
	for (size_t i = 0; i < r->count; i++) {
		const struct smtp_client_recipient *answer = &recipients[i];
		attempts[i] = facts;
		attempts[i].reply = arena_str(arena, str_of(answer->reply[0] ? answer->reply : err.text));
		if (answer->outcome == SMTP_RECIPIENT_SENT && result == RESULT_OK)
			attempts[i].outcome = ATTEMPT_SENT;
		else if (answer->outcome == SMTP_RECIPIENT_REFUSED)
			attempts[i].outcome = ATTEMPT_REFUSED;
		if (attempts[i].outcome == ATTEMPT_REFUSED)
			attempts[i].status = status_of_reply(attempts[i].reply, arena);
	}
}

/* A connection that is open already, or the first address where a server speaks to us. */
static enum result find_connection(
	const struct send_request *r, const struct hop *hop, struct connection *ret, struct err *err)
{
	struct str destination = r->job->delivery.destination;
	enum result result = err_set(err, RESULT_UNAVAILABLE, "no server to connect to");

	for (size_t i = 0; i < hop->count; i++) {
		bool is_loopback = hop->addresses[i].is_loopback;
		if (connections_take(
			    r->connections, destination, is_loopback, tls_needed(r, is_loopback), ret))
			return RESULT_OK;
	}
	for (size_t i = 0; i < hop->count; i++) {
		const struct hop_address *to = &hop->addresses[i];
		result = connect_to(r, to, tls_needed(r, to->is_loopback), ret, err);
		if (result == RESULT_OK)
			break;
	}
	return result;
}

/* False as send_mail. */
static bool send_by_smtp(const struct send_request *r, struct compose_source *source, struct arena *arena,
	struct deliver_attempt *attempts)
{
	struct str destination = r->job->delivery.destination;
	struct measure measure = {0};
	struct writer counter = {measure_write, &measure};
	struct connection connection;
	struct err err = {0};
	struct hop hop;
	char server[HOP_SERVER_BYTES];

	enum result result = resolve_destination(r->options->resolver, destination, arena, &hop, &err);
	if (result == RESULT_NOT_FOUND) {
		decide_all(r, attempts,
			&(struct deliver_attempt){.outcome = ATTEMPT_REFUSED,
				.status = status_of_domain(&err),
				.reply = arena_str(arena, str_of(err.text))});
		return true;
	}
	if (result == RESULT_OK) {
		hop_server(&hop, server);
		if (server[0] && !r->enter(r->enter_context, server))
			return false;
		result = compose_source_write(source, &counter, &err);
	}
	if (result == RESULT_OK)
		result = find_connection(r, &hop, &connection, &err);
	if (result != RESULT_OK) {
		/* Whatever the refusal, somebody may mend it until the queue gives up. */
		decide_all(r, attempts,
			&(struct deliver_attempt){
				.outcome = ATTEMPT_LATER, .reply = arena_str(arena, str_of(err.text))});
		return true;
	}
	send_over(r, &connection, source, &measure, arena, attempts);
	connections_put(r->connections, destination, &connection);
	return true;
}

bool send_mail(const struct send_request *request, struct arena *arena, struct deliver_attempt *attempts)
{
	const struct delivery_options *options = request->options;
	struct compose_source source = {&options->texts, request->job, options->flow, request->now};

	if (options->outbox == NULL)
		return send_by_smtp(request, &source, arena, attempts);
	send_to_outbox(request, &source, arena, attempts);
	return true;
}
