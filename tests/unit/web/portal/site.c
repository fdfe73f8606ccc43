#include "tests/unit/unit.h"

#include "tests/unit/web/portal/site.h"

#include "base/clock.h"
#include "flow/accept.h"
#include "flow/administer.h"
#include "mime/header.h"
#include "store/schema.h"
#include "tests/unit/temporary_folder.h"
#include "tests/unit/web/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(expression)                                                                                     \
	do {                                                                                                 \
		struct err err = {0};                                                                        \
		enum result result_ = (expression);                                                          \
		if (result_ != RESULT_OK)                                                                    \
			fail_msg("%s: %s: %s", #expression, result_name(result_), err.text);                 \
	} while (0)

static uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		fail_msg("no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static void open_store(struct site *site)
{
	struct db_config config = {.url = arena_printf(&site->arena, "sqlite:%s/db", site->folder)};
	struct str key = arena_printf(&site->arena, "%s/root.key", site->folder);
	struct str blobs = arena_printf(&site->arena, "%s/blobs", site->folder);

	assert_ok(seal_init());
	mime_init();
	MUST(db_open(&config, &site->db, &err));
	MUST(schema_migrate(site->db, NULL, NULL, &err));
	MUST(root_key_create(key.ptr, &err));
	MUST(root_key_load(key.ptr, &site->root_key, &err));
	MUST(blob_folder_open(blobs.ptr, &site->blobs, &err));
}

static void add_user(struct site *site, const char *address, const char *name, const char *password)
{
	struct actor actor = {.account_id = site->account_id, .origin = STR("test")};
	struct new_user user = {
		.address = str_of(address), .name = str_of(name), .password = str_of(password)};

	MUST(account_add_user(site->flow, &actor, &user, clock_now(), &err));
}

static void make_account(struct site *site)
{
	struct actor actor = {.origin = STR("test")};
	struct new_source source = {.network = STR("127.0.0.1")};
	struct id id;
	int64_t now = clock_now();

	MUST(account_create(site->flow, &actor, STR("acme"), STR("Acme"), now, &site->account_id, &err));
	actor.account_id = site->account_id;
	MUST(account_add_domain(
		site->flow, &actor, STR("acme.example"), STR("127.0.0.1:9"), HOP_TLS_VERIFIED, now, &err));
	MUST(account_add_source(site->flow, &actor, &source, now, &id, &err));
	/* No thread runs here that would let go what waits. */
	MUST(account_set(site->flow, &actor, STR("undo_seconds"), STR("0"), now, &err));
	add_user(site, "alice@acme.example", "Alice Adams", "correct horse battery");
	add_user(site, "bob@acme.example", "Bob Brown", "");
}

void site_start(struct site *site)
{
	static struct portal_listen listen;
	*site = (struct site){.folder = temporary_folder()};

	snprintf(site->certificate, sizeof(site->certificate), "%s/cert.pem", site->folder);
	snprintf(site->key, sizeof(site->key), "%s/key.pem", site->folder);
	make_certificate(site->certificate, site->key, 1);
	open_store(site);
	site->port = free_port();
	site->url = arena_printf(&site->arena, "https://portal.test:%u", site->port);
	struct flow_names names = {.host_name = STR("gateway.acme.example"),
		.portal_url = site->url,
		.return_domain = STR("return.acme.example"),
		.smart_host = STR("127.0.0.1:9"),
		.mail_bytes_max = 20 << 20};
	site->flow = flow_new(&names, site->db, site->blobs, &site->root_key);
	make_account(site);
	listen = (struct portal_listen){arena_printf(&site->arena, "127.0.0.1:%u", site->port).ptr, true};
	struct tls_credentials *credentials;
	MUST(tls_credentials_load(site->certificate, site->key, &credentials, &err));
	struct portal_options options = {.flow = site->flow,
		.listen = &listen,
		.listen_count = 1,
		.credentials = credentials,
		.web_dir = arena_printf(&site->arena, "%s/web", getenv("SEALPOST_SOURCE_DIR")).ptr,
		.portal_url = site->url};
	MUST(portal_start(&options, &site->portal, &err));
	tls_credentials_unref(credentials);
}

void site_stop(struct site *site)
{
	portal_stop(site->portal, 5000);
	flow_free(site->flow);
	blob_store_close(site->blobs);
	db_close(site->db);
	arena_done(&site->arena);
}

struct id site_mail(struct site *site, const char *recipient, struct str mail)
{
	cleanup(arena_done) struct arena arena = {0};
	struct intake_peer peer = {
		.address = STR("127.0.0.1"), .helo = STR("mail.acme.example"), .protocol = STR("ESMTP")};
	struct intake_envelope envelope = {.sender = STR("alice@acme.example")};
	struct intake_recipient to = {.address = str_of(recipient)};
	struct intake_sources sources;
	struct intake *intake = NULL;
	struct id id;
	int64_t now = clock_now();

	MUST(intake_sources_of_address(site->flow, peer.address, &arena, &sources, &err));
	MUST(intake_begin(site->flow, &peer, &sources, &envelope, now, &intake, &err));
	MUST(intake_recipient(intake, &to, &err));
	MUST(intake_data_begin(
		intake, STR("Received: by test; Mon, 1 Jan 2024 00:00:00 +0000\r\n"), now, &err));
	MUST(intake_data(intake, mail, &err));
	MUST(intake_end(intake, now, &id, &err));
	intake_free(intake);
	return id;
}

struct newest {
	enum delivery_kind kind;
	struct str recipient;
	struct arena *arena;
	struct delivery found;
};

static enum result find_newest(struct tx *tx, void *context, struct err *err)
{
	struct newest *n = context;
	struct delivery *rows;
	size_t count;

	n->found = (struct delivery){0};
	TRY(delivery_list(tx, (struct id){0}, true, 1000, n->arena, &rows, &count, err));
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == n->kind && str_equal(rows[i].recipient, n->recipient) &&
			rows[i].created_at >= n->found.created_at)
			n->found = rows[i];
	return RESULT_OK;
}

static struct delivery newest(struct site *site, enum delivery_kind kind, const char *recipient)
{
	struct newest query = {.kind = kind, .recipient = str_of(recipient), .arena = &site->arena};

	MUST(db_read(site->db, find_newest, &query, &err));
	if (id_is_none(query.found.id))
		fail_msg("nothing was queued for %s", recipient);
	return query.found;
}

struct id site_link(struct site *site, const char *recipient)
{
	return newest(site, DELIVERY_NOTIFICATION, recipient).copy_id;
}

struct str site_code(struct site *site, const char *recipient)
{
	struct delivery delivery = newest(site, DELIVERY_CODE, recipient);
	cleanup(deliver_job_free_at) struct deliver_job *job = NULL;

	MUST(deliver_open(site->flow, &delivery, clock_now(), &job, &err));
	return arena_str(&site->arena, job->payload);
}
