#include "cli/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "build_config.h"
#include "cli/leaving.h"
#include "cli/logo.h"
#include "delivery/worker.h"
#include "flow/destroyed.h"
#include "flow/destruction_file.h"
#include "flow/expire.h"
#include "flow/keep_house.h"
#include "flow/receipt.h"
#include "flow/remind.h"
#include "flow/summary.h"
#include "smtp/server.h"
#include "web/portal/portal.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOPIC "node"
/* How long what is in hand may take to finish after SIGTERM. */
#define STOP_MS (10 * MS_SECOND)
#define HOUSE_SECONDS 5

struct running {
	struct node *node;
	const struct config *config;
	struct tls_credentials *credentials;
	struct tls_trust *trust;
	struct smtp_server *smtp;
	struct template_set *notifications;
	struct languages *languages;
	struct outbox *outbox;
	struct resolver *resolver;
	struct delivery_workers *delivery;
	struct leaving *leaving;
	struct portal *portal;
	char smart_host_password[256];
	char node_name[HOST_NAME_MAX + PATH_MAX + 2];
	int64_t blobs_swept_at;
	int64_t memory_given_back_at;
	bool told_of_log, told_of_list;
};

static enum result load_texts(struct running *r, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const char *web = r->config->web_dir;

	TRY(template_set_load(arena_printf(&arena, "%s/notifications", web).ptr, &r->notifications, err));
	TRY(languages_load(arena_printf(&arena, "%s/languages", web).ptr, &r->languages, err));
	return RESULT_OK;
}

static enum result read_password(struct running *r, struct err *err)
{
	const char *file = r->config->smart_host_password_file;

	if (file == NULL)
		return RESULT_OK;
	FILE *f = fopen(file, "re");
	if (f == NULL || fgets(r->smart_host_password, sizeof(r->smart_host_password), f) == NULL) {
		if (f)
			(void)fclose(f);
		return err_set(
			err, RESULT_INVALID, "%s: no password in it; its first line is the password", file);
	}
	(void)fclose(f);
	r->smart_host_password[strcspn(r->smart_host_password, "\r\n")] = '\0';
	return RESULT_OK;
}

/* Two nodes on one machine have files of their own. */
static void find_node_name(struct running *r)
{
	char machine[HOST_NAME_MAX + 1] = "", file[PATH_MAX];

	if (r->config->node_name) {
		(void)snprintf(r->node_name, sizeof(r->node_name), "%s", r->config->node_name);
		return;
	}
	(void)gethostname(machine, sizeof(machine) - 1);
	const char *path = realpath(r->config->file, file);
	(void)snprintf(r->node_name, sizeof(r->node_name), "%s:%s", machine, path ? path : r->config->file);
}

static enum result start_delivery(struct running *r, const struct run_hooks *hooks, struct err *err)
{
	const struct config *c = r->config;

	if (c->outbox)
		TRY(config_at(c, "outbox", outbox_open(c->outbox, &r->outbox, err), err));
	else
		TRY(config_at(c, c->resolver_anchor ? "resolver.anchor" : "resolver.server",
			resolver_new(
				c->resolver_server, c->resolver_anchor, (int)c->mx_port, &r->resolver, err),
			err));
	TRY(config_at(c, "smart_host.password_file", read_password(r, err), err));
	find_node_name(r);
	struct delivery_options options = {.flow = r->node->flow,
		.texts = {.notifications = r->notifications,
			.languages = r->languages,
			.zones = r->node->zones,
			.host_name = str_of(c->host_name),
			.portal_url = str_of(c->portal_url),
			.return_domain = str_of(c->return_domain)},
		.outbox = r->outbox,
		.resolver = r->resolver,
		.trust = r->trust,
		.smart_host_verified = strcmp(c->smart_host_tls, "verified") == 0,
		.smart_host_user = c->smart_host_user,
		.smart_host_password = r->smart_host_password,
		.workers = (int)c->delivery_workers,
		.per_destination = (int)c->deliveries_per_destination,
		.node = str_of(r->node_name),
		.is_only_node = db_kind(r->node->db) == DB_SQLITE,
		.silence_ms = c->node_silence_seconds * MS_SECOND,
		.sent = hooks->sent,
		.sent_context = hooks->context};
	return delivery_start(&options, &r->delivery, err);
}

