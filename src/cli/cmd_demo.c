#include "base/clock.h"
#include "base/network.h"
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/setup.h"
#include "flow/accept.h"
#include "flow/administer.h"
#include "mime/build.h"
#include "seal/random.h"
#include "smtp/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_BYTES 10

/* The demonstration: one folder with everything in it. */
struct demo {
	const char *folder;
	const char *web_dir;
	const struct config *config;
	bool is_new;
	enum result made;		    /* the account, when all listens */
	struct err err;			    /* why not */
	char alice[32], bob[32], admin[32]; /* passwords, when it is new */
};

static const char config_text[] =
	"# The demonstration's configuration. No mail leaves this machine: all of it goes to the outbox.\n"
	"host_name = demo.localhost\n"
	"portal_url = \"https://127.0.0.1:8443\"\n"
	"return_domain = return.acme.example\n"
	"database = \"sqlite:sealpost.db\"\n"
	"blobs = blobs\n"
	"root_key = root.key\n"
	"outbox = outbox\n"
	"log_level = warning\n"
	"tls {\n  certificate = certificate.pem\n  key = key.pem\n}\n"
	"listen {\n  smtp = \"127.0.0.1:2525\"\n  https = \"127.0.0.1:8443\"\n}\n";

/* Why a file or folder could not be made, from errno. */
static enum result not_made(const char *path, struct err *err)
{
	enum result result = errno == EACCES || errno == EPERM || errno == EROFS ? RESULT_DENIED
			     : errno == ENOTDIR || errno == EEXIST		 ? RESULT_INVALID
										 : RESULT_UNAVAILABLE;

	return err_set(err, result, "%s: %s; name another folder with --folder", path, strerror(errno));
}

static enum result write_config(const struct demo *demo, const char *file, struct err *err)
{
	char web[PATH_MAX];
	FILE *f = fopen(file, "wxe");

	if (f == NULL)
		return errno == EEXIST ? RESULT_OK : not_made(file, err);
	bool kept = fputs(config_text, f) >= 0;
	if (demo->web_dir && realpath(demo->web_dir, web))
		kept = fprintf(f, "web_dir = \"%s\"\n", web) > 0 && kept;
	kept = fclose(f) == 0 && kept;
	if (kept)
		return RESULT_OK;
	enum result result = not_made(file, err);
	(void)unlink(file); /* half of it would be taken for the whole next time */
	return result;
}

static void new_password(char password[static 32])
{
	uint8_t random[PASSWORD_BYTES];

	random_fill(random, sizeof(random));
	base32_encode(random, sizeof(random), password);
}

static enum result add_user(struct node *node, const struct actor *actor, const char *address,
	const char *name, char password[static 32], bool is_administrator, struct err *err)
{
	new_password(password);
	struct new_user user = {.address = str_of(address),
		.name = str_of(name),
		.password = str_of(password),
		.is_administrator = is_administrator};
	return account_add_user(node->flow, actor, &user, clock_now(), err);
}

static enum result make_account(struct demo *demo, struct node *node, struct err *err)
{
	struct actor actor = {.origin = STR("demo")};
	struct new_source source = {.network = STR("127.0.0.0/8")};
	int64_t now = clock_now();

	enum result made =
		account_create(node->flow, &actor, STR("acme"), STR("Acme"), now, &actor.account_id, err);
	if (made == RESULT_CONFLICT)
		return RESULT_OK; /* from an earlier run */
	TRY(made);
	demo->is_new = true;
	TRY(account_add_domain(
		node->flow, &actor, STR("acme.example"), STR("127.0.0.1:2526"), HOP_TLS_VERIFIED, now, err));
	TRY(account_add_source(node->flow, &actor, &source, now, NULL, err));
	TRY(add_user(node, &actor, "alice@acme.example", "Alice Adams", demo->alice, false, err));
	TRY(add_user(node, &actor, "bob@acme.example", "Bob Brown", demo->bob, false, err));
	return add_user(node, &actor, "admin@acme.example", "Acme Administrator", demo->admin, true, err);
}

/* Where mail is handed in. The file is the operator's, who may have chosen another place. */
static const char *smtp_place(const struct demo *demo)
{
	const struct config_list *list = &demo->config->listen_smtp;

	return list->count ? list->items[0] : "nowhere";
}

static void print_ready(const struct demo *demo)
{
	(void)printf("\nSealpost is running.\n\n"
		     "  Portal  %s  (the certificate was made here: your browser will ask)\n"
		     "  SMTP    %s\n"
		     "  Outbox  %s  (a Maildir; no mail leaves this machine)\n\n",
		demo->config->portal_url, smtp_place(demo),
		demo->config->outbox ? demo->config->outbox : "none");
	if (demo->is_new)
		(void)printf("  Sign in as  alice@acme.example  password %s\n"
			     "              bob@acme.example    password %s\n"
			     "              admin@acme.example  password %s\n\n",
			demo->alice, demo->bob, demo->admin);
	else
		(void)printf("  The accounts and passwords of the first run still hold; by code you always "
			     "get in.\n\n");
	(void)printf("Send a secure message yourself:\n"
		     "  swaks --server %s --from alice@acme.example --to dave@partner.example \\\n"
		     "        --h-Subject 'Offer [secure]' --body 'Only for you.'\n"
		     "  Its notification is printed here and lies in the outbox; the link in it opens the "
		     "portal.\n\n",
		smtp_place(demo));
	(void)fflush(stdout);
}

/* The part of the portal that the link in a mail leads to; NULL: to none of its own. */
static const char *linked_part(const struct delivery *d)
{
	switch (d->kind) {
	case DELIVERY_NOTIFICATION:
	case DELIVERY_REMINDER:
	case DELIVERY_REQUEST:
	case DELIVERY_TOO_LARGE:
		return "m";
	case DELIVERY_RECEIPT:
	case DELIVERY_UNREAD:
	case DELIVERY_ADDRESS_DENIED:
		return id_is_none(d->copy_id) ? NULL : "message";
	default:
		return NULL;
	}
}

/* One line for every mail: to whom, what, and the link or the code in it. */
static void print_sent(void *context, const struct deliver_job *job)
{
	const struct demo *demo = context;
	const struct delivery *d = &job->delivery;
	const char *part = linked_part(d);

	(void)printf("mail to %.*s: %s", STR_ARG(d->recipient), delivery_kind_name(d->kind));
	if (d->kind == DELIVERY_CODE)
		(void)printf(", code %.*s", STR_ARG(str_sub(job->payload, 0, LIMIT_CODE_DIGITS)));
	if (part)
		(void)printf(", link %s/%s/%s", demo->config->portal_url, part, id_text(d->copy_id).s);
	(void)printf("\n");
	(void)fflush(stdout);
}

static enum result put_content(void *context, const struct writer *out, struct err *err)
{
	const struct buf *mail = context;

	return writer_write(out, buf_str(mail), err);
}

static enum result build_first(struct buf *mail, struct err *err)
{
	static const char file[] =
		"Offer for the new site\r\n\r\nPrice: 42,000\r\nValid until: 31 December\r\n";
	cleanup(arena_done) struct arena arena = {0};
	struct bytes bytes = {(const uint8_t *)file, sizeof(file) - 1};
	struct mime_address to = {STR("Carol Clark"), STR("carol@partner.example")};
	struct mime_file attached = {STR("offer.txt"), STR("text/plain"), reader_of_bytes(&bytes)};
	int64_t now = clock_now();
	struct mime_draft draft = {.from = {STR("Alice Adams"), STR("alice@acme.example")},
		.to = &to,
		.to_count = 1,
		.subject = STR("Offer for the new site [secure]"),
		.message_id = arena_printf(&arena, "%s@acme.example", id_text(id_new(now)).s),
		.date = now,
		.text = STR("Hello Carol,\r\n\r\nhere is our offer for the new site, as we discussed. It is "
			    "only for"
			    " you.\r\n\r\nBest regards\r\nAlice\r\n"),
		.files = &attached,
		.file_count = 1,
		.boundary = STR("demo")};
	struct writer out = writer_of_buf(mail);