static enum result start_smtp(struct running *r, struct err *err)
{
	const struct config *c = r->config;
	struct smtp_server_options options = {.flow = r->node->flow,
		.host_name = c->host_name,
		.limits = {.sessions = (int)c->smtp_sessions,
			.sessions_per_network = (int)c->smtp_sessions_per_network,
			.strangers = (int)c->smtp_strangers,
			.mails_per_session = (int)c->smtp_mails_per_session,
			.recipients = (int)c->smtp_recipients,
			.soft_errors = (int)c->smtp_soft_errors,
			.errors = (int)c->smtp_errors,
			.junk_commands = (int)c->smtp_junk_commands,
			.command_ms = c->smtp_command_seconds * MS_SECOND,
			.stranger_command_ms = c->smtp_stranger_command_seconds * MS_SECOND,
			.handshake_ms = c->smtp_handshake_seconds * MS_SECOND,
			.data_idle_ms = c->smtp_data_idle_seconds * MS_SECOND,
			.data_grace_ms = c->smtp_data_grace_seconds * MS_SECOND,
			.data_rate = c->smtp_data_rate},
		.credentials = r->credentials,
		.accepted = delivery_wake,
		.accepted_context = r->delivery};

	r->smtp = smtp_server_new(&options);
	for (size_t i = 0; i < c->listen_smtp.count; i++)
		TRY(config_at(c, "listen.smtp",
			smtp_server_listen(r->smtp, str_of(c->listen_smtp.items[i]), false, err), err));
	for (size_t i = 0; i < c->listen_smtps.count; i++)
		TRY(config_at(c, "listen.smtps",
			smtp_server_listen(r->smtp, str_of(c->listen_smtps.items[i]), true, err), err));
	return RESULT_OK;
}

static enum result start_portal(struct running *r, struct err *err)
{
	const struct config *c = r->config;
	struct portal_listen listen[2 * CONFIG_LIST_MAX];
	struct str proxies[CONFIG_LIST_MAX];
	size_t count = 0;

	for (size_t i = 0; i < c->listen_https.count; i++)
		listen[count++] = (struct portal_listen){c->listen_https.items[i], true};
	for (size_t i = 0; i < c->listen_http.count; i++)
		listen[count++] = (struct portal_listen){c->listen_http.items[i], false};
	for (size_t i = 0; i < c->trusted_proxies.count; i++)
		proxies[i] = str_of(c->trusted_proxies.items[i]);
	if (count == 0)
		return RESULT_OK;
	struct portal_options options = {.flow = r->node->flow,
		.listen = listen,
		.listen_count = count,
		.credentials = r->credentials,
		.web_dir = c->web_dir,
		.logos = c->logos,
		.portal_url = str_of(c->portal_url),
		.trusted_proxies = proxies,
		.trusted_proxy_count = c->trusted_proxies.count,
		.limits = {.workers = (unsigned)c->http_workers,
			.connections = (unsigned)c->http_connections,
			.connections_per_address = (unsigned)c->http_connections_per_address,
			.waiting = (unsigned)c->http_waiting,
			.idle_s = (unsigned)c->http_idle_seconds,
			.head_ms = c->http_head_seconds * MS_SECOND,
			.grace_ms = c->http_grace_seconds * MS_SECOND,
			.rate = c->http_rate},
		.accepted = delivery_wake,
		.accepted_context = r->delivery};
	enum result result = portal_start(&options, &r->portal, err);
	bool is_port = result == RESULT_CONFLICT || result == RESULT_DENIED;
	const char *listens = c->listen_https.count ? "listen.https" : "listen.http";
	return config_at(c, is_port ? listens : "web_dir", result, err);
}