	return mime_build(&draft, &out, err);
}

/* The first secure message, handed in by SMTP like any other. */
static enum result send_first(const struct demo *demo, struct err *err)
{
	cleanup(buf_done) struct buf mail = buf_new(64 * 1024);
	cleanup(smtp_client_free_at) struct smtp_client *client = NULL;
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct host_port place;
	uint64_t port;
	struct smtp_client_options options = {.helo = "demo.localhost", .tls = SMTP_CLIENT_TLS_NONE};
	struct smtp_client_recipient recipient = {.address = STR("carol@partner.example")};

	TRY(build_first(&mail, err));
	if (!host_port_parse(str_of(smtp_place(demo)), &place) ||
		inet_pton(AF_INET, place.host, &address.sin_addr) != 1 ||
		!str_to_uint(str_of(place.port), UINT16_MAX, &port))
		return err_set(err, RESULT_INVALID, "no IPv4 address to hand it in at");
	address.sin_port = htons((uint16_t)port);
	struct smtp_client_mail send = {.sender = STR("alice@acme.example"),
		.size = mail.len,
		.content = put_content,
		.content_context = &mail};
	TRY(smtp_client_connect((const struct sockaddr *)&address, sizeof(address), &options, &client, err));
	TRY(smtp_client_send(client, &send, &recipient, 1, err));
	return recipient.outcome == SMTP_RECIPIENT_SENT
		       ? RESULT_OK
		       : err_set(err, RESULT_UNAVAILABLE, "%s", recipient.reply);
}

static void when_ready(void *context, struct node *node)
{
	struct demo *demo = context;
	struct err err = {0};

	/* Not before all listens: who cannot start would have passwords that nobody was shown. */
	demo->made = make_account(demo, node, &demo->err);
	if (demo->made != RESULT_OK) {
		(void)raise(SIGTERM);
		return;
	}
	print_ready(demo);
	if (!demo->is_new)
		return;
	(void)printf("Alice now writes to carol@partner.example, who has never heard of Sealpost:\n");
	(void)fflush(stdout);
	if (send_first(demo, &err) != RESULT_OK)
		(void)fprintf(stderr, "sealpost: the first mail: %s\n", err.text);
}

/* The folder and those above it. */
static enum result make_folders(const char *path, struct err *err)
{
	cleanup(mem_free_at) char *copy = mem_strdup(path);

	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		bool last = *p == '\0';
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return not_made(copy, err);
		if (last)
			return RESULT_OK;
		*p = '/';
	}
}

static enum result run_demo(struct demo *demo, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	const char *file = arena_printf(&arena, "%s/sealpost.conf", demo->folder).ptr;
	struct run_hooks hooks = {.ready = when_ready, .sent = print_sent, .context = demo};
	cleanup(config_free_at) struct config *config = NULL;
	struct node node;

	TRY(make_folders(demo->folder, err));
	TRY(write_config(demo, file, err));
	TRY(config_load(file, &config, err));
	demo->config = config;
	TRY(setup_node(config, err));
	TRY(node_open(file, true, &node, err));
	enum result result = run_node(&node, &hooks, err);
	node_close(&node);
	TRY(result);
	*err = demo->err;
	return demo->made;
}

int cmd_demo(int argc, char **argv)
{
	struct demo demo = {.folder = "var/demo"};
	const struct option_row rows[] = {
		{"folder", "FOLDER", "where the demonstration lives (var/demo)", &demo.folder, NULL},
		{"web-dir", "FOLDER", "templates, styles and languages", &demo.web_dir, NULL}};
	struct options options = {
		.usage = "demo [--folder FOLDER] [--web-dir FOLDER]", .rows = rows, .count = 2};
	struct err err = {0};
	int code = options_read(&options, argc, argv, 0, 0);

	return code >= 0 ? code : exit_with(run_demo(&demo, &err), &err);
}