/* Before anybody can read. */
static enum result destroy_again(const struct running *r, struct err *err)
{
	struct destroyed_again again;
	const char *list = r->config->destructions;

	TRY(config_at(r->config, "destructions", destruction_file_check(list, err), err));
	TRY(destroyed_catch_up(r->node->flow, list, clock_now(), &again, err));
	if (again.keys)
		log_warning(
			TOPIC, "an older database was restored: %zu keys were destroyed again", again.keys);
	if (again.acts)
		log_warning(TOPIC,
			"an older database was restored: %zu recalls, deletions and extensions were done "
			"again",
			again.acts);
	if (again.bad)
		log_warning(TOPIC, "%zu lines of %s are not understood", again.bad, list);
	if (again.is_foreign)
		log_warning(TOPIC, "%s is not the list of this database, or an older one: listing all anew",
			list);
	return RESULT_OK;
}

static enum result start(struct running *r, const struct run_hooks *hooks, struct err *err)
{
	size_t swept = 0;

	const struct config *c = r->config;

	TRY(config_at(c, "web_dir", load_texts(r, err), err));
	TRY(config_at(c, "logos", logo_folder_check(c->logos, !config_sets(c, "logos"), err), err));
	if (c->tls_certificate)
		TRY(config_at(c, "tls.certificate",
			tls_credentials_load(c->tls_certificate, c->tls_key, &r->credentials, err), err));
	TRY(config_at(c, "tls.authorities", tls_trust_load(c->tls_authorities, &r->trust, err), err));
	if (db_kind(r->node->db) == DB_SQLITE) {
		/* The only node: what it swept and took back would be a running one's. */
		enum result locked = blob_lock(r->node->blobs, err);
		if (locked == RESULT_CONFLICT)
			return err_set(err, RESULT_CONFLICT, "this node runs already");
		TRY(locked);
		TRY(blob_sweep(r->node->blobs, &swept, err));
	}
	TRY(destroy_again(r, err));
	TRY(start_delivery(r, hooks, err));
	TRY(leaving_start(r->node->flow, r->delivery, &r->leaving, err));
	TRY(start_smtp(r, err));
	return start_portal(r, err);
}

static int64_t time_left(int64_t deadline)
{
	int64_t left = deadline - clock_monotonic();

	return left > 0 ? left : 0;
}

/* Last in, first out: no more mail comes in before nothing more goes out. All have the same time to finish.
 */
static void stop(struct running *r)
{
	int64_t deadline = clock_monotonic() + STOP_MS;

	delivery_begin_stop(r->delivery);
	smtp_server_stop(r->smtp, STOP_MS);
	portal_stop(r->portal, time_left(deadline));
	leaving_stop(r->leaving);
	delivery_stop(r->delivery, time_left(deadline));
	outbox_close(r->outbox);
	resolver_free(r->resolver);
	tls_trust_free(r->trust);
	tls_credentials_unref(r->credentials);
	languages_free(r->languages);
	template_set_free(r->notifications);
	explicit_bzero(r->smart_host_password, sizeof(r->smart_host_password));
}

/* All edges change together, or none does. */
static void reload(struct running *r)
{
	const struct config *c = r->config;
	struct tls_credentials *fresh;
	struct err err = {0};

	if (c->tls_certificate == NULL)
		return;
	if (tls_credentials_load(c->tls_certificate, c->tls_key, &fresh, &err) != RESULT_OK) {
		log_error(TOPIC, "the certificate stays as it was: %s", err.text);
		return;
	}
	smtp_server_set_credentials(r->smtp, fresh);
	if (r->portal)
		portal_set_credentials(r->portal, fresh);
	tls_credentials_unref(r->credentials);
	r->credentials = fresh;
	log_info(TOPIC, "the certificate was read again");
}

/* So that a backup which is restored later does not bring them back. */
static void list_destroyed(struct running *r)
{
	struct err err = {0};
	bool failed = destroyed_list(r->node->flow, r->config->destructions, &err) != RESULT_OK;

	if (failed && !r->told_of_list)
		log_error(TOPIC, "destroyed keys are not listed: %s", err.text);
	r->told_of_list = failed;
}

static void wipe_keys(struct running *r, int64_t now)
{
	struct err err = {0};
	bool log_ended;

	enum result result = expire_wipe_keys(r->node->flow, now, &log_ended, &err);
	if (result != RESULT_OK && result != RESULT_BUSY)
		log_warning(TOPIC, "wiping destroyed keys: %s", err.text);
	if (!log_ended && !r->told_of_log)
		log_warning(TOPIC, "the database does not let us end its log, which keeps destroyed keys "
				   "for a while: see docs/security.md");
	r->told_of_log = r->told_of_log || !log_ended;
}

/* Tells people what has become of messages, since the last time. */
static void tell_people(struct running *r, int64_t now)
{
	struct err err = {0};
	size_t receipts = 0, reminders = 0, summaries = 0;

	if (receipt_send(r->node->flow, now, &receipts, &err) != RESULT_OK)
		log_warning(TOPIC, "receipts: %s", err.text);
	if (remind_send(r->node->flow, now, &reminders, &err) != RESULT_OK)
		log_warning(TOPIC, "reminders: %s", err.text);
	if (summary_send(r->node->flow, now, &summaries, &err) != RESULT_OK)
		log_warning(TOPIC, "daily mails: %s", err.text);
	if (receipts + reminders + summaries > 0)
		delivery_wake(r->delivery);
}

static void keep_house_now(struct running *r)
{
	struct err err = {0};
	int64_t now = clock_now();
	size_t count;

	if (keep_house(r->node->flow, now, &err) != RESULT_OK)
		log_warning(TOPIC, "housekeeping: %s", err.text);
	if (expire_messages(r->node->flow, now, &err) != RESULT_OK)
		log_warning(TOPIC, "expiry: %s", err.text);
	list_destroyed(r);
	wipe_keys(r, now);
	tell_people(r, now);
	if (now - r->memory_given_back_at >= MS_MINUTE) {
		r->memory_given_back_at = now;
		mem_give_back();
	}
	if (now - r->blobs_swept_at < MS_DAY)
		return;
	r->blobs_swept_at = now;
	if (keep_house_blobs(r->node->flow, now, &count, &err) != RESULT_OK)
		log_warning(TOPIC, "sweeping blobs: %s", err.text);
	else if (count)
		log_info(TOPIC, "deleted %zu blobs that no message knows", count);
}

/* Signals are taken here only; the house is kept in between. */
static void wait_for_end(struct running *r, const sigset_t *signals)
{
	struct timespec pause = {.tv_sec = HOUSE_SECONDS};

	for (;;) {
		int which = sigtimedwait(signals, NULL, &pause);
		if (which == SIGTERM || which == SIGINT)
			return;
		if (which == SIGHUP)
			reload(r);
		if (which < 0 && errno == EAGAIN)
			keep_house_now(r);
	}
}

static enum log_level level_of(const char *name)
{
	return strcmp(name, "debug") == 0     ? LOG_LEVEL_DEBUG
	       : strcmp(name, "info") == 0    ? LOG_LEVEL_INFO
	       : strcmp(name, "warning") == 0 ? LOG_LEVEL_WARNING
					      : LOG_LEVEL_ERROR;
}

enum result run_node(struct node *node, const struct run_hooks *hooks, struct err *err)
{
	struct running running = {.node = node, .config = node->config};
	sigset_t signals;

	mem_keep_large_blocks();
	if (node->config->web_dir == NULL)
		node->config->web_dir = SEALPOST_WEB_DIR;
	log_set_level(level_of(node->config->log_level));
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	enum result result = start(&running, hooks, err);
	if (result == RESULT_OK) {
		log_info(TOPIC, "ready");
		if (hooks->ready)
			hooks->ready(hooks->context, node);
		wait_for_end(&running, &signals);
		log_info(TOPIC, "stopping");
	}
	stop(&running);
	if (result == RESULT_OK)
		list_destroyed(&running);
	return result;
}
